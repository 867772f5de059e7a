import type { Scene } from './scene';
import type { Workload } from './workload';

/** One act of a rehearsal: a phase of the report. */
export interface Act<On extends Scene = Scene> {
  /** What the phase is called in the report. */
  readonly name: string;
  /** What people read. */
  readonly title: string;
  /** Plays it. Whatever it throws ends the rehearsal: the stack is deleted, and the act stands there as failed. */
  play(scene: On, workload: Workload): Promise<void>;
}
