import {
  bucketDigestsSql,
  type DigestScope,
  digestSql,
  type Piece,
  type RowKey,
  rangeEndSql,
  rowHashesSql,
} from '../../postgres';
import type { Pace } from './pace';
import type { Reader } from './reader';

/** A table as one of the two servers has it. */
export interface TableSide {
  readonly reader: Reader;
  readonly scope: DigestScope;
}

/** A table on both servers, and the time that there is for it. */
export interface TableSides {
  readonly source: TableSide;
  readonly target: TableSide;
  readonly pace: Pace;
}

/** Count and checksum of a piece, as one text. */
export async function digestOf(
  { reader, scope }: TableSide,
  piece: Piece,
  pace: Pace,
): Promise<string> {
  const [row] = await reader.read(scope, digestSql(scope, piece), pace.msLeft());
  return `${String(row?.rows)} ${String(row?.checksum ?? '-')}`;
}

/** The hashes of the rows of a piece, by key as JSON and in the key's order, separated if a key is there twice. */
export async function rowHashesOf(
  { reader, scope }: TableSide,
  piece: Piece,
  pace: Pace,
): Promise<Map<string, string>> {
  const hashes = new Map<string, string>();
  const rows = await reader.read(scope, rowHashesSql(scope, piece), pace.msLeft());
  for (const row of rows) {
    const key = JSON.stringify(JSON.parse(String(row.key)));
    const others = hashes.get(key);
    const hash = String(row.hash);
    hashes.set(key, others === undefined ? hash : [...others.split(' '), hash].sort().join(' '));
  }
  return hashes;
}

/** The key that ends a range of `rows` rows; undefined if fewer are left, or if keys have no order. */
export async function rangeEndOf(
  { reader, scope }: TableSide,
  after: RowKey | undefined,
  rows: number,
  pace: Pace,
): Promise<RowKey | undefined> {
  if (!scope.ordered || rows === Number.POSITIVE_INFINITY) return undefined;
  const [row] = await reader.read(scope, rangeEndSql(scope, after, rows), pace.msLeft());
  return row === undefined ? undefined : (JSON.parse(String(row.key)) as RowKey);
}

/** Count and checksum of each bucket of a piece that has rows. */
export async function bucketDigestsOf(
  { reader, scope }: TableSide,
  piece: Piece,
  of: number,
  pace: Pace,
): Promise<Map<number, string>> {
  const rows = await reader.read(scope, bucketDigestsSql(scope, piece, of), pace.msLeft());
  return new Map(
    rows.map((row) => [Number(row.bucket), `${String(row.rows)} ${String(row.checksum)}`]),
  );
}
