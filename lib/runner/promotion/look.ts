import {
  type MemberState,
  memberState,
  PontoonError,
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
    if (row?.taken === true && holder === undefined) {
      context.holding.set(server, String(row.session));
      continue;
    }
    throw new PontoonError(
      'HELD',
      `the cluster of '${first}' must have one operator, got another at work on '${server}' (${String(holder?.name ?? 'unknown')}, process ${String(holder?.pid ?? 'unknown')}); wait until it has ended`,
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
