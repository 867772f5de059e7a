import type { FileAsset, PlainRecord, StackIdentity } from '../assembly';

/** What a player is asked to make, update or delete. */
export interface ResourceRequest {
  readonly stack: StackIdentity;
  readonly logicalId: string;
  /** CloudFormation type. */
  readonly type: string;
  /** Evaluated properties: those that the player asked for. */
  readonly properties: PlainRecord;
  /** Assets that the template can refer to by bucket and key. */
  readonly assets: readonly FileAsset[];
}

/** A resource that exists after a player ran. */
export interface ResourceOutcome {
  readonly physicalId: string;
  /**
   * What `Ref` gives.
   * @default - the physical id
   */
  readonly reference?: unknown;
  /** What `Fn::GetAtt` gives, by attribute. */
  readonly attributes: PlainRecord;
}

/** Plays the resources of one CloudFormation type on this machine. */
export interface ResourcePlayer {
  /**
   * Properties that are evaluated, so that nobody has to give values for the others.
   * @default - all
   */
  readonly uses?: readonly string[];
  readonly create: (request: ResourceRequest) => Promise<ResourceOutcome>;
  /**
   * Updates in place; a different physical id means that the old one is deleted in the clean-up.
   * @default - the resource is replaced: made anew, and the old one deleted in the clean-up
   */
  readonly update?: (
    request: ResourceRequest,
    previous: ResourceOutcome,
  ) => Promise<ResourceOutcome>;
  /** @default - nothing is left to delete */
  readonly delete?: (request: ResourceRequest, current: ResourceOutcome) => Promise<void>;
}

/** Players by CloudFormation type. A type without one is reported as not played. */
export type ResourcePlayers = Readonly<Record<string, ResourcePlayer>>;
