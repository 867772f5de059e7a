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

/** What keeps a gate closed; or what an open one has to say; undefined if there is neither. */
export type GateFinding = string | { readonly besides: string } | undefined;

const DIFFERENCES_SHOWN = 5;

/** What keeps the schemas from counting as the same; or, if nothing does, what could not be compared. */
export async function lookAtSchemas(context: CutoverContext): Promise<GateFinding> {
  const { from, to, selection, transformations } = context.plan;
  const describe = async (server: string, selected: TableSelection) =>
    (await context.run(server, describeSchema(selected))) as unknown as readonly PlacedPart[];
  const selectedThere = await selectionThere(context);
  const [here, there] = await Promise.all([describe(from, selection), describe(to, selectedThere)]);
  const { differences, notCompared } =
    transformations === undefined
      ? { differences: schemaDifferences(here, there), notCompared: [] }
      : renamedDifferences(here, there, targetNames(transformations));
  if (differences.length === 0)
    return notCompared.length === 0
      ? undefined
      : {
          besides: `as far as names tell; not compared, since their texts may hold renamed or removed names: ${notCompared.join('; ')}`,
        };
  const more = differences.length - DIFFERENCES_SHOWN;
  const shown = differences.slice(0, DIFFERENCES_SHOWN).join('; ');
  return `on '${to}': ${shown}${more > 0 ? `; and ${more} more` : ''}${await whoChanged(context)}`;
}

/** Who changed the schema last, where changes are noted. */
async function whoChanged(context: CutoverContext): Promise<string> {
  const { from } = context.plan;
  if ((await context.runOne(from, changesAreNoted()))?.noted !== true) return '';
  const change = await context.runOne(from, lastChange());
  if (change === undefined) return '';
  return ` (the last change on '${from}': ${String(change.tag)} of ${String(change.object)} by '${String(change.role)}' at ${String(change.at)})`;
}
