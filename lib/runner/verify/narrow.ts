import type { Piece } from '../../postgres';
import { type Doubt, type RangeDoubt, type RowDoubt, rowsIn, rowsInAll } from './doubt';
import { rangeEndOf, rowHashesOf, type TableSides } from './look';

type Range = Extract<Piece, { kind: 'range' }>;

/** So many rows can be named one by one; more stay a range. */
const NAMED_ROWS = 1_000;
/** So many rows of a range are fetched with their hashes, so that memory stays small whatever the table. */
const FETCHED_ROWS = 50_000;

/** What differs in a range, and how many rows of the source do not. */
export interface Narrowed {
  readonly same: number;
  readonly doubts: readonly Doubt[];
}

/** Finds the rows of a range that differ; the range itself is what remains where they are too many, or have no key. */
export async function narrow(
  sides: TableSides,
  range: Range,
  [source, target]: readonly [string, string],
): Promise<Narrowed> {
  const doubt: RangeDoubt = { ...range, first: source, source, target };
  const [there, here] = [rowsIn(doubt, 'source'), rowsIn(doubt, 'target')];
  const whole = { same: 0, doubts: [doubt] };
  const tooMany = Math.max(there, here) > FETCHED_ROWS || Math.abs(there - here) > NAMED_ROWS;
  if (tooMany || sides.source.scope.key.length === 0) return whole;
  const { same, differing } = await differingRows(sides, range);
  return differing.length > NAMED_ROWS ? whole : { same, doubts: differing };
}

/** The first rows that differ inside of a range that was too big to be narrowed. */
export async function firstOf(
  sides: TableSides,
  doubt: RangeDoubt,
  limit: number,
): Promise<readonly RowDoubt[]> {
  if (sides.source.scope.key.length === 0) return [];
  const [there, here] = [rowsIn(doubt, 'source'), rowsIn(doubt, 'target')];
  const { after, upTo } = doubt;
  const bigger = there >= here ? sides.source : sides.target;
  const end =
    Math.max(there, here) > FETCHED_ROWS
      ? await rangeEndOf(bigger, after, FETCHED_ROWS, sides.pace)
      : upTo;
  const { differing } = await differingRows(sides, {
    kind: 'range',
    ...(after === undefined ? {} : { after }),
    ...(end === undefined ? {} : { upTo: end }),
  });
  return differing.slice(0, limit);
}

async function differingRows(
  sides: TableSides,
  piece: Piece,
): Promise<{ readonly same: number; readonly differing: readonly RowDoubt[] }> {
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
