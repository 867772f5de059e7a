import {
  PontoonError,
  takeOver,
  takeWalkLock,
  terminate,
  waitForDisk,
  whoWalks,
} from '../../postgres';
import { type Probe, waitUntil } from '../wait';
import type { CutoverContext } from './context';

const TAKE_MS = 30_000;
const END_WALK_MS = 10_000;

/**
 * Only the holder of the locks walks; the journal says who may go on with what a killed walk left behind. The lock on
 * the new writer keeps out a rollback, which begins there.
 */
export async function takeWalk(
  context: CutoverContext,
  servers: readonly string[] = [context.plan.from, context.plan.to],
): Promise<void> {
  const { plan, owner, request } = context;
  context.startClock(TAKE_MS);
  for (const server of servers) await takeLock(context, server);
  const found = await context.journal(plan.from);
  if (found === undefined || found.owner === owner) return;
  if (request.takeOver !== true) {
    throw new PontoonError(
      'HELD',
      `the cutover of '${plan.migration}' must be gone on with by '${found.owner}', who began it, got '${owner}'; ask them, or take it over`,
    );
  }
  await context.run(plan.from, takeOver(plan.migration, owner));
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
