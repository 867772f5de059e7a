import {
  LinkKind,
  logEnd,
  type MarkedTable,
  marksOf,
  NATIVE_SUBSCRIPTIONS,
  type ReplicationPath,
  type SourceMark,
  slotLag,
  sourceMarks,
  type TargetMark,
  targetMarks,
  targetNames,
} from '../../postgres';
import { Deadline } from '../deadline';
import { waitUntil } from '../wait';
import type { CutoverContext } from './context';
import { sqlOf, subscriptionOf } from './paths';
import { selectionThere } from './target-names';

/** How long to wait, in milliseconds, for what a TRUNCATE of a moment ago does on the new writer. */
const FOLLOW_MS = 5_000;

/**
 * Every selected table as it is now; the new writer is asked at once, or to `follow` first. AWS DMS is asked for its own tables.
 */
export async function marksNow(
  context: CutoverContext,
  { follow = false }: { readonly follow?: boolean } = {},
): Promise<readonly MarkedTable[]> {
  const { from, to, selection, forward, transformations = [] } = context.plan;
  const paths = forward.filter(({ kind }) => kind !== LinkKind.DMS);
  const [first] = paths;
  const { carrying } = first === undefined ? NATIVE_SUBSCRIPTIONS : sqlOf(context, first);
  const publications = paths.flatMap(({ publication }) => publication ?? []);
  const subscriptions = paths.map(subscriptionOf);
  const asked = context.run(from, sourceMarks(selection, publications, carrying));
  if (follow) {
    await asked;
    for (const path of paths) await untilFollowed(context, path);
  }
  const [here, there] = await Promise.all([
    asked,
    selectionThere(context).then((selected) =>
      context.run(to, targetMarks(selected, subscriptions, carrying)),
    ),
  ]);
  // The statements' columns are those of the marks.
  return marksOf(
    here as unknown as readonly SourceMark[],
    there as unknown as readonly TargetMark[],
    targetNames(transformations).table,
  );
}

/** Whoever lags behind for long is not waited for: what changes there later is compared again. */
async function untilFollowed(context: CutoverContext, path: ReplicationPath): Promise<void> {
  const end = String((await context.runOne(context.plan.from, logEnd()))?.lsn);
  const patience = Deadline.after(FOLLOW_MS);
  await waitUntil({
    what: `slot '${path.slotName}' on '${path.decoder}' must answer`,
    deadlineMs: 2 * FOLLOW_MS,
    intervalMs: 20,
    probe: async () => {
      const row = await context.runOne(path.decoder, slotLag(path.slotName, end));
      return row === undefined || row.bytes === 0 || patience.remainingMs() === 0
        ? { done: true, value: undefined }
        : { done: false, reason: `${String(row.bytes)} bytes behind` };
    },
  });
}
