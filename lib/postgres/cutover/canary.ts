import { quoteQualified } from '../identifiers';
import { canaryTable } from '../objects';
import { type Statement, sql } from '../statement';
import { SLOT_LOST_BY } from './slot-loss';

/**
 * Writes the canary, in one transaction to the tables of all `parts`. In a session whose commits wait for the disk, a
 * position that is read afterwards lies behind every commit that was acknowledged before, also behind those that did
 * not wait.
 */
export function writeCanary(
  migration: string,
  mark: string,
  parts: readonly (string | undefined)[] = [undefined],
): Statement {
  const inserts = parts.map(
    (part) =>
      `INSERT INTO ${tableOf(part)} (migration, mark, written_at) VALUES ($1, $2, pg_catalog.clock_timestamp()) ON CONFLICT (migration) DO UPDATE SET mark = EXCLUDED.mark, written_at = EXCLUDED.written_at`,
  );
  const before = inserts.slice(0, -1).map((insert, index) => `part_${index} AS (${insert})`);
  const last = inserts.slice(-1);
  return sql([...(before.length === 0 ? [] : [`WITH ${before.join(', ')}`]), ...last].join(' '), [
    migration,
    mark,
  ]);
}

/** The end of everything that was written to the log so far. */
export function logEnd(): Statement {
  return sql('SELECT pg_catalog.pg_current_wal_insert_lsn()::text AS lsn');
}

/** Asks whether the canary with `mark` is there, the one that travels with `part` if that travels apart. */
export function canaryArrived(migration: string, mark: string, part?: string): Statement {
  return sql(
    `SELECT EXISTS (SELECT FROM ${tableOf(part)} WHERE migration = $1 AND mark = $2) AS arrived`,
    [migration, mark],
  );
}

/** How far a standby has replayed the log. */
export function replayed(lsn: string): Statement {
  return sql(
    `SELECT pg_catalog.pg_last_wal_replay_lsn()::text AS lsn, pg_catalog.pg_last_wal_replay_lsn() >= $1::pg_lsn AS reached`,
    [lsn],
  );
}

/** How far the reader of a slot has confirmed what it got. No row if the slot is gone. */
export function confirmed(slotName: string, lsn: string): Statement {
  return sql(
    `SELECT s.confirmed_flush_lsn::text AS lsn, s.confirmed_flush_lsn >= $2::pg_lsn AS reached, s.active, ${SLOT_LOST_BY} AS "lostBy" FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = $1`,
    [slotName, lsn],
  );
}

function tableOf(part: string | undefined): string {
  return quoteQualified(canaryTable(part));
}
