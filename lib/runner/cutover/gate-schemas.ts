import {
  changesAreNoted,
  describeSchema,
  LinkKind,
  lastChange,
  missingExtensions,
  type PlacedPart,
  PontoonError,
  renamedDifferences,
  schemaDifferences,
  type TableSelection,
  targetNames,
} from '../../postgres';
import type { CutoverContext } from './context';
import { selectionThere } from './target-names';

/**
 * What keeps a gate closed, with a way out unless it is the gate's own, or could not be looked at; or what an open one has
 * to say; undefined if there is nothing.
 */
export type GateFinding =
  | string
  | { readonly closed: string; readonly wayOut: string }
  | { readonly unchecked: string; readonly wayOut: string }
  | { readonly besides: string }
  | undefined;

const DIFFERENCES_SHOWN = 5;

/** What keeps the schemas from counting as the same; or, if nothing does, what could not be compared or is left out. */
export async function lookAtSchemas(context: CutoverContext): Promise<GateFinding> {
  const { from, to, selection, transformations, forward, reverse, logins } = context.plan;
  // Nobody decodes what is written there.
  const unread = reverse === undefined && forward.every(({ kind }) => kind === LinkKind.DMS);
  const describe = async (server: string, selected: TableSelection, called = {}) => {
    const parts = (await context.run(server, describeSchema(selected, called))) as unknown;
    return (parts as readonly PlacedPart[]).filter(
      ({ kind }) => !(unread && kind === 'replica identity'),
    );
  };
  const selectedThere = await selectionThere(context);
  const [here, there] = await Promise.all([
    describe(from, selection, logins),
    describe(to, selectedThere),
  ]);
  const { differences, notCompared, leftOut } =
    transformations === undefined
      ? { differences: schemaDifferences(here, there), notCompared: [], leftOut: [] }
      : renamedDifferences(here, there, targetNames(transformations));
  const extensions = missingExtensions(here, there);
  if (differences.length === 0) return besidesDifferences(to, notCompared, leftOut, extensions);
  const all = [...extensions.map((name) => `extension ${name} is missing`), ...differences];
  const more = all.length - DIFFERENCES_SHOWN;
  const shown = all.slice(0, DIFFERENCES_SHOWN).join('; ');
  const closed = `on '${to}': ${shown}${more > 0 ? `; and ${more} more` : ''}${await whoChanged(context)}`;
  return differences.some((one) => LEFT_OFF.test(one))
    ? { closed, wayOut: `${COPY}; ${putRowSecurityOn(context)}` }
    : closed;
}

/** Row security that only the old writer has, or that only there holds for owners too. */
const LEFT_OFF = /^row security .* is (?:missing|")/;

/** How to make the same change. */
export const COPY = 'make the same change on the other server, or copy the schema again';

/** Whoever replicates to a table may have to be let past its policies, and so it may have been left without on purpose. */
function putRowSecurityOn({ plan: { to, forward } }: CutoverContext): string {
  const writers = forward.flatMap(({ writer }) => (writer === undefined ? [] : `'${writer}'`));
  const who = writers.length === 0 ? 'the owner of the subscription' : writers.join(' and ');
  return `where row security was left off for what is replicated, GRANT the owner of the table to ${who} on '${to}', for whom it does not hold then, and only then ENABLE ROW LEVEL SECURITY there; where it is forced, ALTER ROLE BYPASSRLS for ${who} instead, or NO FORCE ROW LEVEL SECURITY on both servers`;
}

/** Fails unless both schemas are the same. */
export async function refuseOtherSchema(context: CutoverContext): Promise<void> {
  const found = await lookAtSchemas(context);
  const reason = typeof found === 'object' && 'closed' in found ? found.closed : found;
  if (typeof reason !== 'string') return;
  throw new PontoonError(
    'SCHEMAS_DIFFER',
    `the schemas must not change while writers are switched, got ${reason}; make the same change on the other server, or copy the schema again`,
  );
}

function besidesDifferences(
  to: string,
  notCompared: readonly string[],
  leftOut: readonly string[],
  extensions: readonly string[],
): GateFinding {
  if (notCompared.length > 0)
    return {
      unchecked: `texts in which names cannot be told apart, of ${notCompared.join('; ')}`,
      wayOut:
        'look at each on both servers; drop it there until the cutover has ended, or rename what shares a name with what is renamed',
    };
  const said = [
    ...(leftOut.length === 0
      ? []
      : [`without what goes with a column that is left out: ${leftOut.join('; ')}`]),
    ...(extensions.length === 0
      ? []
      : [
          `but '${to}' lacks extensions that no selected table is made of, though applications may call them: ${extensions.join(', ')}`,
        ]),
  ];
  return said.length === 0 ? undefined : { besides: `as it must be, ${said.join('; ')}` };
}

/** Who changed the schema last, where changes are noted. */
async function whoChanged(context: CutoverContext): Promise<string> {
  const { from } = context.plan;
  if ((await context.runOne(from, changesAreNoted()))?.noted !== true) return '';
  const change = await context.runOne(from, lastChange());
  if (change === undefined) return '';
  return ` (the last change on '${from}': ${String(change.tag)} of ${String(change.object)} by '${String(change.role)}' at ${String(change.at)})`;
}
