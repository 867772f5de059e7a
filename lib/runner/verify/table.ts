import { judgeDigests, type RowKey, type Sides, type TableComparison } from '../../postgres';
import { type Doubt, rowsInAll } from './doubt';
import {
  digestOf,
  guessedAfter,
  nextRangeOf,
  type Range,
  type RangeLook,
  rangeAfter,
  type TableSides,
} from './look';
import { narrow, someOf } from './narrow';
import { Obstacle } from './reader';
import type { DifferingRow, TableVerification } from './result';
import { type Settled, type SettleOptions, settle } from './settle';
import type { TableState } from './state';

/** One table that is compared. */
export interface TableTask {
  readonly comparison: Extract<TableComparison, { kind: 'digest' }>;
  readonly sides: TableSides;
  readonly names: Sides;
  readonly chunkRows: number;
  readonly settle: Omit<SettleOptions, 'onLook'>;
  /** How far it is already. */
  readonly state: TableState;
  /** Called whenever it is further, with the rows that were just read. */
  readonly onState: (state: TableState, rows: number) => void;
}

/** A statement that takes longer is made smaller the next time, so that none holds a server's horizon for long. */
const LONG_STATEMENT_MS = 2_000;
const FEWEST_ROWS = 100;
/** So many rows are read first, as the target has nothing to do meanwhile. */
const FIRST_ROWS = 5_000;
/** So many rows that differ are named in a result. */
const NAMED_IN_RESULT = 10;

/** Compares one table, and says what was found; what cannot be compared is unchecked. */
export async function verifyTable(task: TableTask): Promise<TableVerification> {
  const started = performance.now();
  const { table } = task.comparison;
  const renamed = task.comparison.target.table;
  const target =
    renamed.schema === table.schema && renamed.name === table.name ? {} : { target: renamed };
  const seconds = (): number => (performance.now() - started) / 1000;
  try {
    return { table, ...target, ...(await compare(task)), seconds: seconds() };
  } catch (error) {
    if (!(error instanceof Obstacle)) throw error;
    return { table, ...target, status: 'unchecked', reason: error.message, seconds: seconds() };
  }
}

type Found = Omit<TableVerification, 'table' | 'target' | 'seconds'>;

async function compare(task: TableTask): Promise<Found> {
  let state = task.state.read === true ? task.state : await readAll(task);
  const settled = await settle(task.sides, state.doubts, {
    ...task.settle,
    onLook: (same, doubts) => {
      state = { ...state, rows: state.rows + same, doubts };
      task.onState(state, 0);
    },
  });
  return conclude(task, state.rows, settled);
}

/** Reads the whole table: in ranges of its key, or at once if it has none or that is wanted. */
function readAll(task: TableTask): Promise<TableState> {
  const { source } = task.sides;
  const atOnce = !source.scope.ordered || task.chunkRows === Number.POSITIVE_INFINITY;
  return atOnce ? readAtOnce(task) : readInRanges(task);
}

async function readAtOnce(task: TableTask): Promise<TableState> {
  const { source, target, pace } = task.sides;
  const range = rangeAfter(task.state.after);
  const seen = await both(digestOf(source, range, pace), digestOf(target, range, pace));
  return further(task, task.state, range, seen);
}

/** The source reads the next range while the target reads what the source just has. */
async function readInRanges(task: TableTask): Promise<TableState> {
  let { state } = task;
  let look = await readSource(task, state.after, Math.min(FIRST_ROWS, task.chunkRows));
  for (;;) {
    const { range, digest } = look;
    const [here, next] = await both(
      readTarget(task.sides, range),
      range.upTo === undefined ? undefined : readSource(task, range.upTo, look.size, look),
    );
    state = await further(task, state, range, [digest, here]);
    if (next === undefined) return state;
    look = next;
  }
}

/** Notes what was seen of a range, the last one if it is open. */
async function further(
  { sides, onState }: TableTask,
  state: TableState,
  range: Range,
  [there, here]: readonly [string, string],
): Promise<TableState> {
  const rows = rowsOf(there);
  const found =
    there === here
      ? { same: rows, doubts: [] }
      : await narrow(sides, range, [there, here], state.doubts);
  const now = {
    plan: state.plan,
    rows: state.rows + found.same,
    doubts: [...state.doubts, ...found.doubts],
    ...(range.upTo === undefined ? { read: true } : { after: range.upTo }),
  };
  onState(now, rows);
  return now;
}

/** Waits for both, also if one fails: its session is used again. */
async function both<One, Other>(
  one: Promise<One>,
  other: Promise<Other> | Other,
): Promise<[One, Other]> {
  await Promise.allSettled([one, other]);
  return Promise.all([one, other]);
}

interface SourceLook extends RangeLook {
  /** How many rows the next statement should read. */
  readonly size: number;
}

async function readSource(
  { sides: { source, pace }, chunkRows }: TableTask,
  after: RowKey | undefined,
  size: number,
  before?: RangeLook,
): Promise<SourceLook> {
  const began = performance.now();
  const range = before && guessedAfter(source.scope, before.range, rowsOf(before.digest), size);
  const look =
    range === undefined
      ? await nextRangeOf(source, after, size, pace)
      : { range, digest: await digestOf(source, range, pace) };
  const took = performance.now() - began;
  if (look.range.upTo !== undefined) await pace.rest(took);
  return { ...look, size: nextSize(size, took, chunkRows) };
}

function rowsOf(digest: string): number {
  return Number(digest.split(' ')[0]);
}

async function readTarget({ target, pace }: TableSides, range: Range): Promise<string> {
  const began = performance.now();
  const digest = await digestOf(target, range, pace);
  if (range.upTo !== undefined) await pace.rest(performance.now() - began);
  return digest;
}

function nextSize(size: number, tookMs: number, most: number): number {
  if (tookMs > LONG_STATEMENT_MS) return Math.max(FEWEST_ROWS, Math.floor(size / 2));
  return tookMs < LONG_STATEMENT_MS / 4 ? Math.min(most, size * 2) : size;
}

async function conclude(
  { sides, names, settle: { settleMs } }: TableTask,
  same: number,
  { differing, changing }: Settled,
): Promise<Found> {
  const left = [...differing, ...changing];
  const sourceRows = same + rowsInAll(left, 'source');
  const targetRows = same + rowsInAll(left, 'target');
  if (left.length === 0) return { status: 'same', sourceRows, targetRows };
  if (differing.length === 0) {
    const rows = Math.max(rowsInAll(changing, 'source'), rowsInAll(changing, 'target'));
    const reason = `${rows} ${rows === 1 ? 'row' : 'rows'} changed too often to be seen the same within ${settleMs / 1000} s`;
    return { status: 'unchecked', sourceRows, targetRows, reason };
  }
  const differences = await firstDifferences(sides, differing);
  return {
    ...judgeDigests(
      { rows: String(sourceRows), checksum: 'source' },
      { rows: String(targetRows), checksum: 'target' },
      names,
    ),
    sourceRows,
    targetRows,
    ...(differences.length === 0 ? {} : { differences }),
  };
}

async function firstDifferences(
  sides: TableSides,
  doubts: readonly Doubt[],
): Promise<readonly DifferingRow[]> {
  const first: DifferingRow[] = [];
  for (const doubt of doubts) {
    const room = NAMED_IN_RESULT - first.length;
    if (room <= 0) break;
    const rows = doubt.kind === 'row' ? [doubt] : await someOf(sides, doubt, room);
    for (const { key, source, target } of rows)
      first.push({ key, on: source === '' ? 'target' : target === '' ? 'source' : 'both' });
  }
  return first;
}
