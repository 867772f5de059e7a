import { isRecovering, PontoonError, promoteServer, timelineOf } from '../../postgres';
import { messageOf } from '../message-of';
import { type Probe, waitUntil } from '../wait';
import type { Members, NotFollowing, PromotionContext, PromotionOutcome } from './context';
import { forgetFollowers, repoint, untilFollowed } from './follow';
import { noteQuorum, waitingOn } from './quorum';
import { archiveRemarks } from './remarks';

// A standby asks for several files of the archive first, each of which may take as long as it gives it.
const PROMOTE_MS = 120_000;
const LOOK_AGAIN_MS = 10;
/** libpq goes on to the next of several hosts after no answer, and after a wrong session, but not after this refusal. */
const FENCED =
  "it is fenced, and has to be stopped or rejoined now: clients that know all hosts end there, at 'too many connections'";

/** The new primary, and who is to follow it. */
export interface Repointing {
  readonly to: string;
  readonly others: readonly string[];
}

/** Has `others` follow `to`, and returns who could not be told. A server that cannot keeps nobody else waiting. */
export async function repointAll(
  context: PromotionContext,
  members: Members,
  { to, others }: Repointing,
): Promise<readonly NotFollowing[]> {
  const ends = await Promise.allSettled(
    others.map((other) => repoint(context, other, { to, members })),
  );
  return ends.flatMap((end, index) => {
    const server = others[index];
    if (end.status === 'fulfilled' || server === undefined) return [];
    return [{ server, reason: messageOf(end.reason), late: true }];
  });
}

/** Milliseconds that a standby has to become a primary. */
export function promotionMs({ services }: PromotionContext): number {
  return services.promotionMs ?? PROMOTE_MS;
}

/**
 * Makes `to` a primary, and waits until it is one. Nothing may be taken back however this ends: it may have been told.
 */
export async function promoteNow(context: PromotionContext, to: string): Promise<void> {
  await context.run(to, promoteServer());
  await waitUntil({
    what: `'${to}' must be a primary`,
    wayOut:
      'look at its log, at what its restore_command waits for, and at queries there that hold up its replay, and run this again',
    deadlineMs: promotionMs(context),
    intervalMs: LOOK_AGAIN_MS,
    probe: async (): Promise<Probe<undefined>> => {
      const row = await context.runOne(to, isRecovering());
      if (row?.recovering === false) return { done: true, value: undefined };
      return { done: false, reason: 'a standby that replays' };
    },
  });
}

/**
 * The timeline that the primary `to` writes, and where it began.
 *
 * @throws PontoonError with code NO_HISTORY.
 */
export async function timelineAt(
  context: PromotionContext,
  to: string,
): Promise<{ readonly timeline: number; readonly began: string }> {
  const { timeline, began } = await forkOf(context, to);
  if (began === undefined) throw noHistory(to, timeline);
  return { timeline, began };
}

/** The same, for one that may have lost the history of its timeline. */
export async function forkOf(
  context: PromotionContext,
  to: string,
): Promise<{ readonly timeline: number; readonly began: string | undefined }> {
  const row = await context.runOne(to, timelineOf());
  const began = typeof row?.began === 'string' ? row.began : undefined;
  return { timeline: Number(row?.timeline), began };
}

/** Nobody can follow a server that cannot say where its timeline began. */
export function noHistory(to: string, timeline: number, done = ''): PontoonError {
  return new PontoonError(
    'NO_HISTORY',
    `'${to}' must have the history of its timeline, which is ${timeline}, got no '${historyOf(timeline)}' that says where it began${done}; copy it there from a standby, or from the archive, and run this again`,
  );
}

/** The file with the history of `timeline`. */
export function historyOf(timeline: number): string {
  return `pg_wal/${timeline.toString(16).toUpperCase().padStart(8, '0')}.history`;
}

/** What is left to do once `to` takes writes. */
export async function settle(
  context: PromotionContext,
  { to, others, failed }: Repointing & { readonly failed: readonly NotFollowing[] },
): Promise<Pick<PromotionOutcome, 'following' | 'notFollowing' | 'commitsWait' | 'remarks'>> {
  context.step('follow');
  // What reads the control file, such as pg_rewind and a host that boots, takes the timeline of the last checkpoint.
  await context.checkpoint(to);
  const repointed = without(others, failed);
  const late = await untilFollowed(context, to, repointed);
  const following = without(repointed, late);
  for (const server of following) await forgetFollowers(context, server);
  await noteQuorum(context, to);
  const { commitsWait, remarks } = await waitingOn(context, to, following);
  return {
    following,
    notFollowing: [...failed, ...late, ...away(context, { to, others })],
    commitsWait,
    remarks: [...remarks, ...context.remarks, ...(await archiveRemarks(context, to))],
  };
}

function away(context: PromotionContext, { to, others }: Repointing): NotFollowing[] {
  return context.members.flatMap((server): NotFollowing[] => {
    const reason = context.absent.get(server)?.reason;
    if (reason !== undefined) return [{ server, reason, late: false }];
    return server !== to && !others.includes(server)
      ? [{ server, reason: FENCED, late: false }]
      : [];
  });
}

/** Those of `servers` that are not among `left`. */
export function without(servers: readonly string[], left: readonly NotFollowing[]): string[] {
  return servers.filter((name) => !left.some(({ server }) => server === name));
}
