import type { PlainRecord, StackIdentity, TemplateResource } from '../assembly';
import type { ResourceOutcome } from './resource-player';

/** A resource of a stack that was made, or recorded as not played. */
export interface PlayedResource {
  readonly resource: TemplateResource;
  /** Evaluated properties; of a custom resource, with every scalar as a string. */
  readonly properties: PlainRecord;
  /** Undefined for a type that is not played. */
  readonly outcome: ResourceOutcome | undefined;
  /** Whether the attributes are secret. */
  readonly noEcho: boolean;
  /** Logical ids of the resources that had to be there before it. */
  readonly dependencies: ReadonlySet<string>;
}

/** What a stack holds between operations. */
export interface StackState {
  readonly identity: StackIdentity;
  /** Name of the stack in which this one is nested. */
  readonly parent: string | undefined;
  readonly resources: Map<string, PlayedResource>;
  outputs: ReadonlyMap<string, unknown>;
  exports: ReadonlyMap<string, unknown>;
  /** Names of other stacks' exports that this stack uses. */
  imports: ReadonlySet<string>;
}

/** Status of a stack after an operation, in CloudFormation's words. */
export type StackStatus =
  | 'CREATE_COMPLETE'
  | 'UPDATE_COMPLETE'
  | 'DELETE_COMPLETE'
  | 'DELETE_FAILED'
  | 'ROLLBACK_COMPLETE'
  | 'ROLLBACK_FAILED'
  | 'UPDATE_ROLLBACK_COMPLETE'
  | 'UPDATE_ROLLBACK_FAILED';

/** One thing that happened to a resource. */
export interface StackEvent {
  readonly stackName: string;
  readonly logicalId: string;
  readonly type: string;
  readonly action: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly status: 'IN_PROGRESS' | 'COMPLETE' | 'FAILED' | 'SKIPPED';
  readonly physicalId: string | undefined;
  /** Why it failed or was skipped. */
  readonly reason: string | undefined;
  /** Duration; 0 for `IN_PROGRESS` and `SKIPPED`. */
  readonly seconds: number;
}

/** How an operation on a stack ended. */
export interface StackResult {
  readonly stackName: string;
  readonly status: StackStatus;
  /** What failed first; undefined if nothing did. */
  readonly reason: string | undefined;
  readonly events: readonly StackEvent[];
  /** Logical ids of the resources that nothing played, by CloudFormation type; see {@link notPlayedIn}. */
  readonly notPlayed: Readonly<Record<string, readonly string[]>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Resources that exist but no longer belong to the stack: retained, or not deletable. */
  readonly leftBehind: readonly LeftBehind[];
}

/** A resource that an operation left behind. */
export interface LeftBehind {
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
  readonly reason: string;
}

/** A stack without resources. */
export function emptyStack(identity: StackIdentity, parent: string | undefined): StackState {
  return {
    identity,
    parent,
    resources: new Map(),
    outputs: new Map(),
    exports: new Map(),
    imports: new Set(),
  };
}

/**
 * Logical ids of the resources that nothing plays, by type; those of nested stacks have the
 * nested stack's logical id before them.
 */
export function notPlayedIn(
  state: StackState,
  stacks: ReadonlyMap<string, StackState>,
): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, string[]> = {};
  const visit = (one: StackState, prefix: string): void => {
    const { stackName } = one.identity;
    for (const { resource, outcome } of one.resources.values()) {
      if (outcome !== undefined) continue;
      found[resource.type] = [...(found[resource.type] ?? []), `${prefix}${resource.logicalId}`];
    }
    for (const nested of stacks.values()) {
      if (nested.parent !== stackName) continue;
      visit(nested, `${prefix}${nested.identity.stackName.slice(stackName.length + 1)}/`);
    }
  };
  visit(state, '');
  return found;
}
