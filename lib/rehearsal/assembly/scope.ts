import type { DynamicReference } from './dynamic-references';
import type { Template } from './template';

/** Who a stack is: what the pseudo parameters say. */
export interface StackIdentity {
  readonly stackName: string;
  /** The stack's ARN. */
  readonly stackId: string;
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
  /** Partition of the region, such as `aws` or `aws-cn`. */
  readonly partition: string;
  /** Domain of the partition's endpoints, such as `amazonaws.com`. */
  readonly urlSuffix: string;
}

/** Everything that a template's intrinsics can ask for. A lookup returns undefined for what has no value. */
export interface Scope {
  readonly identity: StackIdentity;
  readonly template: Template;
  /** Values of parameters, by name; for SSM parameter types, the name in the parameter store. */
  readonly parameters: ReadonlyMap<string, unknown>;
  /** Values in the parameter store, by name. */
  readonly ssmParameters: ReadonlyMap<string, string>;
  /** What `Ref` of a resource gives. */
  readonly reference: (logicalId: string) => unknown;
  /** What `Fn::GetAtt` gives. */
  readonly attribute: (logicalId: string, attribute: string) => unknown;
  /** What another stack exported under `name`. */
  readonly importValue: (name: string) => unknown;
  /** An output of another stack of the same account and region. */
  readonly stackOutput: (stackName: string, outputName: string) => unknown;
  readonly availabilityZones: (region: string) => readonly string[];
  readonly dynamicReference: (reference: DynamicReference) => string | undefined;
}

/**
 * Makes the identity of a stack from its name and place. The stack's id is the same for the
 * same name, so that two runs of a rehearsal are comparable.
 */
export function stackIdentity(stackName: string, account: string, region: string): StackIdentity {
  const china = region.startsWith('cn-');
  const partition = china ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  return {
    stackName,
    stackId: `arn:${partition}:cloudformation:${region}:${account}:stack/${stackName}/00000000-0000-4000-8000-000000000000`,
    region,
    account,
    partition,
    urlSuffix: china ? 'amazonaws.com.cn' : 'amazonaws.com',
  };
}
