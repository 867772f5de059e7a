import { parseLsn } from '../lsn';
import { type Statement, sql } from '../statement';

/** What tells a stream from a later one of the same names. Numbers are texts: they may not fit into a JavaScript number. */
export interface StreamIdentity {
  /** The receiver's subscription, its slot, and from 18 on its conflicts so far; the slot alone for AWS DMS. */
  readonly receiver: string;
  /** When the statistics of the slot were set to 0: a slot that is made anew has no such time. */
  readonly stamp: string;
  /** Transactions that the slot has decoded, which only grow while it is the same. */
  readonly transactions: string;
  /** What the slot has confirmed. */
  readonly position: string;
  /** How often the receiver's subscription has met an error; undefined where nobody counts. */
  readonly errors?: string;
}

/** What a server counts of `s`, as XML, since what there is differs: none before 15. */
const COUNTED = `pg_catalog.query_to_xml(CASE WHEN pg_catalog.to_regclass('pg_catalog.pg_stat_subscription_stats') IS NULL THEN 'SELECT 1' ELSE 'SELECT * FROM pg_catalog.pg_stat_subscription_stats WHERE subid = ' || s.oid END, false, false, '')::text`;

/**
 * How many changes of `s` met rows that were not as they had left them: whoever gets a subscription past one skips a whole
 * transaction. Servers before 18 do not count them, nor any that somebody else’s origin makes.
 */
const CONFLICTS = `(SELECT ' ' || pg_catalog.sum(m[1]::bigint) FROM pg_catalog.regexp_matches(${COUNTED}, '<confl_(?!\\w*origin)\\w+>(\\d+)<', 'g') AS m)`;

const ERRORS = `pg_catalog."substring"(${COUNTED}, '<apply_error_count>(\\d+)<')`;

/** What a subscription is, and what it reads. No row if there is none. */
export function subscriptionReceiver(name: string): Statement {
  return sql(
    `SELECT pg_catalog.format('%s %s%s', s.oid, s.subslotname, ${CONFLICTS}) AS receiver, ${ERRORS} AS errors FROM pg_catalog.pg_subscription s WHERE s.subname = $1 AND s.subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
    [name],
  );
}

/** What PostgreSQL remembers of one slot and forgets with it, asked on the decoder. No row if it is gone. */
export function slotIdentity(slotName: string): Statement {
  return sql(
    `SELECT coalesce(extract(epoch FROM t.stats_reset)::text, '') AS stamp, coalesce(t.total_txns, 0)::text AS transactions, s.confirmed_flush_lsn::text AS position FROM pg_catalog.pg_replication_slots s LEFT JOIN pg_catalog.pg_stat_replication_slots t ON t.slot_name = s.slot_name WHERE s.slot_name = $1`,
    [slotName],
  );
}

/** Whether the session may stamp slots, which only superusers may unless it was granted to others. */
export function mayStampSlots(): Statement {
  return sql(
    `SELECT pg_catalog.has_function_privilege('pg_catalog.pg_stat_reset_replication_slot(text)', 'EXECUTE') AS may`,
  );
}

/** Marks a slot by the time at which its statistics are set to 0. */
export function stampSlot(slotName: string): Statement {
  return sql('SELECT pg_catalog.pg_stat_reset_replication_slot($1)', [slotName]);
}

/** Whether each stream of `now` is the one that it was `then`, and so has left nothing out in between. */
export function unbroken(then: readonly StreamIdentity[], now: readonly StreamIdentity[]): boolean {
  return then.length === now.length && then.every((one, index) => goesOn(one, now[index]));
}

/**
 * Whether any stream of `then` has met an error since, past which somebody may have got it without a whole transaction.
 * Most are connections that broke, which lose nothing, and no server tells these from others. Servers before 15 count none.
 */
export function metErrors(
  then: readonly StreamIdentity[],
  now: readonly StreamIdentity[],
): boolean {
  return then.some(({ errors }, index) => errors !== undefined && errors !== now[index]?.errors);
}

/** The streams `now`, whose errors are counted from `then` on. */
export function countingFrom(
  then: readonly StreamIdentity[],
  now: readonly StreamIdentity[],
): readonly StreamIdentity[] {
  return now.map(({ errors: _since, ...stream }, index) => {
    const errors = then[index]?.errors;
    return errors === undefined ? stream : { ...stream, errors };
  });
}

function goesOn(then: StreamIdentity, now: StreamIdentity | undefined): boolean {
  return (
    now !== undefined &&
    then.receiver === now.receiver &&
    then.stamp === now.stamp &&
    BigInt(then.transactions) <= BigInt(now.transactions) &&
    parseLsn(then.position) <= parseLsn(now.position)
  );
}
