import { type Statement, sql } from '../statement';
import { OWN_SCHEMA } from '../table-selection';
import type { ClosedAccess } from './fence';
import type { CutoverPlan } from './plan';

/** What cannot be observed: who fenced, until when, and who could connect before. Kept on the fenced server. */
export interface JournalEntry {
  readonly migration: string;
  /** The server that is fenced, by its name in the topology. */
  readonly from: string;
  readonly to: string;
  /** Who runs the cutover. */
  readonly owner: string;
  /** Whether the deadline has passed, by the server's clock. */
  readonly expired: boolean;
  /** Milliseconds until the deadline, by the server's clock; negative once it has passed. */
  readonly remainingMs: number;
  /** Milliseconds from the fence to the opening, or until now if none is known, by the server's clock. */
  readonly closedMs: number;
  /** Who could connect before the fence, and whom it let in. */
  readonly connectBefore: ClosedAccess;
  /** Where the log ended when the last session of an application had gone; null before. */
  readonly quietSince: string | null;
  /** Whether the new writer may have been opened: from then on nothing lifts the fence but a rollback. */
  readonly decided: boolean;
  /** Whether the new writer is known to be open. */
  readonly opened: boolean;
  /** Whether the fence was lifted by an undo that has not ended yet: the old writer is open again. */
  readonly lifted: boolean;
}

const TABLE = `${OWN_SCHEMA}.cutover`;

/** A fence may have been put up by an earlier release, which did not note whom it let in. */
const CONNECT_BEFORE = `'{"given": []}'::jsonb || connect_before AS "connectBefore"`;

/** Makes the journal, in the schema of the ledger. */
export function createJournal(): Statement {
  return sql(
    `CREATE TABLE IF NOT EXISTS ${TABLE} (migration text PRIMARY KEY, from_server text NOT NULL, to_server text NOT NULL, owner text NOT NULL, fenced_at timestamptz NOT NULL, deadline timestamptz NOT NULL, connect_before jsonb NOT NULL, quiet_since pg_lsn, decided_at timestamptz, opened_at timestamptz, lifted_at timestamptz)`,
  );
}

/** Asks whether there is a journal. */
export function journalExists(): Statement {
  return sql(`SELECT pg_catalog.to_regclass('${TABLE}') IS NOT NULL AS exists`);
}

/** Asks for the entry of a migration. */
export function findJournal(migration: string): Statement {
  return sql(
    `SELECT migration, from_server AS "from", to_server AS "to", owner, deadline <= pg_catalog.clock_timestamp() AS expired, (extract(epoch FROM deadline - pg_catalog.clock_timestamp()) * 1000)::float8 AS "remainingMs", (extract(epoch FROM coalesce(opened_at, pg_catalog.clock_timestamp()) - fenced_at) * 1000)::float8 AS "closedMs", ${CONNECT_BEFORE}, quiet_since::text AS "quietSince", decided_at IS NOT NULL AS decided, opened_at IS NOT NULL AS opened, lifted_at IS NOT NULL AS lifted FROM ${TABLE} WHERE migration = $1`,
    [migration],
  );
}

/** The other migrations with an entry here: one database has one access list, and so one fence. */
export function fencesOfOthers(migration: string): Statement {
  return sql(`SELECT migration AS name FROM ${TABLE} WHERE migration <> $1 ORDER BY 1 LIMIT 1`, [
    migration,
  ]);
}

/** Keeps other fences out until the transaction ends. */
export function lockJournal(): Statement {
  return sql(`LOCK TABLE ${TABLE} IN SHARE ROW EXCLUSIVE MODE`);
}

