import { quoteQualified } from '../identifiers';
import { canaryTable } from '../objects';
import { type Statement, sql } from '../statement';
import { OWN_SCHEMA, selectionSql, type TableSelection } from '../table-selection';
import { BECOMES, READ_ONLY, REPLICATES } from './rights';
import { SLOT_LOST_BY } from './slot-loss';

/** What must hold before a writer is fenced. What could not be read is `unchecked`, which is as good as closed. */
export interface Gate {
  /** Stable, for reports and tests. */
  readonly id: string;
  /** What must hold, as people read it. */
  readonly title: string;
  readonly status: 'open' | 'closed' | 'unchecked';
  /** What was found. */
  readonly found: string;
  /** What to do about a gate that is not open. */
  readonly wayOut: string;
}

/**
 * How far the reader of a slot, and the standby that it may read on, lie behind `end` of the writer's log, or why it can
 * read no more, and how much of the log all slots there keep. No row if the slot is gone.
 */
export function slotLag(slotName: string, end: string): Statement {
  return sql(
    `SELECT s.active, ${SLOT_LOST_BY} AS "lostBy", greatest($2::pg_lsn - s.confirmed_flush_lsn, 0)::float8 AS bytes, (SELECT greatest(max($2::pg_lsn - o.restart_lsn), 0) FROM pg_catalog.pg_replication_slots o)::float8 AS kept, CASE WHEN pg_catalog.pg_is_in_recovery() THEN greatest($2::pg_lsn - pg_catalog.pg_last_wal_replay_lsn(), 0) ELSE 0 END::float8 AS "replayBytes" FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = $1`,
    [slotName, end],
  );
}

/** Tables of a subscription that do not stream yet, and whether it is enabled. No row if there is none. */
export function subscriptionProgress(name: string): Statement {
  return sql(
    `SELECT s.subenabled AS enabled, count(r.srrelid)::int AS tables, count(r.srrelid) FILTER (WHERE r.srsubstate NOT IN ('r', 's'))::int AS waiting FROM pg_catalog.pg_subscription s LEFT JOIN pg_catalog.pg_subscription_rel r ON r.srsubid = s.oid WHERE s.subname = $1 GROUP BY s.oid, s.subenabled`,
    [name],
  );
}

/** The oldest open transaction of somebody else in the database, in seconds, if it is older than `seconds`. */
export function longTransactions(seconds: number): Statement {
  return sql(
    `SELECT pid, coalesce(usename, '') AS role, extract(epoch FROM pg_catalog.clock_timestamp() - xact_start)::float8 AS seconds FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid() AND backend_type = 'client backend' AND xact_start < pg_catalog.clock_timestamp() - $1 * interval '1 second' ORDER BY xact_start LIMIT 1`,
    [seconds],
  );
}

/**
 * The oldest open transaction of somebody else that has written in any database, if it is older than `seconds`, and the
 * oldest such one that was prepared: a slot is made only once it has ended.
 */
export function longWrites(seconds: number): Statement {
  const old = "pg_catalog.clock_timestamp() - $1 * interval '1 second'";
  return sql(
    `SELECT w.* FROM ((SELECT coalesce(usename, backend_type) AS role, coalesce(datname, '') AS database, pid, NULL AS name, extract(epoch FROM pg_catalog.clock_timestamp() - xact_start)::float8 AS seconds FROM pg_catalog.pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_catalog.pg_backend_pid() AND xact_start < ${old} ORDER BY xact_start LIMIT 1) UNION ALL (SELECT owner, database, NULL, gid, extract(epoch FROM pg_catalog.clock_timestamp() - prepared)::float8 FROM pg_catalog.pg_prepared_xacts WHERE prepared < ${old} ORDER BY prepared LIMIT 1)) w ORDER BY seconds DESC`,
    [seconds],
  );
}

/** Sessions of other superusers in the database, which no fence ends, whoever lists them. */
export function superuserSessions(): Statement {
  return sql(
    `SELECT a.pid, a.usename AS role, coalesce(a.application_name, '') AS application FROM pg_catalog.pg_stat_activity a JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid WHERE a.datname = pg_catalog.current_database() AND a.backend_type = 'client backend' AND r.rolsuper AND a.usename <> current_user ORDER BY a.pid LIMIT 1`,
  );
}

