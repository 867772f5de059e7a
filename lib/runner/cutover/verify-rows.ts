import {
  beginVerification,
  type ChangedTable,
  changedTables,
  createVerification,
  findVerification,
  PontoonError,
  quoteQualified,
  type StreamIdentity,
  unbroken,
} from '../../postgres';
import type { VerifyOptions } from '../verify/options';
import { TIME_SPENT } from '../verify/reader';
import type { TableVerification } from '../verify/result';
import { readState, type VerificationState } from '../verify/state';
import { comparisonOf } from './comparison';
import { NotedComparison } from './comparison-notes';
import { CutoverContext } from './context';
import { marksNow } from './marks';
import type { CutoverRequest, CutoverServices } from './services';
import { beginStreams, streamsNow } from './streams';
import { resultsIn } from './verified';

/** How far the comparison before a cutover is. */
export interface RowsVerified {
  readonly same: number;
  /** Tables that differ, a sentence each. */
  readonly differs: readonly string[];
  /** Tables that cannot be compared, a sentence each. */
  readonly unchecked: readonly string[];
  /** Tables that the time did not suffice for: another call goes on with them. */
  readonly left: number;
}

/** How to compare before a cutover. */
export interface RowsOptions
  extends Pick<VerifyOptions, 'budgetMs' | 'concurrency' | 'load' | 'onProgress' | 'signal'> {
  /**
   * About how often, in milliseconds, the new writer is told how far the comparison is: what was compared since is
   * lost if this process dies.
   *
   * @default 60000
   */
  readonly noteEveryMs?: number;
}

const NOTE_EVERY_MS = 60_000;

/**
 * Compares every selected table while applications write, and has the new writer remember the result, which a cutover
 * asks for. Tables that were found to be the same are not compared again as long as the stream has not broken, so that
 * what one call has no time for is left to the next, also if it is cut off.
 *
 * @throws PontoonError with code FORGOTTEN if a cutover, or another comparison, has made the new writer forget this one
 * meanwhile, or NO_STREAM if the stream has broken; NO_PROGRESS when `budgetMs` was not enough for a second time, and another call would get
 * no further.
 */
export async function verifyRows(
  request: CutoverRequest,
  services: CutoverServices,
  options: RowsOptions = {},
): Promise<RowsVerified> {
  const context = new CutoverContext(request, services);
  const { plan } = context;
  await context.run(plan.to, createVerification());
  const found = await context.runOne(plan.to, findVerification(plan.migration));
  const before = found?.stream as readonly StreamIdentity[] | undefined;
  const now = await streamsNow(context);
  const goesOn = before !== undefined && unbroken(before, now);
  const streams = goesOn ? before : await beginStreams(context);
  if (!goesOn) await context.run(plan.to, beginVerification(plan.migration, streams));
  // Before anything is read, so that what befalls a table meanwhile is seen later.
  const marks = await marksNow(context, { follow: true });
  // None either if the call before was cut off at once.
  const saved = goesOn ? (found?.state ?? undefined) : undefined;
  const resumed =
    saved === undefined
      ? undefined
      : withoutChanged(readState(saved), changedTables(resultsIn(found), marks));
  const { noteEveryMs = NOTE_EVERY_MS, ...limits } = options;
  const begin = { streams, marks, resumed };
  const comparison = new NotedComparison(context, begin, noteEveryMs);
  const tables = await comparison.run({
    ...comparisonOf(context),
    ...(resumed === undefined ? {} : { resume: resumed }),
    ...limits,
  });
  const rows = summed(tables);
  const { budgetMs } = limits;
  const leftBefore = goesOn ? leftOf(resultsIn(found)) : [];
  const left = leftOf(tables);
  const noneEnded = leftBefore.every((name) => left.includes(name));
  if (budgetMs !== undefined && rows.differs.length === 0 && noneEnded) {
    // Others may have had most of the time.
    const tried = leftOf(tables.filter(({ seconds }) => seconds * 2_000 >= budgetMs));
    const again = tried.filter((name) => leftBefore.includes(name));
    refuseStuck(again, [resumed, comparison.state], budgetMs);
  }
  return rows;
}

function summed(tables: readonly TableVerification[]): RowsVerified {
  const sentences = (status: TableVerification['status']): readonly string[] =>
    tables
      .filter((result) => result.status === status)
      .map(({ table, reason = '' }) => `${quoteQualified(table)}: ${reason}`);
  return {
    same: sentences('same').length,
    differs: sentences('differs'),
    unchecked: sentences('unchecked').filter((sentence) => !sentence.endsWith(TIME_SPENT)),
    left: leftOf(tables).length,
  };
}

/** The tables that the time did not suffice for. */
function leftOf(
  results: readonly Pick<TableVerification, 'table' | 'reason'>[],
): readonly string[] {
  return results
    .filter(({ reason }) => reason === TIME_SPENT)
    .map(({ table }) => quoteQualified(table));
}

/** Another call would get no further if this one knows no more of any of `names` than the one before. */
function refuseStuck(
  names: readonly string[],
  states: readonly (VerificationState | undefined)[],
  budgetMs: number,
): void {
  const known = (name: string): readonly string[] =>
    states.map((state) => {
      const { rows = 0, after, read } = state?.tables[name] ?? {};
      return JSON.stringify([rows, after, read]);
    });
  if (names.length === 0 || names.some((name) => new Set(known(name)).size > 1)) return;
  throw new PontoonError(
    'NO_PROGRESS',
    `a table, or a range of its key, must be compared within ${budgetMs / 1000} s, got nothing of ${names.join(', ')} in two tries; what has no key by which both servers sort alike is compared in one go: compare where nothing limits the time, by pontoon cutover --compare`,
  );
}

/** `state` without what was found in tables that something befell since. */
function withoutChanged(
  state: VerificationState,
  changed: readonly ChangedTable[],
): VerificationState {
  const names = new Set(changed.map(({ table }) => quoteQualified(table)));
  const tables = Object.entries(state.tables).filter(([name]) => !names.has(name));
  return { ...state, tables: Object.fromEntries(tables) };
}
