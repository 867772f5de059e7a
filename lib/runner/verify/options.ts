import type {
  Connection,
  DmsTransformation,
  QualifiedName,
  SecretStore,
  TableSelection,
} from '../../postgres';
import type { VerifyProgress } from './progress';
import type { TableVerification } from './result';
import type { VerificationState } from './state';

/** What to compare, and how hard to work at it. */
export interface VerifyOptions {
  /** The server that the rows come from. */
  readonly source: Connection;
  /** The server that they must have come to. */
  readonly target: Connection;
  readonly secrets: SecretStore;
  /** Which tables, columns and rows. */
  readonly selection: TableSelection;
  /**
   * What things are called on the target, and which columns are left out there.
   *
   * @default - everything has its name from the source
   */
  readonly transformations?: readonly DmsTransformation[];
  /**
   * How many tables are read at a time, each by one session on each server.
   *
   * @default 2
   */
  readonly concurrency?: number;
  /**
   * Milliseconds for which rows that differ are looked at again after their table was read, as changes may still be on
   * their way. 0 where nobody writes and the target has confirmed the source's last position: one look decides there.
   *
   * @default 10000
   */
  readonly settleMs?: number;
  /**
   * Resolves when the target has everything that was committed on the source before the call. With it, rows that
   * differ are proven to differ, or not, without waiting for `settleMs` to pass.
   *
   * @default - nobody knows where the target is
   */
  readonly caughtUp?: () => Promise<void>;
  /**
   * Milliseconds for all tables together. What was not compared by then is *unchecked*.
   *
   * @default - no limit
   */
  readonly budgetMs?: number;
  /**
   * Milliseconds for one table, which is *unchecked* if that is not enough.
   *
   * @default - no limit
   */
  readonly tableTimeoutMs?: number;
  /**
   * The tables that are compared first, in this order. With a budget the others follow from small to big, so that
   * most are compared; without, from big to small, so that all are done soonest.
   *
   * @default - none
   */
  readonly first?: readonly QualifiedName[];
  /**
   * The share of its time that a session works, more than 0 and at most 1; it pauses for the rest.
   *
   * @default 1
   */
  readonly load?: number;
  /**
   * About how many rows one statement reads, at most twice as many, for tables with a key by which both servers sort
   * alike.
   *
   * @default 50000, and all of them where settleMs is 0 and load is 1, as one pass is fastest
   */
  readonly chunkRows?: number;
  /**
   * What an earlier run found, to go on from. Tables that were the same are not compared again.
   *
   * @default - everything is compared
   */
  readonly resume?: VerificationState;
  /**
   * Ends the verification with the signal's reason, after the statements that are under way.
   *
   * @default - nothing ends it
   */
  readonly signal?: AbortSignal;
  /**
   * Called with each table's result as soon as it is known.
   *
   * @default - nobody is told before the end
   */
  readonly onTable?: (result: TableVerification) => void;
  /**
   * Called after each statement with how far it is.
   *
   * @default - nobody is told
   */
  readonly onProgress?: (progress: VerifyProgress) => void;
  /**
   * Called about every second, and at the end, with what `resume` takes: plain JSON for the caller to store.
   *
   * @default - an interrupted verification begins anew
   */
  readonly onState?: (state: VerificationState) => void;
}
