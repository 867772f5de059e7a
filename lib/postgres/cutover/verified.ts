import { type QualifiedName, quoteQualified } from '../identifiers';
import { type Statement, sql } from '../statement';
import { OWN_SCHEMA, selectionSql, type TableSelection } from '../table-selection';
import type { StreamIdentity } from './stream';

const TABLE = `${OWN_SCHEMA}.verification`;

/** Makes the place where the new writer remembers what was compared. */
export function createVerification(): Statement {
  return sql(
    `CREATE TABLE IF NOT EXISTS ${TABLE} (migration text PRIMARY KEY, stream jsonb NOT NULL, state jsonb NOT NULL, results jsonb NOT NULL, at timestamptz NOT NULL)`,
  );
}

/** Whether anything was compared yet. */
export function verificationExists(): Statement {
  return sql(`SELECT pg_catalog.to_regclass('${TABLE}') IS NOT NULL AS exists`);
}

/** What was compared. No row if nothing was. */
export function findVerification(migration: string): Statement {
  return sql(`SELECT stream, state, results FROM ${TABLE} WHERE migration = $1`, [migration]);
}

/** Begins to remember what is compared along `streams`, and forgets what was compared along others. */
export function beginVerification(
  migration: string,
  streams: readonly StreamIdentity[],
): Statement {
  return sql(
    `INSERT INTO ${TABLE} (migration, stream, state, results, at) VALUES ($1, $2, 'null', '[]', pg_catalog.clock_timestamp()) ON CONFLICT (migration) DO UPDATE SET stream = EXCLUDED.stream, state = EXCLUDED.state, results = EXCLUDED.results, at = EXCLUDED.at`,
    [migration, JSON.stringify(streams)],
  );
}

/**
 * Remembers what was compared, unless a cutover, or another comparison, has made it forgotten meanwhile: then no row
 * says that it is remembered.
 */
export function writeVerification(
  migration: string,
  streams: readonly StreamIdentity[],
  { state, results }: { readonly state: unknown; readonly results: unknown },
): Statement {
  return sql(
    `UPDATE ${TABLE} SET stream = $2, state = $3, results = $4, at = pg_catalog.clock_timestamp() WHERE migration = $1 RETURNING migration`,
    [migration, JSON.stringify(streams), JSON.stringify(state), JSON.stringify(results)],
  );
}

/** Forgets what was compared: from here on the new writer is the one that others follow. */
export function forgetVerification(migration: string): Statement {
  return sql(`DELETE FROM ${TABLE} WHERE migration = $1`, [migration]);
}

/** The tables `c` of the selection in `n`, partitions with what they are part of. */
export function fromSelected(selection: TableSelection): string {
  return `FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p' AND ${selectionSql(selection, 'n.nspname', 'c.relname')}`;
}

/** The selected tables, partitions under their roots. */
export function selectedTables(selection: TableSelection): Statement {
  return sql(
    `SELECT n.nspname AS schema, c.relname AS name, c.relkind = 'p' AS partitioned ${fromSelected(selection)} ORDER BY 1, 2`,
  );
}

/** How much there is to read of `tables`, with their partitions. */
export function bytesOf(tables: readonly QualifiedName[]): Statement {
  return sql(
    'SELECT coalesce(sum(pg_catalog.pg_table_size(t.oid)), 0)::float8 AS bytes FROM pg_catalog.unnest($1::text[]) AS n CROSS JOIN LATERAL (SELECT n::pg_catalog.regclass::pg_catalog.oid UNION SELECT relid FROM pg_catalog.pg_partition_tree(n::pg_catalog.regclass)) AS t (oid)',
    [tables.map(quoteQualified)],
  );
}
