import { type QualifiedName, quoteIdentifier, quoteQualified } from '../identifiers';
import { type Statement, sql } from '../statement';
import { type RowFilter, rowFilterSql } from '../table-selection';

/** How one column's values are compared: `send` names the function that gives their bytes; without it, as text. */
export interface ComparedColumn {
  readonly name: string;
  readonly send?: string;
}

/** The part of a table whose rows are summed up. */
export interface DigestScope {
  readonly table: QualifiedName;
  /** Whether the rows of tables that inherit from it are left out, as they are tables of their own. */
  readonly only: boolean;
  /** In the same order on both servers. */
  readonly columns: readonly ComparedColumn[];
  /** Conditions that a row must meet; none for all rows. */
  readonly rowFilters: readonly RowFilter[];
}

/** How many rows there are, and a number that depends on all of them and not on their order. */
export interface Digest {
  readonly rows: string;
  /** Null without rows. */
  readonly checksum: string | null;
}

/**
 * Prepares a session that digests: the same value has the same text on every server and every major, a policy is an
 * error instead of missing rows, and each table is read by one process, so that the load is what the caller chose.
 */
export const DIGEST_SESSION: Statement = sql(
  Object.entries({
    DateStyle: "'ISO, YMD'",
    IntervalStyle: "'postgres'",
    TimeZone: "'UTC'",
    bytea_output: "'hex'",
    extra_float_digits: '1',
    lc_monetary: "'C'",
    quote_all_identifiers: 'off',
    search_path: 'pg_catalog',
    row_security: 'off',
    max_parallel_workers_per_gather: '0',
    jit: 'off',
  })
    .map(([name, value]) => `SET ${name} = ${value}`)
    .join('; '),
);

/**
 * Counts and sums up the rows of `scope` in one pass and constant memory. Gives a {@link Digest}.
 *
 * What is hashed are representations, since equality hides differences: `1.0` and `1.00` are equal numerics. A row's
 * hash is hashed once more: `hash_record_extended` is a linear combination of its columns' hashes, and the sum of such
 * hashes stays the same when two rows exchange their values in one column (tried). The bytes of its result are hashed
 * and not the bigint, of which the hash function keeps only 32 bits. The sum, unlike an exclusive or, counts
 * duplicates.
 */
export function digestSql({ table, only, columns, rowFilters }: DigestScope): Statement {
  const row = `pg_catalog.hash_record_extended(ROW(${columns.map(representation).join(', ')}), 0)`;
  const where = rowFilters.length > 0 ? ` WHERE ${rowFilterSql(rowFilters)}` : '';
  return sql(
    `SELECT pg_catalog.count(*) AS rows, pg_catalog.sum(pg_catalog.hash_record_extended(ROW(pg_catalog.int8send(${row})), 0)) AS checksum FROM ${only ? 'ONLY ' : ''}${quoteQualified(table)}${where}`,
  );
}

// The text of a row with one column, since a cast to text may be a function that somebody wrote, and `char(n)` loses
// its blanks by it; in a row, NULL and '' differ too.
function representation({ name, send }: ComparedColumn): string {
  const column = quoteIdentifier(name);
  return send === undefined ? `ROW(${column})::text` : `${send}(${column})`;
}
