import {
  lsnDistance,
  type MemberState,
  memberState,
  PontoonError,
  receiverState,
  type StandbyState,
  writeMark,
} from '../../postgres';
import { waitUntil } from '../wait';
import { choose } from './choose';
import type { Members, PromotionContext } from './context';
import { positionOf } from './fence';

/** How late a standby may be: about as long as clients would wait behind the fence. */
const LATE_MS = 6_000;
const LOOK_AGAIN_MS = 50;

/**
 * The standby to promote in place of a primary that answers: it gets what that writes, so that nobody waits behind the
 * fence for one that is cut off. `mark` is whether something of ours may be written for it to get.
 *
 * @throws PontoonError with code NOT_STREAMING.
 */
export async function chooseStreaming(
  context: PromotionContext,
  members: Members,
  { mark }: { readonly mark: boolean },
): Promise<StandbyState> {
  const streaming = new Map<string, MemberState>();
  for (const [server, state] of members) {
    if (await streams(context, server)) streaming.set(server, state);
  }
  const free = context.input.to === undefined && streaming.size > 0;
  const candidate = choose(context, free ? streaming : members);
  if (mark) await context.run(context.input.from, writeMark());
  await requireStreaming(context, candidate.server);
  return candidate;
}

async function requireStreaming(context: PromotionContext, to: string): Promise<void> {
  const { from } = context.input;
  const { position } = await positionOf(context, from);
  const ends = performance.now() + LATE_MS;
  const late = await waitUntil({
    what: `'${to}' must say what it has of the log`,
    deadlineMs: 2 * LATE_MS,
    intervalMs: LOOK_AGAIN_MS,
    probe: async () => {
      const reason = await behind(context, to, position);
      return reason === undefined || performance.now() > ends
        ? { done: true, value: reason }
        : { done: false, reason };
    },
  });
  if (late === undefined) return;
  throw new PontoonError(
    'NOT_STREAMING',
    `'${to}' must stream what '${from}' writes before it takes its place, got ${late} for ${LATE_MS / 1000} s; look at its log and have it stream, or name another standby as 'to'`,
  );
}

/** What keeps `to` from having the log up to `position`. */
async function behind(
  context: PromotionContext,
  to: string,
  position: string,
): Promise<string | undefined> {
  const state = (await context.runOne(to, memberState())) as unknown as MemberState;
  if (!(await streams(context, to))) return 'no stream';
  return lsnDistance(state.position, position) > 0n
    ? `${state.position} of ${position}`
    : undefined;
}

async function streams(context: PromotionContext, server: string): Promise<boolean> {
  return (await context.runOne(server, receiverState())) !== undefined;
}
