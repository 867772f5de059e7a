import {
  changesAreNoted,
  describeSchema,
  lastChange,
  type SchemaPart,
  schemaDifferences,
} from '../../postgres';
import type { CutoverContext } from './context';

const DIFFERENCES_SHOWN = 5;

export async function lookAtSchemas(context: CutoverContext): Promise<string | undefined> {
  const { from, to, selection } = context.plan;
  const [here, there] = await Promise.all(
    [from, to].map(
      async (server) =>
        (await context.run(server, describeSchema(selection))) as unknown as readonly SchemaPart[],
    ),
  );
  const differences = schemaDifferences(here ?? [], there ?? []);
  if (differences.length === 0) return undefined;
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