/**
 * One of `logins` that may write to a selected table, or to a column of it, also by SET ROLE, and the table. No row if none
 * may.
 */
export function writingLogins(selection: TableSelection, logins: readonly string[]): Statement {
  return writing(selectionSql(selection, 'n.nspname', 'c.relname'), [logins]);
}

/**
 * The same of every table whose changes can be decoded, selected or not, but those whose names begin with one of `own`:
 * who writes there behind a fence cannot be told from those whom it is to keep out.
 */
export function loggedLogins(logins: readonly string[], own: readonly string[]): Statement {
  return writing(
    "c.relpersistence = 'p' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND pg_catalog.format('%I.%I:', n.nspname, c.relname) NOT LIKE ALL ($2::text[]) AND pg_catalog.has_schema_privilege(l.oid, n.oid, 'USAGE')",
    [logins, own.map((name) => `${name}%`)],
  );
}

function writing(which: string, values: Statement['values']): Statement {
  return sql(
    `SELECT l.rolname AS name, pg_catalog.format('%I.%I', n.nspname, c.relname) AS "table" FROM (SELECT r.rolname, w.oid FROM pg_catalog.pg_roles r JOIN pg_catalog.pg_roles w ON w.oid = r.oid OR NOT r.rolsuper AND pg_catalog.pg_has_role(r.oid, w.oid, 'MEMBER') WHERE r.rolname = ANY ($1::pg_catalog.name[]) AND r.rolname <> current_user OFFSET 0) l CROSS JOIN pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND ${which} AND (pg_catalog.has_any_column_privilege(l.oid, c.oid, 'INSERT, UPDATE') OR pg_catalog.has_table_privilege(l.oid, c.oid, 'DELETE, TRUNCATE')) ORDER BY 1, 2 LIMIT 1`,
    values,
  );
}

/**
 * Whether the session sees what others do, and a login of theirs whose sessions it could not end; no name if it could end
 * all but those of `keep`. Superusers' are nobody's to end.
 */
export function mayEndSessions(keep: readonly string[]): Statement {
  return sql(
    `SELECT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS sees, (SELECT r.rolname FROM pg_catalog.pg_roles r WHERE r.rolcanlogin AND NOT r.rolsuper AND r.rolname <> ALL ($1::pg_catalog.name[]) AND NOT pg_catalog.pg_has_role('pg_signal_backend', 'USAGE') AND NOT pg_catalog.pg_has_role(r.oid, 'USAGE') AND pg_catalog.has_database_privilege(r.oid, pg_catalog.current_database(), 'CONNECT') ORDER BY 1 LIMIT 1) AS name`,
    [keep],
  );
}

/** Names of `roles` that no role has. */
export function missingRoles(roles: readonly string[]): Statement {
  return sql(
    'SELECT name FROM pg_catalog.unnest($1::text[]) AS name WHERE name NOT IN (SELECT rolname FROM pg_catalog.pg_roles) ORDER BY 1',
    [roles],
  );
}

/** Whether the session may become who owns the database, and so change its access list, and write anything at all. */
export function mayFence(): Statement {
  return sql(
    `SELECT pg_catalog.pg_get_userbyid(datdba) AS owner, pg_catalog.pg_has_role(datdba, ${BECOMES}) AS may, NOT pg_catalog.pg_is_in_recovery() AND NOT ${READ_ONLY} AS writes FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()`,
  );
}

/** Whether the session may make slots here, and the server writes what they need. */
export function mayDecode(): Statement {
  return sql(
    `SELECT pg_catalog.current_setting('wal_level') AS level, (SELECT r.rolsuper OR ${REPLICATES} FROM pg_catalog.pg_roles r WHERE r.rolname = current_user) AS may`,
  );
}

/** Whether the ledger is there, and the canary of each of `parts`. */
export function furniture(parts: readonly (string | undefined)[]): Statement {
  return sql(
    `SELECT pg_catalog.to_regclass('${OWN_SCHEMA}.objects') IS NOT NULL AS ledger, (SELECT pg_catalog.bool_and(pg_catalog.to_regclass(name) IS NOT NULL) FROM pg_catalog.unnest($1::text[]) AS name) AS canary`,
    [parts.map((part) => quoteQualified(canaryTable(part)))],
  );
}
