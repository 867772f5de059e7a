import type { CloudAssembly } from './assembly';
import type { Chain } from './chain';
import type { Findings, Rehearsed } from './findings';
import type { RecordedMigration } from './migration';
import type { Recorder } from './recorder';
import type { Workspace } from './servers';

/** What every rehearsal works with, and where it writes down what it finds. */
export interface CommonContext {
  /** Rows of sample data, about. */
  readonly rows: number;
  /** Whether writers are switched, where the stack has a state machine for it. */
  readonly cutover: boolean;
  /** Ends the rehearsal early. */
  readonly signal?: AbortSignal;
  readonly recorder: Recorder;
  readonly findings: Findings;
  readonly rehearsed: Rehearsed;
  readonly workspace: Workspace;
}

/** The same, where one server's changes go to another. */
export interface RehearsalContext extends CommonContext {
  readonly chain: Chain;
}

/** The same, for a migration of a synthesized stack. */
export interface StackContext extends RehearsalContext {
  readonly assembly: CloudAssembly;
  readonly migration: RecordedMigration;
}
