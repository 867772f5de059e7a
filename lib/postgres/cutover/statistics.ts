import { type QualifiedName, quoteQualified } from '../identifiers';
import { type Statement, sql } from '../statement';
import { selectionSql, type TableSelection } from '../table-selection';

/**
 * Selected tables of which the planner knows nothing, or a fifth of whose rows changed since it last looked. Nobody looks
 * at a partitioned one but who is told to, and nothing counts its changes: it is told by how many rows its partitions have
 * now, and those are looked at with it.
 */
export function staleStatistics(selection: TableSelection): Statement {
  return sql(
    `WITH seen AS (
  SELECT c.oid, n.nspname AS schema, c.relname AS name, (greatest(pg_catalog.pg_stat_get_last_analyze_time(c.oid), pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid)) IS NULL OR CASE c.relkind WHEN 'r' THEN pg_catalog.pg_stat_get_mod_since_analyze(c.oid) > 1000 + pg_catalog.pg_stat_get_live_tuples(c.oid) / 5 ELSE (SELECT abs(sum(pg_catalog.pg_stat_get_live_tuples(t.relid)) - c.reltuples) > 1000 + sum(pg_catalog.pg_stat_get_live_tuples(t.relid)) / 5 FROM pg_catalog.pg_partition_tree(c.oid) t WHERE t.isleaf) END) AS stale
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND ${selectionSql(selection, 'n.nspname', 'c.relname')}
)
SELECT schema, name FROM seen WHERE stale AND NOT EXISTS (SELECT FROM pg_catalog.pg_partition_ancestors(seen.oid) a JOIN seen above ON above.oid = a.relid AND above.oid <> seen.oid AND above.stale) ORDER BY 1, 2`,
  );
}

/** Has the planner look at a table, and at its partitions. */
export function analyze(table: QualifiedName): Statement {
  return sql(`ANALYZE ${quoteQualified(table)}`);
}
