import {
  changesAreNoted,
  describeSchema,
  lastChange,
  type PlacedPart,
  renamedDifferences,
  schemaDifferences,
  type TableSelection,
  targetNames,
} from '../../postgres';
import type { CutoverContext } from './context';
import { selectionThere } from './target-names';

/** What keeps a gate closed, or could not be looked at; or what an open one has to say; undefined if there is nothing. */
export type GateFinding =
  | string
  | { readonly unchecked: string; readonly wayOut: string }
  | { readonly besides: string }
  | undefined;

const DIFFERENCES_SHOWN = 5;

/** What keeps the schemas from counting as the same; or, if nothing does, what could not be compared or is left out. */
export async function lookAtSchemas(context: CutoverContext): Promise<GateFinding> {
  const { from, to, selection, transformations } = context.plan;
  const describe = async (server: string, selected: TableSelection) =>
    (await context.run(server, describeSchema(selected))) as unknown as readonly PlacedPart[];
  const selectedThere = await selectionThere(context);
  const [here, there] = await Promise.all([describe(from, selection), describe(to, selectedThere)]);
  const { differences, notCompared, leftOut } =
    transformations === undefined
      ? { differences: schemaDifferences(here, there), notCompared: [], leftOut: [] }
      : renamedDifferences(here, there, targetNames(transformations));
  if (differences.length === 0) return besidesDifferences(notCompared, leftOut);
  const more = differences.length - DIFFERENCES_SHOWN;
  const shown = differences.slice(0, DIFFERENCES_SHOWN).join('; ');
  return `on '${to}': ${shown}${more > 0 ? `; and ${more} more` : ''}${await whoChanged(context)}`;
}

function besidesDifferences(
  notCompared: readonly string[],
  leftOut: readonly string[],
): GateFinding {
  if (notCompared.length > 0)
    return {
      unchecked: `texts in which names cannot be told apart, of ${notCompared.join('; ')}`,
      wayOut:
        'look at each on both servers; drop it there until the cutover has ended, or rename what shares a name with what is renamed',
    };
  if (leftOut.length === 0) return undefined;
  return {
    besides: `as it must be, without what goes with a column that is left out: ${leftOut.join('; ')}`,
  };
}

/** Who changed the schema last, where changes are noted. */
async function whoChanged(context: CutoverContext): Promise<string> {
  const { from } = context.plan;
  if ((await context.runOne(from, changesAreNoted()))?.noted !== true) return '';
  const change = await context.runOne(from, lastChange());
  if (change === undefined) return '';
  return ` (the last change on '${from}': ${String(change.tag)} of ${String(change.object)} by '${String(change.role)}' at ${String(change.at)})`;
}
