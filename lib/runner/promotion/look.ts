import {
  type MemberState,
  memberState,
  PontoonError,
  replacedBy,
  type StandbyState,
  takePromotionLock,
  waitForOwnDisk,
  whoElsePromotes,
} from '../../postgres';
import type { Members, PromotionContext } from './context';

/** Asks every server that answers what it is, and refuses what is no such cluster, or not ours to change. */
export async function look(context: PromotionContext): Promise<Members> {
  const members = new Map<string, MemberState>();
  for (const server of context.members) {
    if (!context.sessions.has(server)) continue;
    const state = await context.runOne(server, memberState());
    if (state !== undefined) members.set(server, state as unknown as MemberState);
  }
  refuseOrdinary(members);
  refuseStrangers(members);
  return members;
}

/**
 * Takes the right to promote on every server that answers, in one order for everybody: two operators who lost the same
 * primary may have two candidates. Where they are connected to different databases, both may be refused.
 */
export async function takeCluster(context: PromotionContext): Promise<void> {
  const [first = ''] = context.members;
  for (const server of [...context.sessions.keys()].toSorted()) {
    await context.run(server, waitForOwnDisk());
    const row = await context.runOne(server, takePromotionLock());
    const holder = await context.runOne(server, whoElsePromotes());
    if (row?.taken === true && holder === undefined) continue;
    throw new PontoonError(
      'HELD',
      `the cluster of '${first}' must have one operator, got another at work on '${server}' (${String(holder?.name ?? 'unknown')}, process ${String(holder?.pid ?? 'unknown')}); wait until it has ended`,
    );
  }
}

/**
 * The server that was promoted already, if one was. Two primaries beside the old one are nobody's intention; one that
 * was replaced before, and is fenced since, is none.
 */
export function promotedAlready(
  { input }: Pick<PromotionContext, 'input'>,
  members: Members,
): string | undefined {
  const { from, to } = input;
  refuseOpenAgain(from, members);
  const primaries = [...members].flatMap(([server, state]) =>
    state.recovering || server === from || replacedBy(state) !== undefined ? [] : [server],
  );
  const [promoted, another] = primaries;
  if (another !== undefined) {
    throw new PontoonError(
      'TWO_PRIMARIES',
      `the cluster of '${from}' must have one new primary, got ${primaries.map((name) => `'${name}'`).join(' and ')}; stop the one that clients do not write to, and rejoin it`,
    );
  }
  if (promoted !== undefined && to !== undefined && promoted !== to) {
    throw new PontoonError(
      'PROMOTED_ANOTHER',
      `'to' must be the primary that is there, got '${to}', and '${promoted}' was promoted; leave 'to' out to have the others follow '${promoted}', or give 'from' as '${promoted}' to replace it`,
    );
  }
  if (promoted === undefined && members.get(from)?.recovering === true) {
    throw new PontoonError(
      'NOT_PRIMARY',
      `'from' must be the primary, got '${from}', which is a standby now, and no other server that answers is a primary; name the present one as 'from'`,
    );
  }
  return promoted;
}

/** A primary that was replaced, and lets clients in all the same, is nobody's to follow. */
function refuseOpenAgain(from: string, members: Members): void {
  for (const [server, state] of members) {
    const other = replacedBy(state);
    if (server === from || state.recovering || state.fenced || other === undefined) continue;
    throw new PontoonError(
      'TWO_PRIMARIES',
      `'${server}' must stay fenced, since '${other}' took its place, got databases that let clients in; stop it, and rejoin it`,
    );
  }
}

/** The standbys among `members`, as far as a choice needs them. */
export function standbysOf(members: Members): StandbyState[] {
  return [...members].flatMap(([server, { recovering, timeline, position }]) =>
    recovering ? [{ server, timeline, position }] : [],
  );
}

function refuseOrdinary(members: Members): void {
  const ordinary = [...members].flatMap(([server, { superuser }]) => (superuser ? [] : [server]));
  if (ordinary.length === 0) return;
  throw new PontoonError(
    'NOT_SUPERUSER',
    `the login of a promotion must be a superuser, since it changes settings of the server, got an ordinary role on ${ordinary.map((name) => `'${name}'`).join(', ')}; name another secret in its connection`,
  );
}

function refuseStrangers(members: Members): void {
  const [[first, { cluster }] = ['', { cluster: '' }]] = members;
  for (const [server, state] of members) {
    if (state.cluster === cluster) continue;
    throw new PontoonError(
      'ANOTHER_CLUSTER',
      `'${server}' must be a copy of the same server as '${first}', got system identifier ${state.cluster} instead of ${cluster}; correct its connection`,
    );
  }
}
