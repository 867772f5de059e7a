import { type QualifiedName, quoteQualified } from '../identifiers';
import { type Statement, sql } from '../statement';
import { selectionSql, type TableSelection } from '../table-selection';

/** Selected tables of which the planner knows nothing, or a fifth of whose rows changed since it last looked. */
export function staleStatistics(selection: TableSelection): Statement {
  return sql(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_stat_all_tables s ON s.relid = c.oid WHERE c.relkind = 'r' AND ${selectionSql(selection, 'n.nspname', 'c.relname')} AND (greatest(s.last_analyze, s.last_autoanalyze) IS NULL OR s.n_mod_since_analyze > 1000 + s.n_live_tup / 5) ORDER BY 1, 2`,
  );
}

/** Has the planner look at a table. */
export function analyze(table: QualifiedName): Statement {
  return sql(`ANALYZE ${quoteQualified(table)}`);
}