/** Writes the entry, in the transaction of the fence. What was there before an earlier try is kept. */
export function writeJournal(
  { migration, from, to, limits }: CutoverPlan,
  owner: string,
  { connect, grantable, given }: ClosedAccess,
): Statement {
  return sql(
    `INSERT INTO ${TABLE} (migration, from_server, to_server, owner, fenced_at, deadline, connect_before) VALUES ($1, $2, $3, $4, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp() + $5 * interval '1 millisecond', $6) ON CONFLICT (migration) DO NOTHING`,
    [migration, from, to, owner, limits.budgetMs, JSON.stringify({ connect, grantable, given })],
  );
}

/** Remembers from where on the log may hold nothing but ours; the first such place counts. */
export function markQuiet(migration: string): Statement {
  return sql(
    `UPDATE ${TABLE} SET quiet_since = coalesce(quiet_since, pg_catalog.pg_current_wal_insert_lsn()) WHERE migration = $1 RETURNING quiet_since::text AS since`,
    [migration],
  );
}

/** Decides that the new writer opens, unless the deadline has passed: no row then. Nothing lifts the fence afterwards. */
export function decide(migration: string, owner: string): Statement {
  return sql(
    `UPDATE ${TABLE} SET decided_at = coalesce(decided_at, pg_catalog.clock_timestamp()) WHERE migration = $1 AND owner = $2 AND lifted_at IS NULL AND (decided_at IS NOT NULL OR deadline > pg_catalog.clock_timestamp()) RETURNING migration`,
    [migration, owner],
  );
}

/** Takes the decision back, for a new writer that refused to open. */
export function undecide(migration: string, owner: string): Statement {
  return sql(
    `UPDATE ${TABLE} SET decided_at = NULL WHERE migration = $1 AND owner = $2 AND opened_at IS NULL`,
    [migration, owner],
  );
}

/** Remembers that the new writer is open. */
export function markOpened(migration: string): Statement {
  return sql(
    `UPDATE ${TABLE} SET opened_at = coalesce(opened_at, pg_catalog.clock_timestamp()) WHERE migration = $1`,
    [migration],
  );
}

/** Hands the entry to another owner. */
export function takeOver(migration: string, owner: string): Statement {
  return sql(`UPDATE ${TABLE} SET owner = $2 WHERE migration = $1`, [migration, owner]);
}

/**
 * Notes that the fence is lifted, in the transaction that does so. No row if there is none, if it is lifted already, or
 * if a decision forbids it.
 */
export function abandonJournal(migration: string): Statement {
  return sql(
    `UPDATE ${TABLE} SET lifted_at = pg_catalog.clock_timestamp() WHERE migration = $1 AND decided_at IS NULL AND lifted_at IS NULL RETURNING ${CONNECT_BEFORE}`,
    [migration],
  );
}

/** Forgets the entry of a fence that was lifted, once everything else is taken back too. */
export function forgetJournal(migration: string): Statement {
  return sql(`DELETE FROM ${TABLE} WHERE migration = $1 AND lifted_at IS NOT NULL`, [migration]);
}

/** Forgets the entry, in the transaction that opens the server again. No row if the server was never fenced. */
export function closeJournal(migration: string): Statement {
  return sql(`DELETE FROM ${TABLE} WHERE migration = $1 RETURNING ${CONNECT_BEFORE}`, [migration]);
}

/**
 * Has the session's commits wait for the disk, whatever the server says: a crash that lost a decision, or the opening
 * that followed it, would leave both writers open, or none.
 */
export function waitForDisk(): Statement {
  return sql('SET synchronous_commit = on');
}

/** Holds the right to walk, for as long as the session lives; false if another session has it. */
export function takeWalkLock(migration: string): Statement {
  return sql(
    `SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended($1, 727274)) AS taken`,
    [`${OWN_SCHEMA} cutover ${migration}`],
  );
}

/** Who holds the right to walk. */
export function whoWalks(migration: string): Statement {
  return sql(
    `SELECT a.application_name AS name, a.pid FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) AND (l.classid::bigint << 32 | l.objid::bigint) = pg_catalog.hashtextextended($1, 727274)`,
    [`${OWN_SCHEMA} cutover ${migration}`],
  );
}
