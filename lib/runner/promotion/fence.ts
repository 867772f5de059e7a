import { setTimeout as delay } from 'node:timers/promises';
import {
  type DatabaseLimit,
  type DatabaseSession,
  databaseLimits,
  fenceDatabases,
  type LogPosition,
  liftDatabases,
  logPosition,
  lsnDistance,
  memberState,
  noteReplaced,
  PontoonError,
  type Statement,
  sessionsInDatabases,
  sql,
  terminate,
  writeMark,
} from '../../postgres';
import { OpeningSessions } from '../opening-sessions';
import { runAtEnd } from '../run';
import { Visitors } from '../visitors';
import { type Probe, waitUntil } from '../wait';
import type { PromotionContext } from './context';

const END_SESSIONS_MS = 10_000;
const CATCH_UP_MS = 60_000;
const LOOK_AGAIN_MS = 10;
/** A probe of monitoring, which no fence keeps out, is gone by then. */
const VISIT_MS = 2_000;

/** Who may take writes in place of a primary, and the timeline that this one writes. */
export interface Replacement {
  readonly server: string;
  readonly timeline: number;
}

/** Lets nobody into any database of `server` any more, also into one that is made meanwhile, and ends who is there. */
export async function fenceServer(
  context: PromotionContext,
  server: string,
  replacement?: Replacement,
): Promise<void> {
  do {
    const databases = await limitsOf(context, server);
    const note = replacement === undefined ? [] : noteReplaced(databases, replacement);
    await together(context, server, [...fenceDatabases(databases), ...note]);
    await sendAway(context, server, refuseWhoStays(server));
  } while (!(await isFenced(context, server)));
}

/**
 * Ends who is behind the fence of `server`, if anybody is, and says who is there that no fence ends. It refuses nobody.
 */
export async function sendOrdinaryAway(
  context: PromotionContext,
  server: string,
): Promise<{ readonly ended: boolean; readonly left: readonly string[] }> {
  let left: readonly string[] = [];
  const ended = await sendAway(context, server, (visitors) => {
    left = visitors.map(describe);
    return false;
  });
  return { ended, left };
}

/** Lets in again who was let in before the fence; false if there was none. */
export async function liftServer(context: PromotionContext, server: string): Promise<boolean> {
  const fenced = (await limitsOf(context, server)).filter(({ before }) => before !== null);
  if (fenced.length > 0) await together(context, server, liftDatabases(fenced));
  return fenced.length > 0;
}

/** Has the fenced `server` remember that another one may take writes from now on. */
export async function noteReplacement(
  context: PromotionContext,
  server: string,
  replacement: Replacement,
): Promise<void> {
  const databases = await limitsOf(context, server);
  await together(context, server, noteReplaced(databases, replacement));
}

/** Whether `server` is fenced, and everybody in it is sent away. */
export async function isFenced(context: PromotionContext, server: string): Promise<boolean> {
  return (await limitsOf(context, server)).every(({ before }) => before !== null);
}

/**
 * Waits until the standby `to` has on disk all that `from` wrote, and makes sure that nobody wrote meanwhile. Returns
 * how far that is.
 *
 * @throws PontoonError with code TIMED_OUT.
 */
export async function catchUp(
  context: PromotionContext,
  from: string,
  to: string,
): Promise<LogPosition> {
  return await waitUntil({
    what: `'${to}' must have the whole log of '${from}'`,
    wayOut: 'look whether it streams, and for what it waits',
    deadlineMs: CATCH_UP_MS,
    intervalMs: LOOK_AGAIN_MS,
    probe: async (): Promise<Probe<LogPosition>> => {
      await context.run(from, writeMark());
      const before = await positionOf(context, from);
      const behind = await reach(context, to, before.position);
      if (behind !== undefined) return { done: false, reason: behind };
      const after = await positionOf(context, from);
      return after.ended === before.ended
        ? { done: true, value: after }
        : { done: false, reason: 'a transaction of somebody else' };
    },
  });
}

/** Waits until `to` has as much of the log as `position`. */
export async function untilHas(
  context: PromotionContext,
  to: string,
  position: string,
): Promise<void> {
  const behind = await reach(context, to, position);
  if (behind === undefined) return;
  throw new PontoonError(
    'BEHIND',
    `'${to}' must have what other standbys have, got ${behind}; look whether it streams, and run this again`,
  );
}

