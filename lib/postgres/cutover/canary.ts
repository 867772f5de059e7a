import { quoteQualified } from '../identifiers';
import { CANARY_TABLE } from '../objects';
import { type Statement, sql } from '../statement';
import { SLOT_LOST_BY } from './slot-loss';

const TABLE = quoteQualified(CANARY_TABLE);

/**
 * Writes the canary. In a session whose commits wait for the disk, a position that is read afterwards lies behind every
 * commit that was acknowledged before, also behind those that did not wait.
 */
export function writeCanary(migration: string, mark: string): Statement {
  return sql(
    `INSERT INTO ${TABLE} (migration, mark, written_at) VALUES ($1, $2, pg_catalog.clock_timestamp()) ON CONFLICT (migration) DO UPDATE SET mark = EXCLUDED.mark, written_at = EXCLUDED.written_at`,
    [migration, mark],
  );
}

/** The end of everything that was written to the log so far. */
export function logEnd(): Statement {
  return sql('SELECT pg_catalog.pg_current_wal_insert_lsn()::text AS lsn');
}

/** Asks whether the canary with `mark` is there. */
export function canaryArrived(migration: string, mark: string): Statement {
  return sql(`SELECT EXISTS (SELECT FROM ${TABLE} WHERE migration = $1 AND mark = $2) AS arrived`, [
    migration,
    mark,
  ]);
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
