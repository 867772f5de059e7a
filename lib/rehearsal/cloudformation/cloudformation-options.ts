import type { DynamicReference } from '../assembly';
import type { CallerOptions } from './custom-resource-caller';
import type { ResourcePlayers } from './resource-player';
import type { StackEvent } from './stack-state';

/**
 * Gives the attribute of a resource that nothing played; attribute `Ref` is its reference.
 * Undefined is an error that names the attribute.
 */
export type AttributeTable = (logicalId: string, type: string, attribute: string) => unknown;

/** How CloudFormation is played. */
export interface CloudFormationOptions extends CallerOptions {
  /** @default - every other type is recorded as not played */
  readonly players?: ResourcePlayers;
  /**
   * Which types of custom resources are played by calling their functions; others are recorded as not played.
   * @default - all
   */
  readonly playsCustom?: (type: string) => boolean;
  /** @default - no values */
  readonly attributes?: AttributeTable;
  /**
   * Account of stacks that name none.
   * @default '111111111111'
   */
  readonly account?: string;
  /**
   * Region of stacks that name none.
   * @default 'us-east-1'
   */
  readonly region?: string;
  /**
   * Values of the SSM parameter store, by name.
   * @default - none
   */
  readonly ssmParameters?: Readonly<Record<string, string>>;
  /** @default - no values */
  readonly dynamicReference?: (reference: DynamicReference) => string | undefined;
  /** @default - three zones, named by a, b and c behind the region */
  readonly availabilityZones?: (region: string) => readonly string[];
  /**
   * How many resources are played at once.
   * @default 1
   */
  readonly concurrency?: number;
  /** Told of each thing that happens to a resource. */
  readonly onEvent?: (event: StackEvent) => void;
}
