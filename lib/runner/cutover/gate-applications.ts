import {
  administrators,
  admittedBy,
  type GrantedRights,
  hindrances,
  lackingRights,
  missingRoles,
  quoteQualified,
  rightsOfLogins,
  rightsOfRoles,
  type Statement,
  targetNames,
} from '../../postgres';
import type { CutoverContext } from './context';
import { accessOf, keptOn } from './fence';
import type { GateFinding } from './gate-schemas';
import { keptOutByGuard, namedOnOldWriter } from './opening';
import { selectionThere, sequencesOf } from './target-names';

/** What a login of an application may do on the old writer, and could not on the new one, when nothing can be undone. */
export async function lookAtApplications(context: CutoverContext): Promise<GateFinding> {
  const {
    from,
    to,
    selection,
    forward,
    reverse = [],
    transformations = [],
    logins = {},
  } = context.plan;
  const writers = [...forward, ...reverse].flatMap(({ writer }) => writer ?? []);
  const known = [...(await keptOn(context, from)), ...writers];
  const here = await granted(context, from, rightsOfLogins(selection, known));
  const loginThere = (login: string) => logins[login] ?? login;
  const users = [...new Set(here.flatMap(({ rights }) => (rights ?? []).map(([login]) => login)))];
  const usersThere = users.map(loginThere);
  const missingThere = namesIn(await context.run(to, missingRoles(usersThere)));
  const missing = users.filter((login) => missingThere.includes(loginThere(login)));
  const administering = namesIn(await context.run(from, administrators(missing)));
  const there = await granted(
    context,
    to,
    rightsOfRoles(await selectionThere(context), usersThere),
  );
  const names = targetNames(transformations);
  const { pairs } = await sequencesOf(context);
  const sequences = new Map(pairs.map((pair) => [quoteQualified(pair.from), pair.to]));
  const lacking = lackingRights(here, there, {
    login: loginThere,
    thing: (kind, name) => {
      if (kind === 'schema') return { schema: names.schema(name.schema), name: '' };
      return kind === 'table' ? names.table(name) : sequences.get(quoteQualified(name));
    },
  });
  // A login that nobody made there, and that only reads, may be one that nobody uses any more; who administers the one
  // server may have another name on the other.
  const writing = new Set(
    lacking
      .filter(
        ({ login, right }) => !/^(SELECT|USAGE)/.test(right) && !administering.includes(login),
      )
      .map(({ login }) => login),
  );
  const serious = lacking
    .filter(({ login }) => !missing.includes(login) || writing.has(login))
    .map(({ login, right, what }) => {
      const why = missing.includes(login) ? ', where it does not exist' : '';
      const as = loginThere(login) === login ? '' : ` as '${loginThere(login)}'`;
      return `role '${login}', which may ${right} ${what} on '${from}', and may not${as} on '${to}'${why}`;
    });
  const reasons = [...(await newHindrances(context, usersOf(here))), ...serious];
  const [first] = reasons;
  if (first !== undefined)
    return `${first}${reasons.length === 1 ? '' : `, and ${reasons.length - 1} more of the kind`}`;
  return missing.length === 0
    ? undefined
    : {
        besides: `as it must be, but '${to}' lacks roles that only read on '${from}', or administer it: ${missing.map(loginThere).join(', ')}`,
      };
}

function namesIn(rows: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  return rows.map(({ name }) => String(name));
}

/** Logins that may do anything with a table. */
function usersOf(granted: readonly GrantedRights[]): readonly string[] {
  return granted.flatMap(({ kind, rights }) =>
    kind === 'table' ? (rights ?? []).map(([login]) => login) : [],
  );
}

/** What keeps `logins` from coming in and writing on the new writer once it is open, and not on the old one. */
async function newHindrances(
  context: CutoverContext,
  logins: readonly string[],
): Promise<readonly string[]> {
  const { from, to, logins: names = {} } = context.plan;
  const before = (await context.journal(to))?.connectBefore ?? (await keptOutByGuard(context));
  const of = async (server: string, users: readonly string[], connect: readonly string[]) =>
    (await context.run(server, hindrances(users, connect))).map(
      ({ name, what }) => [String(name), String(what)] as const,
    );
  const loginThere = (login: string) => names[login] ?? login;
  const found = await of(from, logins, ['']);
  const here = new Set(found.map(([name, what]) => String([loginThere(name), what])));
  const admitted =
    before === undefined
      ? (await accessOf(context, to)).connect
      : admittedBy(before, await namedOnOldWriter(context, await context.journal(from)));
  const there = await of(to, logins.map(loginThere), admitted);
  return there
    .filter((one) => !here.has(String(one)))
    .map(([name, what]) => `role '${name}', which on '${to}' ${what}`);
}

async function granted(
  context: CutoverContext,
  server: string,
  asked: Statement,
): Promise<readonly GrantedRights[]> {
  // The statement's columns are those of the type.
  return (await context.run(server, asked)) as unknown as readonly GrantedRights[];
}
