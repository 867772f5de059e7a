import { PontoonError, takeOver, takeWalkLock, terminate, whoWalks } from '../../postgres';
import { type Probe, waitUntil } from '../wait';
import type { CutoverContext } from './context';

const END_WALK_MS = 10_000;

/** Only the holder of the lock walks; the journal says who may go on with what a killed walk left behind. */
export async function takeWalk(context: CutoverContext): Promise<void> {
  const { plan, owner, request } = context;
  const row = await context.runOne(plan.from, takeWalkLock(plan.migration));
  if (row?.taken !== true) {
    const holder = await context.runOne(plan.from, whoWalks(plan.migration));
    throw new PontoonError(
      'HELD',
      `the cutover of '${plan.migration}' must have one operator, got another at work (${String(holder?.name ?? 'unknown')}); wait until it has ended`,
    );
  }
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
