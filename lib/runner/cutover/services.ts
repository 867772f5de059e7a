import type { ClientBase } from 'pg';
import type { CutoverPlan, CutoverStep, SecretStore, TableSelection } from '../../postgres';

/** What clients connect to. */
export interface SwitchedEndpoint {
  /** The server that clients are sent to, by its name in the topology. */
  active(): Promise<string>;
  /** Sends clients to `server`; doing so twice changes nothing. */
  activate(server: string): Promise<void>;
}

/** An AWS DMS task, for a path that DMS runs. */
export interface ReplicationTask {
  /** Asks for the stop unless the task has stopped, and returns as soon as the service has accepted it. */
  requestStop(): Promise<void>;
  /** Returns once the task has stopped. */
  untilStopped(): Promise<void>;
  /** Starts the task where it stopped, once a stop that is under way has ended; nothing if it runs. */
  resume(): Promise<void>;
}

/** Compares rows for as long as it is given, and says what differs. */
export type FinalComparison = (request: {
  readonly source: string;
  readonly target: string;
  readonly selection: TableSelection;
  readonly budgetMs: number;
}) => Promise<{
  /** Tables that were compared and are the same. */
  readonly same: number;
  /** Tables that the time did not suffice for. */
  readonly left: number;
  /** What differs, a sentence a table. */
  readonly differences: readonly string[];
}>;

/** What happens in a walk, as it happens. */
export type CutoverEvent =
  | { readonly kind: 'step'; readonly step: CutoverStep; readonly atMs: number }
  | { readonly kind: 'done'; readonly step: CutoverStep; readonly tookMs: number }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'undo'; readonly reason: string };

/** What a walk works with. */
export interface CutoverServices {
  /** An open session on each server of the plan, by its name in the topology. */
  readonly sessions: ReadonlyMap<string, ClientBase>;
  readonly secrets: SecretStore;
  /** Where clients are sent from. Without one, somebody else switches them. */
  readonly endpoint?: SwitchedEndpoint;
  /** The task, if a path is run by AWS DMS. */
  readonly task?: ReplicationTask;
  /** Compares rows behind the fence. Without it nothing is compared there. */
  readonly compare?: FinalComparison;
  /** Told what happens. What it throws ends the walk as a failure of the step. */
  readonly onEvent?: (event: CutoverEvent) => void | Promise<void>;
}

/** Who walks, and what. */
export interface CutoverRequest {
  readonly plan: CutoverPlan;
  /** Who runs it: a person with a host, or the execution of a state machine. The same owner may go on after a failure. */
  readonly owner: string;
  /**
   * Whether a walk that another owner left behind may be taken over.
   *
   * @default false
   */
  readonly takeOver?: boolean;
}
