import { quoteIdentifier, quoteLiteral } from '../identifiers';
import { type Statement, sql } from '../statement';

/** One database of a server, and who may connect to it. */
export interface DatabaseLimit {
  readonly name: string;
  /** How many may be connected; -1 for any number. */
  readonly limit: number;
  /** The limit before it was fenced, or null if it is not. */
  readonly before: number | null;
  /** What {@link noteReplaced} has noted, or null. */
  readonly replaced: string | null;
}

/** Somebody in one of the databases. */
export interface DatabaseSession {
  readonly pid: number;
  readonly role: string;
  readonly application: string;
  readonly database: string;
  readonly kind: string;
  readonly superuser: boolean;
  /** When it was started; null if that is hidden. */
  readonly started: string | null;
}

/** Where the log of a primary is, for the proof that a standby has all of it. */
export interface LogPosition {
  readonly position: string;
  /** Which transactions have ended, prepared ones too: as long as it is the same, nobody has committed. */
  readonly ended: string;
}

/** What a fenced database remembers its limit by: it travels to the standbys with the fence itself. */
const BEFORE = 'pontoon.limit_before';

/** What tells a fence that may be lifted again from that of a primary that was replaced. */
const REPLACED_BY = 'pontoon.replaced_by';

/** What is noted under `name` in the database `d` of a query. */
export function noted(name: string): string {
  return `(
  SELECT substr(setting, ${name.length + 2}) FROM pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) setting
  WHERE s.setdatabase = d.oid AND s.setrole = 0 AND setting LIKE '${name}=%')`;
}

/** Asks for the databases that let sessions in; see {@link DatabaseLimit}. */
export function databaseLimits(): Statement {
  return sql(
    `SELECT d.datname AS name, d.datconnlimit AS "limit", ${noted(BEFORE)}::int AS before, ${noted(REPLACED_BY)} AS replaced
FROM pg_catalog.pg_database d WHERE d.datallowconn AND d.datconnlimit >= -1 ORDER BY 1`,
  );
}

/**
 * Lets nobody but superusers into any database any more. A physical copy is of the whole server, so that one database
 * is not enough. To be run in one transaction.
 */
export function fenceDatabases(databases: readonly DatabaseLimit[]): readonly Statement[] {
  return databases.flatMap(({ name, limit, before, replaced }) => [
    ...(before === null ? [alterDatabase(name, `SET ${BEFORE} = '${limit}'`)] : []),
    ...(replaced === null ? [] : [alterDatabase(name, `RESET ${REPLACED_BY}`)]),
    alterDatabase(name, 'CONNECTION LIMIT 0'),
  ]);
}

/**
 * Notes on a fenced primary of `timeline` that `server` may take writes in its place from now on, so that nobody lifts
 * this fence again. It travels to `server` too, where it means nothing on a later timeline. To be run in one transaction.
 */
export function noteReplaced(
  databases: readonly DatabaseLimit[],
  { server, timeline }: { readonly server: string; readonly timeline: number },
): readonly Statement[] {
  const note = quoteLiteral(`${timeline} ${server}`);
  return databases.map(({ name }) => alterDatabase(name, `SET ${REPLACED_BY} = ${note}`));
}

/** Who may take writes in place of a server, by what it has noted itself. */
export function replacedBy({
  timeline,
  replaced,
}: {
  readonly timeline: number;
  readonly replaced: string | null;
}): string | undefined {
  const before = `${timeline} `;
  return replaced?.startsWith(before) === true ? replaced.slice(before.length) : undefined;
}

/** Lets in again who was let in before the fence. To be run in one transaction. */
export function liftDatabases(databases: readonly DatabaseLimit[]): readonly Statement[] {
  return databases.flatMap(({ name, before }) =>
    before === null
      ? []
      : [
          alterDatabase(name, `CONNECTION LIMIT ${before}`),
          alterDatabase(name, `RESET ${BEFORE}`),
          alterDatabase(name, `RESET ${REPLACED_BY}`),
        ],
  );
}

/** The SQL of whether every database that lets sessions in is fenced, by whomever. */
export const FENCED_SQL =
  '(SELECT pg_catalog.bool_and(datconnlimit = 0) FROM pg_catalog.pg_database WHERE datallowconn AND datconnlimit >= -1)';

/** The SQL of what {@link noteReplaced} has noted in the present database, or null. */
export const REPLACED_SQL = `(SELECT ${noted(REPLACED_BY)} FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())`;

/**
 * Sessions in any database but our own, with the workers of subscriptions and schedulers. What only sends the log, or
 * cleans up, does not count.
 */
export function sessionsInDatabases(): Statement {
  return sql(
    `SELECT a.pid, coalesce(a.usename, '') AS role, coalesce(a.application_name, '') AS application, a.datname AS database, coalesce(a.backend_type, 'client backend') AS kind, coalesce(r.rolsuper, false) AS superuser, a.backend_start::text AS started
FROM pg_catalog.pg_stat_activity a LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
WHERE a.datid IS NOT NULL AND a.pid <> pg_catalog.pg_backend_pid() AND coalesce(a.backend_type, '') NOT IN ('autovacuum worker', 'parallel worker', 'walsender', 'slotsync worker') ORDER BY a.pid`,
  );
}

/** Writes something of ours, so that the log is on disk up to there. */
export function writeMark(): Statement {
  return sql(`SELECT pg_catalog.pg_logical_emit_message(true, 'pontoon', 'promotion')`);
}

/** Asks where the log on disk ends; see {@link LogPosition}. */
export function logPosition(): Statement {
  return sql(
    `SELECT pg_catalog.pg_current_wal_flush_lsn()::text AS position, pg_catalog.pg_current_snapshot()::text AS ended`,
  );
}

/** Changes `database` as `change` says. */
export function alterDatabase(database: string, change: string): Statement {
  return sql(`ALTER DATABASE ${quoteIdentifier(database)} ${change}`);
}
