import { type QualifiedName, quoteQualified } from '../identifiers';
import { type Statement, sql } from '../statement';

/** Tables in which AWS DMS keeps changes that it could not apply, and whether the session may read them. */
export function exceptionTables(): Statement {
  return sql(
    `SELECT schemaname AS schema, relname AS name, pg_catalog.has_table_privilege(relid, 'SELECT') AS readable, n_live_tup::float8 AS "rowsAbout" FROM pg_catalog.pg_stat_all_tables WHERE relname = 'awsdms_apply_exceptions' ORDER BY 1`,
  );
}

/** Counts what is in one of them. */
export function countExceptions(table: QualifiedName): Statement {
  return sql(`SELECT count(*)::float8 AS rows FROM ${quoteQualified(table)}`);
}

/** The partitions of a partitioned table that rows are kept in. */
export function partitionsOf(table: QualifiedName): Statement {
  return sql(
    'SELECT n.nspname AS schema, c.relname AS name FROM pg_catalog.pg_partition_tree($1::pg_catalog.regclass) t JOIN pg_catalog.pg_class c ON c.oid = t.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE t.isleaf AND t.level > 0 ORDER BY 1, 2',
    [quoteQualified(table)],
  );
}