/** Waits a moment until `to` has the log up to `position`; says how far it is if it has not. */
async function reach(
  context: PromotionContext,
  to: string,
  position: string,
): Promise<string | undefined> {
  const ends = performance.now() + CATCH_UP_MS / 10;
  for (;;) {
    const state = await context.runOne(to, memberState());
    const there = String(state?.position);
    if (lsnDistance(there, position) <= 0n) return undefined;
    if (performance.now() > ends) return `${there} of ${position}`;
    await delay(LOOK_AGAIN_MS);
  }
}

/** Where the log of the primary `server` ends. */
export async function positionOf(context: PromotionContext, server: string): Promise<LogPosition> {
  const row = await context.runOne(server, logPosition());
  return row as unknown as LogPosition;
}

/** The databases of `server`, and who may connect to them. */
export async function limitsOf(
  context: PromotionContext,
  server: string,
): Promise<DatabaseLimit[]> {
  const rows = await context.run(server, databaseLimits());
  return rows as unknown as DatabaseLimit[];
}

/** Whether those who are there that no fence ends are to be waited for. */
type WaitForVisitors = (visitors: readonly DatabaseSession[]) => boolean;

/** Ends who is behind the fence of `server`, and waits until they are gone; false if nobody was there to end. */
async function sendAway(
  context: PromotionContext,
  server: string,
  waitFor: WaitForVisitors,
): Promise<boolean> {
  const opening = await OpeningSessions.behind((statement) => context.run(server, statement));
  let ended = false;
  return await waitUntil({
    what: `sessions of others on '${server}' must end`,
    wayOut: 'look at them in pg_stat_activity',
    deadlineMs: END_SESSIONS_MS,
    intervalMs: LOOK_AGAIN_MS,
    probe: async (): Promise<Probe<boolean>> => {
      const unseen = await opening.left();
      const there = await context.run(server, sessionsInDatabases());
      const others = there as unknown as readonly DatabaseSession[];
      const visitors = others.filter(passesFence);
      const ours = others.filter((other) => !passesFence(other));
      const left = waitFor(visitors) ? [...ours, ...visitors] : ours;
      if (ours.length > 0) {
        await context.run(server, terminate(ours.map(({ pid }) => pid)));
        ended = true;
      }
      const [first] = left;
      if (first !== undefined)
        return { done: false, reason: `${left.length}, the first being ${describe(first)}` };
      return unseen > 0
        ? { done: false, reason: `${unseen} that are being opened` }
        : { done: true, value: ended };
    },
  });
}

/** Waits for visitors, such as a probe of monitoring, and refuses one that stays. */
function refuseWhoStays(server: string): WaitForVisitors {
  const met = new Visitors(VISIT_MS);
  return (visitors) => {
    const [stays] = visitors.filter((visitor) => met.stays(visitor));
    if (stays === undefined) return true;
    throw new PontoonError(
      'NOT_QUIET',
      `'${server}' must hold no session that a fence does not end, got ${describe(stays)}; end it, and run this again`,
    );
  };
}

function passesFence({ superuser, kind }: DatabaseSession): boolean {
  return superuser || kind !== 'client backend';
}

function describe({ pid, role, application, database, kind, superuser }: DatabaseSession): string {
  const who = role === '' ? kind : `${superuser ? 'superuser' : 'role'} '${role}'`;
  return `${who}${application === '' ? '' : ` (${application})`} in database '${database}'${role === '' || kind === 'client backend' ? '' : `, a ${kind}`}, process ${pid}`;
}

/** Runs `statements` on `server`, all or none. */
export async function together(
  context: PromotionContext,
  server: string,
  statements: readonly Statement[],
): Promise<void> {
  await context.run(server, sql('BEGIN'));
  try {
    for (const statement of statements) await context.run(server, statement);
    await context.run(server, sql('COMMIT'));
  } catch (error) {
    const session = context.sessions.get(server);
    if (session !== undefined) await runAtEnd(session, sql('ROLLBACK')).catch(() => undefined);
    throw error;
  }
}
