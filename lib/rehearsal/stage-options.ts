import type { RecordedMigration } from './migration';
import type { Recorder } from './recorder';
import type { Server, Workspace } from './servers';

/** What a stage is set up for. */
export interface StageOptions {
  readonly workspace: Workspace;
  readonly migration: RecordedMigration;
  readonly recorder: Recorder;
  /** The name of the target in the topology. */
  readonly target: string;
  /** Told before the standby is taken away. */
  readonly onStandbyEnd: (server: Server) => Promise<void>;
  /** Ends what runs here; nothing is invoked any more. */
  readonly signal?: AbortSignal;
  /** Told of the first failure of each rule that runs a function on a schedule. */
  readonly onScheduleFailure: (rule: string, reason: string) => void;
  /** Told of each line that the handler writes. */
  readonly onLog: (line: string) => void;
}
