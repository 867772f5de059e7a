import {
  type GrantedRights,
  lackingRights,
  missingRoles,
  quoteQualified,
  rightsOfLogins,
  rightsOfRoles,
  type Statement,
  targetNames,
} from '../../postgres';
import type { CutoverContext } from './context';
import { keptOn } from './fence';
import type { GateFinding } from './gate-schemas';
import { selectionThere, sequencesOf } from './target-names';

/** What a login of an application may do on the old writer, and could not on the new one, when nothing can be undone. */
export async function lookAtApplications(context: CutoverContext): Promise<GateFinding> {
  const { from, to, selection, forward, reverse = [], transformations = [] } = context.plan;
  const writers = [...forward, ...reverse].flatMap(({ writer }) => writer ?? []);
  const known = [...(await keptOn(context, from)), ...writers];
  const here = await granted(context, from, rightsOfLogins(selection, known));
  const logins = [...new Set(here.flatMap(({ rights }) => (rights ?? []).map(([login]) => login)))];
  const missing = (await context.run(to, missingRoles(logins))).map(({ name }) => String(name));
  const there = await granted(context, to, rightsOfRoles(await selectionThere(context), logins));
  const names = targetNames(transformations);
  const { pairs } = await sequencesOf(context);
  const sequences = new Map(pairs.map((pair) => [quoteQualified(pair.from), pair.to]));
  const lacking = lackingRights(here, there, (kind, name) => {
    if (kind === 'schema') return { schema: names.schema(name.schema), name: '' };
    return kind === 'table' ? names.table(name) : sequences.get(quoteQualified(name));
  });
  // A login that nobody made there, and that only reads, may be one that nobody uses any more.
  const writing = new Set(
    lacking.filter(({ right }) => !/^(SELECT|USAGE)$/.test(right)).map(({ login }) => login),
  );
  const serious = lacking.filter(({ login }) => !missing.includes(login) || writing.has(login));
  const [first] = serious;
  if (first !== undefined) {
    const more = serious.length === 1 ? '' : `, and ${serious.length - 1} more of the kind`;
    const why = missing.includes(first.login) ? ', where it does not exist' : '';
    return `role '${first.login}', which may ${first.right} ${first.what} on '${from}', and may not on '${to}'${why}${more}`;
  }
  return missing.length === 0
    ? undefined
    : {
        besides: `as it must be, but '${to}' lacks roles that read on '${from}': ${missing.join(', ')}`,
      };
}

async function granted(
  context: CutoverContext,
  server: string,
  asked: Statement,
): Promise<readonly GrantedRights[]> {
  // The statement's columns are those of the type.
  return (await context.run(server, asked)) as unknown as readonly GrantedRights[];
}
