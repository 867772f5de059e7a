import type { ClientBase } from 'pg';
import type { ObjectSpec } from '../postgres';

/** The connections that a reconcile uses. */
export interface ReconcileClients {
  /** To the server that the object belongs to. */
  readonly client: ClientBase;
  /** To its primary, if the server is a standby: the ledger is written there, and new slots wait for it. */
  readonly primary?: ClientBase;
}

/** What is to be reconciled, and for whom. */
export interface ReconcileRequest {
  /** The server's name in the topology. */
  readonly server: string;
  /** What the server should have. */
  readonly spec: ObjectSpec;
  /** Who answers for the object: only the owner changes or drops it. */
  readonly owner: string;
  /**
   * Identifies the request, so that a second delivery changes nothing.
   *
   * @default - every call is a request of its own
   */
  readonly requestId?: string;
  /**
   * Whether an object that somebody else made may be taken over. It is then changed, but never dropped by us.
   *
   * @default false
   */
  readonly adopt?: boolean;
}

/** What a reconcile did. */
export interface Outcome {
  /** What was done, in order; empty if nothing had to be. */
  readonly steps: readonly string[];
  /** What constructs may refer to. */
  readonly attributes: Readonly<Record<string, string>>;
}
