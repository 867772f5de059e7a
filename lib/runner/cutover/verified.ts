import {
  beginVerification,
  bytesOf,
  type ChangedTable,
  changedTables,
  createVerification,
  findVerification,
  forgetVerification,
  LinkKind,
  type MarkedTable,
  PontoonError,
  quoteQualified,
  REWRITTEN,
  type StreamIdentity,
  unbroken,
  verificationExists,
  writeVerification,
} from '../../postgres';
import type { Row } from '../run';
import type { VerifyOptions } from '../verify/options';
import { TIME_SPENT } from '../verify/reader';
import type { TableVerification } from '../verify/result';
import { readState, type VerificationState } from '../verify/state';
import { verifyTables } from '../verify/verify';
import { CutoverContext } from './context';
import type { GateFinding } from './gate-schemas';
import { marksNow } from './marks';
import type { CutoverRequest, CutoverServices } from './services';
import { beginStreams, streamsNow } from './streams';
import { renamesOf } from './target-names';

/** What may be read in a millisecond behind the fence, also by a busy server; a table costs as much as this besides. */
const BYTES_A_MS = 10_000;
const BYTES_FOR_EACH = 50_000;

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

/** What was found out about a table, and what it was when its comparison began. */
type NotedResult = MarkedTable & Pick<TableVerification, 'status' | 'reason'>;

/** How to compare before a cutover. */
export type RowsOptions = Pick<
  VerifyOptions,
  'budgetMs' | 'concurrency' | 'load' | 'onProgress' | 'signal'
>;

/**
 * Compares every selected table while applications write, and has the new writer remember the result, which a cutover
 * asks for. Tables that were found to be the same are not compared again as long as the stream has not broken, so that
 * what one call has no time for is left to the next.
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
  const streams = goesOn ? now : await beginStreams(context);
  if (!goesOn) await context.run(plan.to, beginVerification(plan.migration, streams));
  // Before anything is read, so that what befalls a table meanwhile is seen later.
  const marks = await marksNow(context, { follow: true });
  // None either if the call before was cut off.
  const saved = goesOn ? (found?.state ?? undefined) : undefined;
  let state =
    saved === undefined
      ? undefined
      : withoutChanged(readState(saved), changedTables(resultsIn(found), marks));
  const { tables } = await verifyTables({
    source: connectionOf(context, plan.from),
    target: connectionOf(context, plan.to),
    secrets: services.secrets,
    selection: plan.selection,
    ...renamesOf(context),
    ...(state === undefined ? {} : { resume: state }),
    ...options,
    onState: (latest) => {
      state = latest;
    },
  });
  const byName = new Map(marks.map(({ table, mark }) => [quoteQualified(table), mark]));
  const results = tables.map(({ table, status, reason = '' }) => {
    const mark = byName.get(quoteQualified(table));
    return { table, status, reason, ...(mark === undefined ? {} : { mark }) };
  });
  // The latest counts: the higher they are, the longer a slot that is made anew takes to pass them.
  const last = await streamsNow(context);
  if (!unbroken(streams, last)) {
    await context.run(plan.to, forgetVerification(plan.migration));
    throw new PontoonError(
      'NO_STREAM',
      `'${plan.to}' must follow '${plan.from}' without a break while rows are compared, got another stream or conflicts; look for who changed it, and compare them again`,
    );
  }
  await context.run(plan.to, writeVerification(plan.migration, last, { state, results }));
  const sentences = (status: TableVerification['status']): readonly string[] =>
    results
      .filter((result) => result.status === status)
      .map(({ table, reason }) => `${quoteQualified(table)}: ${reason}`);
  return {
    same: sentences('same').length,
    differs: sentences('differs'),
    unchecked: sentences('unchecked').filter((sentence) => !sentence.endsWith(TIME_SPENT)),
    left: results.filter(({ reason }) => reason === TIME_SPENT).length,
  };
}

/** What keeps the rows from counting as verified. */
export async function lookAtRows(context: CutoverContext): Promise<GateFinding> {
  const { to, migration, skipVerification } = context.plan;
  if (skipVerification === true) return undefined;
  if ((await context.runOne(to, verificationExists()))?.exists !== true)
    return 'nothing compared yet';
  const found = await context.runOne(to, findVerification(migration));
  if (found === undefined) return 'nothing compared yet';
  if (!unbroken(found.stream as readonly StreamIdentity[], await streamsNow(context)))
    return 'a comparison of a stream that has ended, had conflicts since, or cannot be told from a later one after a crash';
  const results = resultsIn(found);
  const other = results.find(({ status }) => status !== 'same');
  if (other !== undefined)
    return `${quoteQualified(other.table)} ${other.status} (${other.reason ?? ''})`;
  return await lookAtChanged(context, changedTables(results, await marksNow(context)));
}

/** What is emptied again and again is never compared for long, but as soon as nobody can write, if it is small. */
async function lookAtChanged(
  context: CutoverContext,
  changed: readonly ChangedTable[],
): Promise<GateFinding> {
  const { from, limits, forward } = context.plan;
  const [first] = changed;
  if (first === undefined) return undefined;
  const found = `${quoteQualified(first.table)} ${first.change}`;
  const other = changed.some(({ change }) => change !== REWRITTEN);
  if (
    other ||
    limits.verificationMs === 0 ||
    context.services.connections === undefined ||
    forward.some(({ kind }) => kind === LinkKind.DMS)
  )
    return found;
  const size = await context.runOne(from, bytesOf(changed.map(({ table }) => table)));
  const bytes = Number(size?.bytes) + changed.length * BYTES_FOR_EACH;
  const names = changed.map(({ table }) => quoteQualified(table)).sort();
  return bytes <= limits.verificationMs * BYTES_A_MS
    ? {
        besides: `as it must be, but compared behind the fence again, since it is emptied or written anew: ${names.join(', ')}`,
      }
    : `${found}, and too big to be compared in 'verificationMs' (${limits.verificationMs}) behind the fence; exclude what is always emptied`;
}

/** Every table whose comparison counts no more, of so many; of none where rows need not be compared. */
export async function changedSince(
  context: CutoverContext,
): Promise<{ readonly changed: readonly ChangedTable[]; readonly of: number }> {
  const { to, migration, skipVerification } = context.plan;
  if (skipVerification === true) return { changed: [], of: 0 };
  const found = await context.runOne(to, findVerification(migration));
  const now = await marksNow(context);
  const streams = (found?.stream ?? []) as readonly StreamIdentity[];
  const changed = unbroken(streams, await streamsNow(context))
    ? changedTables(resultsIn(found), now)
    : now.map(({ table }) => ({ table, change: 'compared along a stream that has ended' }));
  return { changed, of: now.length };
}

/** What an earlier call wrote down. */
function resultsIn(found: Row | undefined): readonly NotedResult[] {
  return (found?.results ?? []) as readonly NotedResult[];
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

/** Where `server` is, for sessions of a comparison's own. */
export function connectionOf(context: CutoverContext, server: string) {
  const connection = context.services.connections?.[server];
  if (connection !== undefined) return connection;
  throw new PontoonError(
    'NO_SESSION',
    `rows on '${server}' must be reachable to be compared, got no connection; add it`,
  );
}
