import {
  LinkKind,
  type MarkedTable,
  marksOf,
  type SourceMark,
  sourceMarks,
  type TargetMark,
  targetMarks,
} from '../../postgres';
import type { CutoverContext } from './context';
import { subscriptionOf } from './paths';

/** Every selected table as it is now. */
export async function marksNow(context: CutoverContext): Promise<readonly MarkedTable[]> {
  const { from, to, selection, forward } = context.plan;
  const native = forward.filter(({ kind }) => kind === LinkKind.NATIVE);
  const publications = native.flatMap(({ publication }) => publication ?? []);
  const [here, there] = await Promise.all([
    context.run(from, sourceMarks(selection, publications)),
    native.length === 0 ? [] : context.run(to, targetMarks(selection, native.map(subscriptionOf))),
  ]);
  // The statements' columns are those of the marks.
  return marksOf(
    here as unknown as readonly SourceMark[],
    there as unknown as readonly TargetMark[],
  );
}
