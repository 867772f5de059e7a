import type { CloudAssembly } from './assembly';
import type { Chain } from './chain';
import type { Findings } from './findings';
import type { RecordedMigration } from './migration';
import type { Recorder } from './recorder';
import type { Workspace } from './servers';

/** What a rehearsal works with, and where it writes down what it finds. */
export interface RehearsalContext {
  /** Rows of sample data, about. */
  readonly rows: number;
  /** Whether writers are switched, where the stack has a state machine for it. */
  readonly cutover: boolean;
  /** Ends the rehearsal early. */
  readonly signal?: AbortSignal;
  readonly recorder: Recorder;
  readonly findings: Findings;
  readonly assembly: CloudAssembly;
  readonly migration: RecordedMigration;
  readonly chain: Chain;
  readonly workspace: Workspace;
}
