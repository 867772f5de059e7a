import {
  PontoonError,
  sql,
  takeOver,
  takeWalkLock,
  terminate,
  waitForDisk,
  whoWalks,
} from '../../postgres';
import { type Probe, waitUntil } from '../wait';
import type { CutoverContext } from './context';

const TAKE_MS = 30_000;
const ANSWER_MS = 2_000;
const END_WALK_MS = 10_000;

/**
 * Only the holder of the locks walks; the journal says who may go on with what a killed walk left behind. The lock on
 * the new writer keeps out a rollback, which begins there.
 */
export async function takeWalk(
  context: CutoverContext,
  servers: readonly string[] = [context.plan.from, context.plan.to],
): Promise<void> {
  const { plan, owner } = context;
  const others = await holdWalk(context, servers);
  if (others) await context.run(plan.from, takeOver(plan.migration, owner));
}

/**
 * Takes the locks, but leaves what a killed walk left behind to whom the journal names, for those that may have nothing
 * to go on with. Says whether that is somebody else, from whom it may be taken.
 */
export async function holdWalk(
  context: CutoverContext,
  servers: readonly string[] = [context.plan.from, context.plan.to],
): Promise<boolean> {
  const { plan, owner, request } = context;
  context.startClock(TAKE_MS);
  for (const server of servers) await takeLock(context, server);
  if (servers.includes(plan.to)) await refuseOtherDirection(context);
  if (!servers.includes(plan.from)) return false;
  const found = await context.journal(plan.from);
  if (found === undefined || found.owner === owner) return false;
  if (request.takeOver === true) return true;
  throw new PontoonError(
    'HELD',
    `the cutover of '${plan.migration}' must be gone on with by '${found.owner}', who began it, got '${owner}'; ask them, or take it over`,
  );
}

/**
 * Behind the fence of a walk that leads the other way, nobody writes on either server, and what this one makes that one
 * drops. What is left to take back of one needs what an end of the migration drops.
 */
async function refuseOtherDirection(context: CutoverContext): Promise<void> {
  const { from, to, migration } = context.plan;
  const other = await context.journal(to);
  if (other === undefined || other.opened) return;
  const wayOut = other.decided ? '' : ", or have it taken back by 'pontoon cutover --lift-expired'";
  throw new PontoonError(
    'HELD',
    `the writers of '${migration}' must be moved in one direction at a time, got a walk from '${to}' to '${from}' by '${other.owner}' that has not ended; run that one again, which is 'pontoon rollback' if this is 'pontoon cutover', and the other way round${wayOut}`,
  );
}

async function takeLock(context: CutoverContext, server: string): Promise<void> {
  const { migration } = context.plan;
  await context.run(server, waitForDisk());
  const row = await context.runOne(server, takeWalkLock(migration));
  if (row?.taken === true) return;
  const holder = await context.runOne(server, whoWalks(migration));
  throw new PontoonError(
    'HELD',
    `the cutover of '${migration}' must have one operator, got another at work on '${server}' (${String(holder?.name ?? 'unknown')}); wait until it has ended`,
  );
}

/**
 * Opens anew the sessions that broke, and takes the right to walk again, which went with them: as soon as it is there,
 * nothing of what they were asked is still under way. Says whether any was broken.
 */
export async function regainSessions(
  context: CutoverContext,
  servers: readonly string[] = [...context.services.sessions.keys()],
): Promise<boolean> {
  const { reopen } = context.services;
  if (reopen === undefined) return false;
  let regained = false;
  for (const server of servers) {
    context.startClock(ANSWER_MS);
    if (await answers(context, server)) continue;
    await reopen(server);
    context.startClock(TAKE_MS);
    if (server === context.plan.from || server === context.plan.to)
      await retakeLock(context, server);
    regained = true;
  }
  return regained;
}

async function answers(context: CutoverContext, server: string): Promise<boolean> {
  return await context.run(server, sql('SELECT 1')).then(
    () => true,
    () => false,
  );
}

/** The server may notice a moment later that the session which held it is gone. */
async function retakeLock(context: CutoverContext, server: string): Promise<void> {
  await waitUntil({
    what: `the session that broke must be gone from '${server}'`,
    wayOut: 'terminate it there',
    deadlineMs: END_WALK_MS,
    intervalMs: 20,
    probe: async (): Promise<Probe<undefined>> => {
      try {
        await takeLock(context, server);
        return { done: true, value: undefined };
      } catch (error) {
        if (!(error instanceof PontoonError) || error.code !== 'HELD') throw error;
        return { done: false, reason: error.message };
      }
    },
  });
}

/** Ends the session of whoever walks, and waits until it has gone. */
export async function endWalk(context: CutoverContext): Promise<void> {
  const { from, migration } = context.plan;
  await waitUntil({
    what: `the walk of '${migration}' must end on '${from}'`,
    wayOut: 'terminate its session there',
    deadlineMs: END_WALK_MS,
    probe: async (): Promise<Probe<undefined>> => {
      const holder = await context.runOne(from, whoWalks(migration));
      if (holder === undefined) return { done: true, value: undefined };
      await context.run(from, terminate([Number(holder.pid)]));
      return { done: false, reason: `${String(holder.name)}, process ${String(holder.pid)}` };
    },
  });
}
