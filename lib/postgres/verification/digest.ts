import { quoteIdentifier, quoteLiteral, quoteQualified } from '../identifiers';
import { type Statement, sql } from '../statement';
import { rowFilterSql } from '../table-selection';
import type { ComparedColumn, DigestScope, KeyColumn, Piece, RowKey } from './scope';

/** How many rows there are, and a number that depends on all of them and not on their order. */
export interface Digest {
  readonly rows: string;
  /** Null without rows. */
  readonly checksum: string | null;
  /** Of a head, the key of its last row, if keys are whole numbers; null without rows. */
  readonly last?: string | null;
}

/**
 * Prepares a session that digests: the same value has the same text on every server and every major, a policy is an
 * error instead of missing rows, and each table is read by one process, so that the load is what the caller chose.
 */
export const DIGEST_SESSION: Statement = sql(
  Object.entries({
    client_encoding: "'UTF8'",
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
 * Counts and sums up the rows of a piece in one pass and constant memory. Gives a {@link Digest}.
 *
 * What is hashed are representations, since equality hides differences: `1.0` and `1.00` are equal numerics.
 *
 * `hash_record_extended` is a linear combination of its columns' hashes, and the sum of such hashes stays the same when
 * two rows exchange their values in one column (tried). With a key, the key seeds the hash of every column, so that each
 * value is bound to its row. Without one, a row's hash is hashed once more: the bytes of it, since of a bigint the hash
 * function keeps only 32 bits. The sum, unlike an exclusive or, counts duplicates.
 *
 * The hash has 64 bits and is no cryptographic one: of pieces that differ by accident, about one in 2^64 goes unseen;
 * who can choose the rows of both servers can make it more.
 */
export function digestSql(scope: DigestScope, piece: Piece = { kind: 'range' }): Statement {
  const number = piece.kind === 'head' ? numberKey(scope.key) : undefined;
  const last =
    number === undefined ? '' : `, pg_catalog.max(${quoteIdentifier(number.name)})::text AS last`;
  return sql(
    `SELECT pg_catalog.count(*) AS rows, pg_catalog.sum(${summand(scope)}) AS checksum${last}${rowsOf(scope, piece)}`,
  );
}

/** Digests a piece by buckets, `of` of them. Gives rows of `bucket` and its {@link Digest}; none for an empty bucket. */
export function bucketDigestsSql(scope: DigestScope, piece: Piece, of: number): Statement {
  // Behind OFFSET 0 the planner does not take each key for a bucket of its own, and sort the whole table by them.
  return sql(
    `SELECT bucket, pg_catalog.count(*) AS rows, pg_catalog.sum(hash) AS checksum FROM (SELECT ${bucket(scope, of)} AS bucket, ${summand(scope)} AS hash${rowsOf(scope, piece)} OFFSET 0) AS digested GROUP BY bucket`,
  );
}

/** Reads the rows of a piece in the key's order. Gives rows of `key`, the JSON of its texts, and `hash`. */
export function rowHashesSql(scope: DigestScope, piece: Piece): Statement {
  return sql(
    `SELECT ${keyTexts(scope)} AS key, ${rowHash(scope)}::text AS hash${rowsOf(scope, piece)} ORDER BY ${keyNames(scope)}`,
  );
}

/** Finds the key that ends a range of `rows` rows which begins after `after`. Gives no row if there are fewer. */
export function rangeEndSql(
  scope: DigestScope,
  after: RowKey | undefined,
  rows: number,
): Statement {
  const begins = { kind: 'range', ...(after === undefined ? {} : { after }) } as const;
  // Without the row filters, so that a range is never more work than its rows. Texts are made of the last key only.
  const rest = rowsOf({ ...scope, rowFilters: [] }, begins);
  return sql(
    `SELECT ${keyTexts(scope)} AS key FROM (SELECT ${keyNames(scope)}${rest} ORDER BY ${keyNames(scope)} OFFSET ${rows - 1} LIMIT 1) AS last`,
  );
}

/** Whether a digest of a head says where it ends, so that nothing else must look for the end of a range. */
export function saysItsEnd({ key, ordered, rowFilters }: DigestScope): boolean {
  return ordered && rowFilters.length === 0 && numberKey(key) !== undefined;
}

/** What a row adds to a checksum. */
function summand(scope: DigestScope): string {
  return scope.key.length > 0 ? rowHash(scope) : hashOf([`pg_catalog.int8send(${rowHash(scope)})`]);
}

function bucket(scope: DigestScope, of: number): string {
  return `(${keyHash(scope)} & ${of - 1})::int`;
}

function rowHash({ columns, key }: Pick<DigestScope, 'columns' | 'key'>): string {
  if (key.length === 0) return hashOf(columns.map(representation));
  const number = numberKey(key);
  if (number === undefined) return hashOf(columns.map(representation), keyHash({ columns, key }));
  // A whole number is its own seed, and with that seed the hash of its 32 bits is as good as one of all of them.
  const values = columns.map((column) =>
    column.name === number.name ? quoteIdentifier(column.name) : representation(column),
  );
  return hashOf(values, numberOf(number));
}

function keyHash({ columns, key }: Pick<DigestScope, 'columns' | 'key'>): string {
  const number = numberKey(key);
  if (number !== undefined) return hashOf([numberOf(number)]);
  return hashOf(key.map((column) => representation(comparedAs(column, columns))));
}

function numberKey([only, ...others]: readonly KeyColumn[]): KeyColumn | undefined {
  return others.length === 0 && only?.type !== undefined ? only : undefined;
}

function numberOf({ name, type }: KeyColumn): string {
  return `${quoteIdentifier(name)}::${type}`;
}

function comparedAs({ name }: KeyColumn, columns: readonly ComparedColumn[]): ComparedColumn {
  return columns.find((column) => column.name === name) ?? { name };
}

function hashOf(values: readonly string[], seed = '0'): string {
  return `pg_catalog.hash_record_extended(ROW(${values.join(', ')}), ${seed})`;
}

// The text of a row with one column, since a cast to text may be a function that somebody wrote, and `char(n)` loses
// its blanks by it; in a row, NULL and '' differ too. Its bytes, since databases may be in different encodings.
function representation({ name, send, as }: ComparedColumn): string {
  const column = quoteIdentifier(name);
  if (as === 'value') return column;
  if (as === 'bytes-of-text') return `${column} COLLATE pg_catalog."C"`;
  return send === undefined ? `pg_catalog.textsend(ROW(${column})::text)` : `${send}(${column})`;
}

function keyNames({ key }: DigestScope): string {
  return key.map(({ name }) => quoteIdentifier(name)).join(', ');
}

function keyTexts({ key }: DigestScope): string {
  return `pg_catalog.json_build_array(${key.map(({ name }) => `${quoteIdentifier(name)}::text`).join(', ')})::text`;
}

function rowsOf(scope: DigestScope, piece: Piece): string {
  if (piece.kind !== 'head') return fromWhere(scope, piece);
  const { after, rows } = piece;
  const begins = { kind: 'range', ...(after === undefined ? {} : { after }) } as const;
  // Only what is compared: a role may be allowed to read no other columns.
  const names = new Set([...scope.key, ...scope.columns].map(({ name }) => quoteIdentifier(name)));
  return ` FROM (SELECT ${[...names].join(', ')}${fromWhere(scope, begins)} ORDER BY ${keyNames(scope)} LIMIT ${rows}) AS head`;
}

function fromWhere(scope: DigestScope, piece: Exclude<Piece, { kind: 'head' }>): string {
  const conditions = [
    ...pieceConditions(scope, piece),
    ...(scope.rowFilters.length > 0 ? [rowFilterSql(scope.rowFilters)] : []),
  ];
  const where = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : '';
  return ` FROM ${scope.only ? 'ONLY ' : ''}${quoteQualified(scope.table)}${where}`;
}

function pieceConditions(scope: DigestScope, piece: Exclude<Piece, { kind: 'head' }>): string[] {
  const { key } = scope;
  const columns = tuple(key.map(({ name }) => quoteIdentifier(name)));
  const values = (values: RowKey): string =>
    tuple(
      key.map(
        ({ type }, index) =>
          `${quoteLiteral(values[index] ?? '')}${type === undefined ? '' : `::${type}`}`,
      ),
    );
  if (piece.kind === 'keys') return [`${columns} IN (${piece.keys.map(values).join(', ')})`];
  const { after, upTo, buckets } = piece;
  return [
    ...(after === undefined ? [] : [`${columns} > ${values(after)}`]),
    ...(upTo === undefined ? [] : [`${columns} <= ${values(upTo)}`]),
    ...(buckets === undefined
      ? []
      : [`${bucket(scope, buckets.of)} = ANY ('{${buckets.numbers.join()}}'::int[])`]),
  ];
}

function tuple(items: readonly string[]): string {
  return items.length === 1 ? items.join() : `(${items.join(', ')})`;
}
