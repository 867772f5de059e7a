import { type Statement, sql } from '../statement';

/** One name for all clusters: a server belongs to one, of which operators may name different primaries. */
const KEY = `pg_catalog.hashtextextended('pontoon promotion', 727274)`;

/** What no two sessions share: a process has its number again after a restart. */
const SESSION = `a.pid || ' ' || extract(epoch FROM a.backend_start)`;

/** Takes the right to promote on a server until the session ends, and says which that is; see {@link whoElsePromotes}. */
export function takePromotionLock(): Statement {
  return sql(
    `SELECT pg_catalog.pg_try_advisory_lock(${KEY}) AS taken, ${SESSION} AS session FROM pg_catalog.pg_stat_activity a WHERE a.pid = pg_catalog.pg_backend_pid()`,
  );
}

/** Who else holds the right to promote on a server: there is one for each database that somebody may be connected to. */
export function whoElsePromotes(): Statement {
  return sql(
    `SELECT a.application_name AS name, a.pid, ${SESSION} AS session FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.pid <> pg_catalog.pg_backend_pid() AND (l.classid::bigint << 32 | l.objid::bigint) = ${KEY}`,
  );
}
