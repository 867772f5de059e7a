import { type Doubt, type RowDoubt, rowsInAll } from './doubt';
import { digestOf, rowHashesOf, type TableSide, type TableSides } from './look';
import { narrow } from './narrow';

/** How doubts are settled. */
export interface SettleOptions {
  /** Milliseconds for which rows are looked at again; 0 if the first look decides. */
  readonly settleMs: number;
  /** Resolves when the target has what was committed on the source before. */
  readonly caughtUp?: () => Promise<void>;
  /** Called after each look with the rows that were found the same by it, and with what is left. */
  readonly onLook: (same: number, doubts: readonly Doubt[]) => void;
}

/** What is left of doubts. */
export interface Settled {
  /** Rows that did not change on the source, and are others on the target. */
  readonly differing: readonly Doubt[];
  /** Rows that kept changing on the source, and were never seen the same. */
  readonly changing: readonly Doubt[];
}

/** So many rows are looked at by one statement. */
const ROWS_AT_ONCE = 500;
const SHORTEST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/** Looks at doubtful rows again until they are the same on both servers, are proven to differ, or the time is over. */
export async function settle(
  sides: TableSides,
  doubts: readonly Doubt[],
  { settleMs, caughtUp, onLook }: SettleOptions,
): Promise<Settled> {
  if (settleMs === 0) return { differing: doubts, changing: [] };
  const ends = performance.now() + settleMs;
  const proven: Doubt[] = [];
  let open = doubts;
  for (let pauseMs = SHORTEST_PAUSE_MS; open.length > 0; pauseMs *= 2) {
    const began = performance.now();
    const look = await lookAgain(sides, open, caughtUp);
    // A row that is named must be watched for a while before it can be told to differ.
    const narrowed =
      began < ends - settleMs / 2
        ? await narrowAll(sides, look.open)
        : { same: 0, doubts: look.open };
    proven.push(...look.proven);
    open = narrowed.doubts;
    onLook(look.same + narrowed.same, [...proven, ...open]);
    if (began >= ends) break;
    await sides.pace.pause(Math.min(pauseMs, LONGEST_PAUSE_MS, ends - performance.now()));
  }
  const stable = ({ first, source }: Doubt): boolean => first === source;
  return {
    differing: [...proven, ...open.filter(stable)],
    changing: open.filter((doubt) => !stable(doubt)),
  };
}

interface Look {
  /** Rows of the source that turned out to be the same. */
  readonly same: number;
  /** What the target had the time to get, and does not have. */
  readonly proven: readonly Doubt[];
  readonly open: readonly Doubt[];
}

/** What the target has must be what the source had shortly before, or has shortly after. */
async function lookAgain(
  sides: TableSides,
  doubts: readonly Doubt[],
  caughtUp: (() => Promise<void>) | undefined,
): Promise<Look> {
  const before = await valuesOf(sides.source, doubts, sides);
  await caughtUp?.();
  const there = await valuesOf(sides.target, doubts, sides);
  const seen = doubts.map((doubt, index) => ({
    ...doubt,
    source: before[index] ?? '',
    target: there[index] ?? '',
  }));
  const suspects = seen.filter(({ source, target }) => source !== target);
  const after = await valuesOf(sides.source, suspects, sides);
  const looked = suspects.map((doubt, index) => {
    const source = after[index] ?? '';
    return { doubt: { ...doubt, source }, stood: doubt.source === source };
  });
  const open = looked.filter(({ doubt: { source, target } }) => source !== target);
  const isProven = ({ stood }: { readonly stood: boolean }): boolean =>
    stood && caughtUp !== undefined;
  const doubtOf = ({ doubt }: { readonly doubt: Doubt }): Doubt => doubt;
  const agreed = [
    ...seen.filter(({ source, target }) => source === target),
    ...looked.map(doubtOf).filter(({ source, target }) => source === target),
  ];
  return {
    same: rowsInAll(agreed, 'source'),
    proven: open.filter(isProven).map(doubtOf),
    open: open.filter((one) => !isProven(one)).map(doubtOf),
  };
}

async function narrowAll(
  sides: TableSides,
  doubts: readonly Doubt[],
): Promise<{ readonly same: number; readonly doubts: readonly Doubt[] }> {
  const narrowed: Doubt[] = [];
  let same = 0;
  for (const doubt of doubts) {
    if (doubt.kind === 'row') {
      narrowed.push(doubt);
      continue;
    }
    const found = await narrow(sides, doubt, [doubt.source, doubt.target], narrowed);
    same += found.same;
    // Still the same range: what it held at first is what counts.
    narrowed.push(...found.doubts.map((one) => (one.kind === 'range' ? doubt : one)));
  }
  return { same, doubts: narrowed };
}

/** What a server holds of each doubt now. */
async function valuesOf(
  side: TableSide,
  doubts: readonly Doubt[],
  { pace }: TableSides,
): Promise<readonly string[]> {
  const rows = doubts.filter((doubt): doubt is RowDoubt => doubt.kind === 'row');
  const hashes = new Map<string, string>();
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    const keys = rows.slice(from, from + ROWS_AT_ONCE).map(({ key }) => key);
    const found = await rowHashesOf(side, { kind: 'keys', keys }, pace);
    for (const [key, hash] of found) hashes.set(key, hash);
  }
  const values: string[] = [];
  for (const doubt of doubts) {
    values.push(
      doubt.kind === 'row'
        ? (hashes.get(JSON.stringify(doubt.key)) ?? '')
        : await digestOf(side, doubt, pace),
    );
  }
  return values;
}
