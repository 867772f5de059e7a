import { type Doubt, type RangeDoubt, type RowDoubt, rowsIn, rowsInAll } from './doubt';
import { bucketDigestsOf, type Range, rowHashesOf, type TableSides } from './look';

/** So many rows of a range can be named one by one, and so many of a table; more stay ranges. */
const NAMED_ROWS = 1_000;
const NAMED_IN_TABLE = 20_000;
/** So many rows are fetched with their hashes, so that memory stays small whatever the table. */
const FETCHED_ROWS = 20_000;
const ROWS_IN_BUCKET = 256;
const MOST_BUCKETS = 65_536;

/** What differs in a range, and how many rows of the source do not. */
export interface Narrowed {
  readonly same: number;
  readonly doubts: readonly Doubt[];
}

/**
 * Finds the rows of a range that differ; the range itself is what remains where they are too many, beside the `doubts`
 * that there are already, or have no key.
 */
export async function narrow(
  sides: TableSides,
  range: Range,
  [source, target]: readonly [string, string],
  doubts: readonly Doubt[],
): Promise<Narrowed> {
  const doubt: RangeDoubt = { ...range, first: source, source, target };
  const whole = { same: 0, doubts: [doubt] };
  const [there, here] = [rowsIn(doubt, 'source'), rowsIn(doubt, 'target')];
  const most = Math.min(NAMED_ROWS, NAMED_IN_TABLE - doubts.length);
  if (sides.source.scope.key.length === 0 || Math.abs(there - here) > most) return whole;
  const found = await differingBuckets(sides, doubt);
  if (found.rows > FETCHED_ROWS) return whole;
  const { same, differing } = await differingRows(sides, { ...range, buckets: found });
  return differing.length > most ? whole : { same: found.same + same, doubts: differing };
}

/** Some rows that differ inside of a range that has too many of them. */
export async function someOf(
  sides: TableSides,
  doubt: RangeDoubt,
  limit: number,
): Promise<readonly RowDoubt[]> {
  if (sides.source.scope.key.length === 0) return [];
  const { of, numbers } = await differingBuckets(sides, doubt);
  // Where many rows differ, any bucket that does has one.
  const buckets = { of, numbers: numbers.slice(0, limit) };
  const { differing } = await differingRows(sides, { ...rangeOf(doubt), buckets });
  return differing.slice(0, limit);
}

interface DifferingBuckets {
  readonly of: number;
  readonly numbers: readonly number[];
  /** Rows in them, on both servers together. */
  readonly rows: number;
  /** Rows of the source in all other buckets. */
  readonly same: number;
}

async function differingBuckets(sides: TableSides, doubt: RangeDoubt): Promise<DifferingBuckets> {
  const rows = Math.max(rowsIn(doubt, 'source'), rowsIn(doubt, 'target'));
  const wanted = 2 ** Math.ceil(Math.log2(Math.max(1, rows / ROWS_IN_BUCKET)));
  const of = Math.min(MOST_BUCKETS, wanted);
  const range = rangeOf(doubt);
  const [source, target] = await Promise.all([
    bucketDigestsOf(sides.source, range, of, sides.pace),
    bucketDigestsOf(sides.target, range, of, sides.pace),
  ]);
  const numbers = [...new Set([...source.keys(), ...target.keys()])];
  const differing = numbers.filter((number) => source.get(number) !== target.get(number));
  const count = (digest: string | undefined): number => Number((digest ?? '0').split(' ')[0]);
  const all = [...source.values()].reduce((sum, digest) => sum + count(digest), 0);
  const there = differing.reduce((sum, number) => sum + count(source.get(number)), 0);
  const here = differing.reduce((sum, number) => sum + count(target.get(number)), 0);
  return { of, numbers: differing, rows: there + here, same: all - there };
}

async function differingRows(
  sides: TableSides,
  piece: Range,
): Promise<{ readonly same: number; readonly differing: readonly RowDoubt[] }> {
  if (piece.buckets?.numbers.length === 0) return { same: 0, differing: [] };
  const [source, target] = await Promise.all([
    rowHashesOf(sides.source, piece, sides.pace),
    rowHashesOf(sides.target, piece, sides.pace),
  ]);
  const differing = keysInOrder(source, target)
    .map((key) => rowDoubt(key, source, target))
    .filter((row) => row.source !== row.target);
  const all = [...source.values()].reduce((rows, hashes) => rows + hashes.split(' ').length, 0);
  return { same: all - rowsInAll(differing, 'source'), differing };
}

function rangeOf({ after, upTo }: RangeDoubt): Range {
  return {
    kind: 'range',
    ...(after === undefined ? {} : { after }),
    ...(upTo === undefined ? {} : { upTo }),
  };
}

function rowDoubt(
  key: string,
  source: ReadonlyMap<string, string>,
  target: ReadonlyMap<string, string>,
): RowDoubt {
  const there = source.get(key) ?? '';
  return {
    kind: 'row',
    key: JSON.parse(key) as string[],
    first: there,
    source: there,
    target: target.get(key) ?? '',
  };
}

// Only the servers know how keys are sorted: what only the target has follows what comes before it there.
function keysInOrder(
  source: ReadonlyMap<string, string>,
  target: ReadonlyMap<string, string>,
): string[] {
  const extra = new Map<string, string[]>();
  let before = '';
  for (const key of target.keys()) {
    if (source.has(key)) before = key;
    else extra.set(before, [...(extra.get(before) ?? []), key]);
  }
  return [
    ...(extra.get('') ?? []),
    ...[...source.keys()].flatMap((key) => [key, ...(extra.get(key) ?? [])]),
  ];
}
