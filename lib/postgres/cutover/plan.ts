import type { DmsTransformation } from '../dms';
import { nameProblem } from '../identifiers';
import type { PublisherAddress } from '../objects';
import type { TableSelection } from '../table-selection';
import { LinkKind } from '../topology';

/** One direction in which changes flow during a migration. */
export interface ReplicationPath {
  /** How they travel. */
  readonly kind: LinkKind.NATIVE | LinkKind.DMS | LinkKind.PGLOGICAL;
  /** The server whose slot is read: the writer itself, or a standby of it. */
  readonly decoder: string;
  /** The slot. */
  readonly slotName: string;
  /** The subscription on the receiver; DMS has none. */
  readonly subscription?: string;
  /** The publication on the writer, or the replication set of PGLOGICAL; DMS has none. */
  readonly publication?: string;
  /** Where the receiver's server finds the decoder, for a subscription that the cutover creates. */
  readonly publisher?: PublisherAddress;
  /** The login with which AWS DMS writes on the receiver. */
  readonly writer?: string;
  /** The part of the tables that travels this way, if they were dealt out to several; its canary is one of its own. */
  readonly part?: string;
}

/** How long and how far a cutover may go. */
export interface CutoverLimits {
  /** Milliseconds from the fence to the opening; when they are spent, everything is undone. */
  readonly budgetMs: number;
  /**
   * Milliseconds of them for the final comparison of rows: tables that can be read as a whole in that time. Small tables
   * that must be compared then, since they were truncated or written anew after their comparison, may take longer, up to
   * half of what is left of the budget; what is small is reckoned by this too, at 10 kB a millisecond and 50 kB for each
   * table. In a table that is not compared then, nothing shows what an administrator or a superuser wrote on the new
   * writer since its comparison: nobody may write there before the opening.
   */
  readonly verificationMs: number;
  /** Bytes of WAL that the new writer may lie behind before the fence. */
  readonly lagBytes: number;
  /** Seconds that a transaction may have been open before the fence. */
  readonly transactionSeconds: number;
  /** Values by which sequences are moved ahead. */
  readonly sequenceMargin: number;
}

/** A cutover from one writer to another: plain data, without addresses of the servers and without secrets. */
export interface CutoverPlan {
  /** What tells this migration from others on the same servers. */
  readonly migration: string;
  /** The old writer. */
  readonly from: string;
  /** The new writer. */
  readonly to: string;
  /** What is replicated, compared and carried over. */
  readonly selection: TableSelection;
  /**
   * What AWS DMS calls things on the new writer, and what it leaves out. Only without a way back.
   *
   * @default - everything keeps its name
   */
  readonly transformations?: readonly DmsTransformation[];
  /** The way from the old writer to the new one: one path, or several side by side that share the tables. */
  readonly forward: readonly ReplicationPath[];
  /** The way back; undefined if the user declared that there is none. */
  readonly reverse?: readonly ReplicationPath[];
  /** Roles that may connect to a fenced server, by server: the migration's own logins, and read-only roles. */
  readonly keep: { readonly [server: string]: readonly string[] };
  /**
   * What logins of applications are called on the new writer, by their names on the old one, where they differ. Whoever
   * switches clients gives them the other name too.
   *
   * @default - they are called alike
   */
  readonly logins?: { readonly [login: string]: string };
  readonly limits: CutoverLimits;
  /**
   * Whether the user declared that rows need not be compared before the fence.
   *
   * @default false
   */
  readonly skipVerification?: boolean;
}

/**
 * The longest that a budget, and what is bounded by it, may last: a day. Timers do not count much further, and a longer
 * one would end at once.
 */
export const LONGEST_BUDGET_MS = 86_400_000;

/** Limits unless others are given. */
export const CUTOVER_LIMITS: CutoverLimits = {
  budgetMs: 30_000,
  verificationMs: 100,
  lagBytes: 16 * 1024 * 1024,
  transactionSeconds: 10,
  sequenceMargin: 1_000,
};

/** Whether pglogical carries a way of `plan`. */
export function usesPglogical({ forward, reverse = [] }: CutoverPlan): boolean {
  return [...forward, ...reverse].some(({ kind }) => kind === LinkKind.PGLOGICAL);
}

/** The same migration in the other direction. Undefined without a way back. */
export function rollbackOf(plan: CutoverPlan): CutoverPlan | undefined {
  const { from, to, forward, reverse, logins, ...rest } = plan;
  if (reverse === undefined) return undefined;
  const names = Object.entries(logins ?? {}).map(([here, there]) => [there, here]);
  return {
    ...rest,
    from: to,
    to: from,
    forward: reverse,
    reverse: forward,
    ...(logins === undefined ? {} : { logins: Object.fromEntries(names) }),
  };
}

/** What is wrong with the property `what` that has `logins`, which a rollback reads the other way round. */
export function loginsProblems(
  logins: { readonly [login: string]: string },
  what: string,
): readonly string[] {
  const names = Object.values(logins);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  return [
    ...Object.entries(logins).flatMap(
      ([login, name]) => nameProblem(name, `${what}.${login}`) ?? [],
    ),
    ...(twice === undefined
      ? []
      : [
          `'${what}' must give each login another name on the new writer, got "${twice}" twice; correct one`,
        ]),
  ];
}
