import {
  leadsTo,
  lsnDistance,
  type MemberState,
  memberSlot,
  memberState,
  PontoonError,
  type ReplayState,
  receiverState,
  replayState,
  type StandbyState,
  writeMark,
} from '../../postgres';
import { messageOf } from '../message-of';
import { waitUntil } from '../wait';
import { choose } from './choose';
import type { Members, PromotionContext } from './context';
import { positionOf } from './fence';
import { pointBack, provideSlot, repoint, withdrawSlot } from './follow';

/** How late a standby may be: about as long as clients would wait behind the fence. */
const LATE_MS = 6_000;
const LOOK_AGAIN_MS = 50;

/**
 * The standby to promote in place of a primary that answers: it gets what that writes, so that nobody waits behind the
 * fence for one that is cut off. `mark` is whether something of ours may be written for it to get, and one that streams
 * from another standby pointed to the primary.
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
    if (isPointed(context, state, server) && (await streams(context, server)))
      streaming.set(server, state);
  }
  const free = context.input.to === undefined && streaming.size > 0;
  const candidate = choose(context, free ? streaming : members);
  if (mark) await context.run(context.input.from, writeMark());
  const state = members.get(candidate.server);
  if (state === undefined || isPointed(context, state, candidate.server))
    await requireStreaming(context, candidate.server);
  else if (mark) await streamDirectly(context, members, candidate.server);
  return candidate;
}

/** Whether `server` is told to stream from the primary itself. */
export function isPointed(
  { input: { from, connections } }: PromotionContext,
  { conninfo }: MemberState,
  server: string,
): boolean {
  const connection = connections[from];
  return connection === undefined || leadsTo(conninfo, server, connection);
}

/** A standby that it streams from is to follow it, and behind the fence each would wait for the other. */
async function streamDirectly(
  context: PromotionContext,
  members: Members,
  to: string,
): Promise<void> {
  const { from, topology } = context.input;
  const slot = memberSlot(topology, to);
  const made = await provideSlot(context, from, slot);
  try {
    await repoint(context, to, { to: from, members });
    await requireStreaming(context, to);
  } catch (error) {
    await pointBack(context, to, members).catch((failure: unknown) =>
      context.note(`'${to}' may not stream from whom it did before: ${messageOf(failure)}`),
    );
    if (made)
      await withdrawSlot(context, from, slot).catch((failure: unknown) =>
        context.note(`'${from}' may keep its log for '${to}': ${messageOf(failure)}`),
      );
    throw error;
  }
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
      const found =
        (await unsent(context, to, position)) ?? (await unplayed(context, to, position));
      return found === undefined || performance.now() > ends
        ? { done: true, value: found }
        : { done: false, reason: found.got };
    },
  });
  if (late === undefined) return;
  throw new PontoonError(
    'NOT_STREAMING',
    `'${to}' must ${late.must} what '${from}' writes before it takes its place, got ${late.got} for ${LATE_MS / 1000} s; ${late.wayOut}, or name another standby as 'to'`,
  );
}

/** What keeps a standby from taking the place of a primary at once. */
interface Hindrance {
  readonly must: 'stream' | 'replay';
  readonly got: string;
  readonly wayOut: string;
}

/** What keeps `to` from having the log up to `position`. */
async function unsent(
  context: PromotionContext,
  to: string,
  position: string,
): Promise<Hindrance | undefined> {
  const state = (await context.runOne(to, memberState())) as unknown as MemberState;
  const hindrance = (got: string): Hindrance => ({
    must: 'stream',
    got,
    wayOut: 'look at its log and have it stream',
  });
  if (!(await streams(context, to))) return hindrance('no stream');
  return lsnDistance(state.position, position) > 0n
    ? hindrance(`${state.position} of ${position}`)
    : undefined;
}

/** What keeps `to` from replaying the log up to `position`, which it would have to before it takes writes. */
async function unplayed(
  context: PromotionContext,
  to: string,
  position: string,
): Promise<Hindrance | undefined> {
  const state = (await context.runOne(to, replayState())) as unknown as ReplayState;
  if (state.idle || lsnDistance(state.position, position) <= 0n) return undefined;
  const got = `${state.position} replayed of ${position}`;
  return { must: 'replay', got, wayOut: havingReplay(state) };
}

function havingReplay({ paused, delayed }: ReplayState): string {
  if (paused) return 'have it go on by pg_wal_replay_resume()';
  return delayed
    ? 'reset its recovery_min_apply_delay'
    : 'end the queries on it that hold up its replay, see pg_stat_activity there';
}

async function streams(context: PromotionContext, server: string): Promise<boolean> {
  return (await context.runOne(server, receiverState())) !== undefined;
}
