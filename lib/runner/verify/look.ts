import {
  bucketDigestsSql,
  type DigestScope,
  digestSql,
  type Piece,
  type RowKey,
  rangeEndSql,
  rowHashesSql,
  saysItsEnd,
} from '../../postgres';
import type { Row } from '../run';
import type { Pace } from './pace';
import type { Reader } from './reader';

/** Rows between two keys. */
export type Range = Extract<Piece, { kind: 'range' }>;

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
  return textOf(row);
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

/** A range of keys, and what its rows on one server are. */
export interface RangeLook {
  readonly range: Range;
  /** As {@link digestOf} gives it. */
  readonly digest: string;
}

/** The open range that begins after a key, or with the first row. */
export function rangeAfter(after: RowKey | undefined): Range {
  return { kind: 'range', ...(after === undefined ? {} : { after }) };
}

/** Looks at the next `rows` rows after `after`; at all that are left if they are fewer. Keys must be ordered. */
export async function nextRangeOf(
  side: TableSide,
  after: RowKey | undefined,
  rows: number,
  pace: Pace,
): Promise<RangeLook> {
  const { reader, scope } = side;
  const begins = rangeAfter(after);
  if (!saysItsEnd(scope)) {
    const [row] = await reader.read(scope, rangeEndSql(scope, after, rows), pace.msLeft(), true);
    const range =
      row === undefined ? begins : { ...begins, upTo: JSON.parse(String(row.key)) as RowKey };
    return { range, digest: await digestOf(side, range, pace) };
  }
  const head = digestSql(scope, { ...begins, kind: 'head', rows });
  const [row] = await reader.read(scope, head, pace.msLeft(), true);
  const whole = Number(row?.rows) === rows;
  const range = whole ? { ...begins, upTo: [String(row?.last)] } : begins;
  return { range, digest: textOf(row) };
}

const LAST_WHOLE_NUMBER = 2n ** 63n - 1n;
/** A range of unique whole numbers has at most as many rows as numbers, so that this many for a row bound what is read. */
const THINNEST = 2;

/**
 * The range after `range`, which has `had` rows, that has about `rows` by its width alone; undefined where a look must
 * find it, since a range as wide could have more than twice as many.
 */
export function guessedAfter(
  scope: DigestScope,
  { after, upTo }: Range,
  had: number,
  rows: number,
): Range | undefined {
  const [began, ended] = [after?.[0], upTo?.[0]];
  if (!saysItsEnd(scope) || began === undefined || ended === undefined) return undefined;
  const numbersPerRow = Number(BigInt(ended) - BigInt(began)) / had;
  const ends = BigInt(ended) + BigInt(Math.ceil(rows * Math.min(numbersPerRow, THINNEST)));
  if (numbersPerRow > THINNEST || ends > LAST_WHOLE_NUMBER) return undefined;
  return { kind: 'range', after: [ended], upTo: [String(ends)] };
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

function textOf(row: Row | undefined): string {
  return `${String(row?.rows)} ${String(row?.checksum ?? '-')}`;
}
