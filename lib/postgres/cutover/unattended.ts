import { type Statement, sql } from '../statement';

/** Enabled subscriptions in the current database, without `known` ones. Between two tries of theirs no worker shows. */
export function enabledSubscriptions(known: readonly string[]): Statement {
  return sql(
    'SELECT subname AS name FROM pg_catalog.pg_subscription WHERE subenabled AND subname <> ALL ($1::pg_catalog.name[]) AND subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) ORDER BY 1',
    [known],
  );
}

/**
 * Where pg_cron keeps its jobs: `here` if in the current database, the name of another one in `database`. Only some may
 * read its setting; without it the launcher shows that there is one, and it has its default.
 */
export function whereJobsAre(): Statement {
  return sql(
    `SELECT pg_catalog.to_regclass('cron.job') IS NOT NULL AS here, pg_catalog.current_database() AS current, coalesce(
  CASE WHEN pg_catalog.pg_has_role('pg_read_all_settings', 'USAGE') THEN pg_catalog.current_setting('cron.database_name', true) END,
  (SELECT 'postgres' FROM pg_catalog.pg_stat_activity WHERE backend_type LIKE 'pg_cron%' LIMIT 1)) AS database`,
  );
}

/** Active jobs of pg_cron in `database` that a fence does not stop: those of kept roles, of superusers and of the runner. */
export function unfencedJobs(database: string, keep: readonly string[]): Statement {
  return sql(
    `SELECT coalesce(pg_catalog.to_jsonb(j) ->> 'jobname', j.jobid::text) AS name, j.username AS role FROM cron.job j LEFT JOIN pg_catalog.pg_roles r ON r.rolname = j.username WHERE j.active AND j.database = $1 AND (j.username = current_user OR r.rolsuper OR j.username = ANY ($2::text[])) ORDER BY j.jobid LIMIT 1`,
    [database, keep],
  );
}

/** Whether `cron.job` may have rows that row-level security hides from the session: pg_cron shows everybody their own jobs. */
export function jobsAreHidden(): Statement {
  return sql(
    `SELECT pg_catalog.row_security_active(c.oid) AND pg_catalog.pg_relation_size(c.oid) > 0 AND coalesce((SELECT pg_catalog.bool_or(NOT p.polpermissive) OR NOT pg_catalog.bool_or(pg_catalog.pg_get_expr(p.polqual, p.polrelid) = 'true') FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*') AND EXISTS (SELECT FROM pg_catalog.unnest(p.polroles) r WHERE CASE r WHEN 0 THEN true ELSE pg_catalog.pg_has_role(r, 'USAGE') END)), true) AS hidden FROM (SELECT 'cron.job'::pg_catalog.regclass::pg_catalog.oid AS oid) c`,
  );
}
