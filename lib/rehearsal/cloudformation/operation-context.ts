import type { FileAsset } from '../assembly';
import type { ResourceDriver } from './resource-driver';
import type { LeftBehind, StackEvent } from './stack-state';

/** What every operation needs from the rehearsal around it. */
export interface OperationContext {
  readonly driverOf: (type: string) => ResourceDriver;
  readonly assets: readonly FileAsset[];
  /** How many resources are played at once. */
  readonly concurrency: number;
  readonly emit: (event: StackEvent) => void;
  readonly leaveBehind: (left: LeftBehind) => void;
  /** Exports of other stacks that the operation used. */
  readonly imports: ReadonlySet<string>;
  /** Names of the stacks that use an export. */
  readonly usersOf: (exportName: string) => readonly string[];
}
