import {
  type ChangedTable,
  changedTables,
  findVerification,
  LinkKind,
  type MarkedTable,
  metErrors,
  quoteQualified,
  REWRITTEN,
  type StreamIdentity,
  unbroken,
  verificationExists,
} from '../../postgres';
import type { Row } from '../run';
import type { TableVerification } from '../verify/result';
import type { CutoverContext } from './context';
import { fitsBehindFence } from './fits-behind-fence';
import type { GateFinding } from './gate-schemas';
import { marksNow } from './marks';
import { streamsNow } from './streams';

/** What was found out about a table, and what it was when its comparison began. */
export type NotedResult = MarkedTable & Pick<TableVerification, 'status' | 'reason'>;

/** What keeps the rows from counting as verified. */
export async function lookAtRows(context: CutoverContext): Promise<GateFinding> {
  const { to, migration, skipVerification } = context.plan;
  if (skipVerification === true) return undefined;
  if ((await context.runOne(to, verificationExists()))?.exists !== true)
    return 'nothing compared yet';
  const found = await context.runOne(to, findVerification(migration));
  if (found === undefined) return 'nothing compared yet';
  const [then, now] = [found.stream as readonly StreamIdentity[], await streamsNow(context)];
  if (!unbroken(then, now))
    return 'a comparison of a stream that has ended, had conflicts since, or cannot be told from a later one after a crash';
  const results = resultsIn(found);
  const other = results.find(({ status }) => status !== 'same');
  if (other !== undefined)
    return `${quoteQualified(other.table)} ${other.status} (${other.reason ?? ''})`;
  const marks = await marksNow(context);
  const changed = await lookAtChanged(context, changedTables(results, marks), marks.length);
  if (changed !== undefined || !metErrors(then, now)) return changed;
  return {
    besides: `as it must be, but the stream has met an error since the rows were compared, such as a connection that broke: if anybody got it past one by skipping a transaction, have '${to}' forget them by DELETE FROM pontoon.verification, and compare all rows again`,
  };
}

/** What is emptied again and again is never compared for long, but as soon as nobody can write, if it is small. */
async function lookAtChanged(
  context: CutoverContext,
  changed: readonly ChangedTable[],
  of: number,
): Promise<GateFinding> {
  const { limits, forward } = context.plan;
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
  const names = changed.map(({ table }) => quoteQualified(table)).sort();
  return (await fitsBehindFence(context, changed, of))
    ? {
        besides: `as it must be, but compared behind the fence again, since it was truncated, written anew or given another partition: ${names.join(', ')}`,
      }
    : `${found}, and too big to be compared in 'verificationMs' (${limits.verificationMs}) behind the fence; raise that, compare the rows again once partitions are made ahead, or exclude what is always emptied`;
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
export function resultsIn(found: Row | undefined): readonly NotedResult[] {
  return (found?.results ?? []) as readonly NotedResult[];
}
