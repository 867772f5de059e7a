import { CfnMapping, CfnParameter, CfnResource, Stack } from 'aws-cdk-lib';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';

/** A synthesized template. */
export interface BareTemplate {
  readonly Resources: Readonly<
    Record<
      string,
      {
        readonly Type: string;
        readonly Properties?: Record<string, unknown>;
        readonly DependsOn?: string | string[];
      }
    >
  >;
  readonly Parameters?: Readonly<
    Record<string, { readonly Type: string; readonly Default: string }>
  >;
  readonly Mappings?: Readonly<Record<string, Record<string, Record<string, string>>>>;
}

/**
 * The resources of a synthesized migration copied out, each into a CfnResource with the same
 * properties, references and dependencies. It is the least that synthesis can take: no construct derives anything.
 */
export class BareStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { template, code }: { readonly template: BareTemplate; readonly code: string },
  ) {
    super(scope, id, { analyticsReporting: false });
    new Asset(this, 'Code', { path: code });
    for (const [name, { Type: type, Default }] of Object.entries(template.Parameters ?? {}))
      if (name !== 'BootstrapVersion') new CfnParameter(this, name, { type, default: Default });
    for (const [name, mapping] of Object.entries(template.Mappings ?? {}))
      new CfnMapping(this, name, { mapping });
    const made = new Map(
      Object.entries(template.Resources).map(([name, { Type: type, Properties: properties }]) => [
        name,
        new CfnResource(this, name, { type, ...(properties === undefined ? {} : { properties }) }),
      ]),
    );
    for (const [name, { DependsOn = [] }] of Object.entries(template.Resources)) {
      for (const needed of [DependsOn].flat()) {
        const resource = made.get(needed);
        if (resource !== undefined) made.get(name)?.addResourceDependency(resource);
      }
    }
  }
}
