import { type MemberState, PontoonError, placeOf, replacedBy } from '../../postgres';
import type { Members, PromotionContext } from './context';

/** The only timeline that nobody began by a promotion. */
const FIRST_TIMELINE = 1;

/**
 * The server that was promoted already, if one was. Two primaries beside the old one are nobody's intention; one that
 * was replaced before, and is fenced since, is none.
 *
 * @throws PontoonError that says why a primary is nobody's to follow.
 */
export function promotedAlready(
  { input }: Pick<PromotionContext, 'input'>,
  members: Members,
): string | undefined {
  const { from, to } = input;
  refuseOpenAgain(from, members);
  const primaries = primariesBeside(members, from);
  const behind = leftBehind(members, primaries);
  if (behind !== undefined) throw nothingPointed(behind);
  const [promoted, another] = primaries;
  if (another !== undefined) {
    throw new PontoonError(
      'TWO_PRIMARIES',
      `the cluster of '${from}' must have one new primary, got ${primaries.map((name) => `'${name}'`).join(' and ')}; stop the one that clients do not write to, and rejoin it`,
    );
  }
  if (promoted !== undefined) {
    refuseUnpromoted(members, { from, promoted });
    if (to !== undefined && promoted !== to) throw promotedAnother(members, { from, to, promoted });
  }
  if (promoted === undefined && members.get(from)?.recovering === true) {
    throw new PontoonError(
      'NOT_PRIMARY',
      `'from' must be the primary, got '${from}', which is a standby now, and no other server that answers is a primary; name the present one as 'from'`,
    );
  }
  return promoted;
}

/** The primaries that are not `server` itself, and have not noted that they were replaced. */
export function primariesBeside(members: Members, server: string): readonly string[] {
  return [...members].flatMap(([name, state]) =>
    state.recovering || name === server || replacedBy(state) !== undefined ? [] : [name],
  );
}

/** A primary in whose place another server was promoted, and who tells so. */
export interface LeftBehind {
  readonly primary: string;
  readonly timeline: number;
  readonly ahead: string;
  readonly later: number;
}

/** The first of `primaries` that was replaced and came back by itself: nobody has log of a timeline that nobody has begun. */
export function leftBehind(members: Members, primaries: readonly string[]): LeftBehind | undefined {
  for (const primary of primaries) {
    const timeline = members.get(primary)?.timeline ?? 0;
    for (const [ahead, { timeline: later }] of members)
      if (later > timeline) return { primary, timeline, ahead, later };
  }
  return undefined;
}

function nothingPointed({ primary, timeline, ahead, later }: LeftBehind): PontoonError {
  return new PontoonError(
    'ANOTHER_PRIMARY',
    `'${primary}' cannot be the new primary, got timeline ${timeline} there, and '${ahead}' has log of timeline ${later}, so that another server was promoted since, and nothing is pointed to '${primary}'; stop '${primary}', run this again, and rejoin it afterwards`,
  );
}

/** Whoever is promoted in place of a primary begins a timeline, and notes so if a promotion of ours did it. */
function refuseUnpromoted(
  members: Members,
  { from, promoted }: { readonly from: string; readonly promoted: string },
): void {
  const state = members.get(promoted);
  const timeline = state?.timeline;
  const old = members.get(from);
  if (old?.recovering === false && old.timeline === timeline) {
    throw new PontoonError(
      'TWO_PRIMARIES',
      `'${promoted}' must write a later timeline than '${from}' to have taken its place, got timeline ${timeline} on both; stop the one that clients do not write to, and rejoin it with --fresh-copy, since pg_rewind takes them for equal`,
    );
  }
  const replaced = state === undefined ? undefined : placeOf(promoted, state)?.replaced;
  // One that answers writes an earlier timeline, so that whoever was put in another's place is later all the same.
  const elsewhere = old === undefined && replaced?.includes(from) === false;
  if (timeline !== FIRST_TIMELINE && !elsewhere) return;
  const found =
    replaced === undefined
      ? 'was never promoted'
      : `was put in the place of ${replaced.map((name) => `'${name}'`).join(', ')} only`;
  throw new PontoonError(
    'NOT_PRIMARY',
    `'from' must be the present primary, got '${from}', and '${promoted}' is a primary that ${found}; name '${promoted}' as 'from', or, if '${from}' was promoted in its place, stop '${promoted}', and rejoin it`,
  );
}

function promotedAnother(
  members: Members,
  { from, to, promoted }: { readonly from: string; readonly to: string; readonly promoted: string },
): PontoonError {
  const wayOut = takesWrites(members.get(from))
    ? `'${from}' takes writes, too, so stop '${promoted}', rejoin it, and run this again, or, if clients write to '${promoted}', give that as 'to', and say --accept-loss, which gives up what was written to '${from}' since`
    : `leave 'to' out to have the others follow '${promoted}', or give 'from' as '${promoted}' to replace it`;
  return new PontoonError(
    'PROMOTED_ANOTHER',
    `'to' must be the primary that is there, got '${to}', and '${promoted}' was promoted; ${wayOut}`,
  );
}

/** Whoever agreed to a promotion did not agree to lose what an old primary takes beside another one's. */
export function refusePromotedMeanwhile(
  { input: { from } }: Pick<PromotionContext, 'input'>,
  members: Members,
  promoted: string,
): void {
  if (!takesWrites(members.get(from))) return;
  throw new PontoonError(
    'PROMOTED_MEANWHILE',
    `'${from}' must not be given up for a server that was promoted since it was asked, got '${promoted}' promoted, and '${from}' takes writes; run this again, which says what they lose, or, if clients are to stay with '${from}', stop '${promoted}', and rejoin it`,
  );
}

/** Whether a server that answers is a primary which lets clients in. */
export function takesWrites(server: MemberState | undefined): boolean {
  return server !== undefined && !server.recovering && !server.fenced;
}

/** A primary that was replaced, and lets clients in all the same, is nobody's to follow. */
function refuseOpenAgain(from: string, members: Members): void {
  for (const [server, state] of members) {
    const other = replacedBy(state);
    if (server === from || other === undefined || !takesWrites(state)) continue;
    throw new PontoonError(
      'TWO_PRIMARIES',
      `'${server}' must stay fenced, since '${other}' took its place, got databases that let clients in; stop it, and rejoin it`,
    );
  }
}
