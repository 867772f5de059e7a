import {
  type ListedSequence,
  listSequences,
  pairSequences,
  type QualifiedName,
  type SequencePair,
  selectedTables,
  type TableSelection,
  targetNames,
  targetSelection,
} from '../../postgres';
import type { CutoverContext } from './context';

/** What is replicated, under the names of the new writer. */
export async function selectionThere(context: CutoverContext): Promise<TableSelection> {
  const { from, selection, transformations } = context.plan;
  if (transformations === undefined) return selection;
  const reached = await context.run(from, selectedTables(selection));
  return targetSelection(
    selection,
    reached as unknown as readonly QualifiedName[],
    targetNames(transformations),
  );
}

/** What a comparison of rows has to be told of names. */
export function renamesOf({ plan: { transformations } }: CutoverContext) {
  return transformations === undefined ? {} : { transformations };
}

/** The sequences of the old writer with those of the new one, and all that the new one has. */
export async function sequencesOf(context: CutoverContext): Promise<{
  readonly pairs: readonly SequencePair[];
  readonly there: readonly ListedSequence[];
}> {
  const { from, to, selection, transformations } = context.plan;
  const list = async (server: string, selected: TableSelection) =>
    (await context.run(server, listSequences(selected))) as unknown as readonly ListedSequence[];
  const here = await list(from, selection);
  const there = await list(to, await selectionThere(context));
  const pairs =
    transformations === undefined
      ? here.map((one) => ({ from: one, to: one }))
      : pairSequences(here, there, targetNames(transformations));
  return { pairs, there };
}
