import {
  type FoundSequence,
  listSequences,
  pairSequences,
  type QualifiedName,
  quoteQualified,
  selectedTables,
  type TableSelection,
  targetNames,
  targetSelection,
} from '../../postgres';
import type { Sequences } from './ahead';
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
export async function sequencesOf(context: CutoverContext): Promise<Sequences> {
  const { from, to, selection, transformations } = context.plan;
  const list = async (server: string, selected: TableSelection) =>
    (await context.run(server, listSequences(selected))) as unknown as readonly FoundSequence[];
  const selectedThere = await selectionThere(context);
  // Applications may wait for this behind the fence, so that both servers are asked at once.
  const [all, allThere] = await Promise.all([list(from, selection), list(to, selectedThere)]);
  const here = all.filter(({ known }) => known);
  const there = allThere.filter(({ known }) => known);
  const names = targetNames(transformations ?? []);
  const named = new Map(
    allThere.filter(({ known }) => !known).map((one) => [quoteQualified(one), one]),
  );
  return {
    pairs:
      transformations === undefined
        ? here.map((one) => ({ from: one, to: one }))
        : pairSequences(here, there, names),
    strays: all
      .filter(({ known }) => !known)
      .map((one) => ({
        from: one,
        to: named.get(quoteQualified({ schema: names.schema(one.schema), name: one.name })),
      })),
    there,
  };
}
