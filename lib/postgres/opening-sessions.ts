import { type Statement, sql } from './statement';

/** What every session holds, in any database, from before its right to connect is looked at until it can be seen. */
const ENTERING =
  "pg_catalog.pg_locks l WHERE l.locktype = 'object' AND l.classid = 'pg_catalog.pg_database'::pg_catalog.regclass AND l.granted AND l.pid <> pg_catalog.pg_backend_pid()";

/**
 * Sessions that nothing shows yet. Asked behind a change of who may connect, they may have been let in before it, and those
 * that come later are refused.
 */
export function openingSessions(): Statement {
  return sql(
    `SELECT DISTINCT l.pid FROM ${ENTERING} AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.pid = l.pid AND a.datname IS NOT NULL)`,
  );
}

/** Which of `pids` are not there yet. The others are gone, or shown from now on. */
export function stillOpening(pids: readonly number[]): Statement {
  return sql(`SELECT DISTINCT l.pid FROM ${ENTERING} AND l.pid = ANY ($1::int[])`, [pids]);
}
