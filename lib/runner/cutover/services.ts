import type { ClientBase } from 'pg';
import type {
  Connection,
  CutoverPlan,
  CutoverStep,
  Endpoint,
  EndpointCall,
  QualifiedName,
  SecretStore,
  SubscriptionSql,
} from '../../postgres';

/** What clients connect to. */
export interface SwitchedEndpoint extends Pick<Endpoint, 'untilEverywhere'> {
  /** The server that clients are sent to, by its name in the topology. */
  active(): Promise<string>;
  /** Sends clients to `server`; doing so twice changes nothing. It is given up when the call's signal is aborted. */
  activate(server: string, call?: EndpointCall): Promise<void>;
}

/** An AWS DMS task, for a path that DMS runs. */
export interface ReplicationTask {
  /**
   * Asks for the stop unless the task has stopped, and returns as soon as the service has accepted it. It asks for nothing
   * more once `signal` is aborted.
   */
  requestStop(signal?: AbortSignal): Promise<void>;
  /** Returns once the task has stopped. */
  untilStopped(): Promise<void>;
  /** Starts the task where it stopped, once a stop that is under way has ended; nothing if it runs. */
  resume(): Promise<void>;
  /** How each of its tables is. */
  tables(): Promise<readonly TaskTable[]>;
}

/** A table of a task, by its name on the source. */
export interface TaskTable extends QualifiedName {
  /** In the words of AWS DMS: `Table completed` as long as its changes are applied. */
  readonly state: string;
}

/** How much of what is selected was compared behind the fence. */
export interface FinallyCompared {
  /** Tables that were found to be the same. */
  readonly tables: number;
  /** Tables that are selected; 0 if nothing was to be compared. */
  readonly of: number;
}

/** How a walk ended. */
export interface CutoverOutcome {
  /** Whether this walk opened the new writer, or found it open. */
  readonly result: 'opened' | 'already-open';
  /**
   * Milliseconds from the fence to the opening, as the runner saw them, or as the old writer noted them if an earlier walk
   * opened. Behind the fence of a walk that was cut off they begin with that fence, also if its new writer had been opened
   * a moment before the end of that walk.
   */
  readonly closedMs: number;
  /** What this walk compared behind the fence; the rest was compared before, and its stream has not broken since. */
  readonly compared: FinallyCompared;
}

/** What happens in a walk, as it happens. */
export type CutoverEvent =
  | { readonly kind: 'step'; readonly step: CutoverStep; readonly atMs: number }
  | { readonly kind: 'done'; readonly step: CutoverStep; readonly tookMs: number }
  | { readonly kind: 'note'; readonly text: string }
  /** The new writer is open, whatever becomes of what follows. */
  | { readonly kind: 'opened'; readonly outcome: CutoverOutcome }
  | { readonly kind: 'undo'; readonly reason: string };

/** What a walk works with. */
export interface CutoverServices {
  /** An open session on each server of the plan, by its name in the topology. */
  readonly sessions: ReadonlyMap<string, ClientBase>;
  /**
   * Puts a new session on a server into {@link sessions}, in place of one that broke.
   *
   * @default - what a broken session keeps from being taken back is taken back when the walk is run again
   */
  readonly reopen?: (server: string) => Promise<void>;
  readonly secrets: SecretStore;
  /** Where clients are sent from. Without one, somebody else switches them. */
  readonly endpoint?: SwitchedEndpoint;
  /**
   * How to ask for subscriptions of pglogical: `PGLOGICAL_SUBSCRIPTIONS`, if it carries a path. `addObjectKinds` must have
   * been told of its kinds too.
   */
  readonly pglogical?: SubscriptionSql;
  /** The task, if a path is run by AWS DMS. */
  readonly task?: ReplicationTask;
  /** Where the servers are, for sessions that compare rows. Without them nothing is compared behind the fence. */
  readonly connections?: { readonly [server: string]: Connection };
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
