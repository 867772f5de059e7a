import {
  beginVerification,
  type ChangedTable,
  changedTables,
  countingFrom,
  createVerification,
  findVerification,
  forgetVerification,
  type MarkedTable,
  PontoonError,
  quoteQualified,
  type StreamIdentity,
  unbroken,
  writeVerification,
} from '../../postgres';
import type { VerifyOptions } from '../verify/options';
import { TIME_SPENT } from '../verify/reader';
import type { TableVerification } from '../verify/result';
import { readState, type VerificationState } from '../verify/state';
import { verifyTables } from '../verify/verify';
import { comparisonOf } from './comparison';
import { CutoverContext } from './context';
import { marksNow } from './marks';
import type { CutoverRequest, CutoverServices } from './services';
import { beginStreams, streamsNow } from './streams';
import { type NotedResult, resultsIn } from './verified';

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
export type RowsOptions = Pick<
  VerifyOptions,
  'budgetMs' | 'concurrency' | 'load' | 'onProgress' | 'signal'
>;

/**
 * Compares every selected table while applications write, and has the new writer remember the result, which a cutover
 * asks for. Tables that were found to be the same are not compared again as long as the stream has not broken, so that
 * what one call has no time for is left to the next.
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
  // None either if the call before was cut off.
  const saved = goesOn ? (found?.state ?? undefined) : undefined;
  const resumed =
    saved === undefined
      ? undefined
      : withoutChanged(readState(saved), changedTables(resultsIn(found), marks));
  let state = resumed;
  const { tables } = await verifyTables({
    ...comparisonOf(context),
    ...(resumed === undefined ? {} : { resume: resumed }),
    ...options,
    onState: (latest) => {
      state = latest;
    },
  });
  const results = notedOf(tables, marks);
  await remember(context, streams, { state, results });
  const rows = summed(results);
  const { budgetMs } = options;
  const leftBefore = goesOn ? leftOf(resultsIn(found)) : [];
  const left = leftOf(results);
  const noneEnded = leftBefore.every((name) => left.includes(name));
  if (budgetMs !== undefined && rows.differs.length === 0 && noneEnded) {
    // Others may have had most of the time.
    const tried = leftOf(tables.filter(({ seconds }) => seconds * 2_000 >= budgetMs));
    const again = tried.filter((name) => leftBefore.includes(name));
    refuseStuck(again, [resumed, state], budgetMs);
  }
  return rows;
}

/** What was found of each table, with what it was when its comparison began. */
function notedOf(
  tables: readonly TableVerification[],
  marks: readonly MarkedTable[],
): readonly NotedResult[] {
  const byName = new Map(marks.map(({ table, mark }) => [quoteQualified(table), mark]));
  return tables.map(({ table, status, reason = '' }) => {
    const mark = byName.get(quoteQualified(table));
    return { table, status, reason, ...(mark === undefined ? {} : { mark }) };
  });
}

function summed(results: readonly NotedResult[]): RowsVerified {
  const sentences = (status: TableVerification['status']): readonly string[] =>
    results
      .filter((result) => result.status === status)
      .map(({ table, reason }) => `${quoteQualified(table)}: ${reason}`);
  return {
    same: sentences('same').length,
    differs: sentences('differs'),
    unchecked: sentences('unchecked').filter((sentence) => !sentence.endsWith(TIME_SPENT)),
    left: leftOf(results).length,
  };
}

/** Writes down what was compared along `streams`, which counts only if those did not break meanwhile. */
async function remember(
  context: CutoverContext,
  streams: readonly StreamIdentity[],
  compared: Parameters<typeof writeVerification>[2],
): Promise<void> {
  const { from, to, migration } = context.plan;
  // The latest counts: the higher they are, the longer a slot that is made anew takes to pass them.
  const last = await streamsNow(context);
  if (!unbroken(streams, last)) {
    const known = await context.runOne(to, findVerification(migration));
    // What another comparison began since goes along the stream that there is now.
    if (known !== undefined && !unbroken(known.stream as readonly StreamIdentity[], last))
      await context.run(to, forgetVerification(migration));
    throw new PontoonError(
      'NO_STREAM',
      `'${to}' must follow '${from}' without a break while rows are compared, got another stream, conflicts, or another comparison that began a stream anew; look for who did so, and compare them again`,
    );
  }
  const written = await context.runOne(
    to,
    writeVerification(migration, countingFrom(streams, last), compared),
  );
  if (written !== undefined) return;
  throw new PontoonError(
    'FORGOTTEN',
    `the comparison of '${migration}' must be the only one, and end before a cutover opens, got one that was forgotten on '${to}' meanwhile; see what else runs, and compare the rows again`,
  );
}

/** The tables that the time did not suffice for. */
function leftOf(results: readonly Pick<NotedResult, 'table' | 'reason'>[]): readonly string[] {
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
