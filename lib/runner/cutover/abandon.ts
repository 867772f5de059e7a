import { type CutoverContext, inWalk } from './context';
import type { CutoverRequest, CutoverServices } from './services';
import { cutOff } from './take-back';
import { endWalk, takeWalk } from './take-walk';
import { undo, undoPreparation } from './undo';

/** Lifts the fence of a walk that was given up, unless its new writer may be open. Says whether anything was undone. */
export async function abandon(
  request: CutoverRequest,
  services: CutoverServices,
): Promise<boolean> {
  return await inWalk(request, services, abandonWithin);
}

async function abandonWithin(context: CutoverContext): Promise<boolean> {
  // The new writer may be gone, and the old one must be freed nevertheless.
  await takeWalk(context, [context.plan.from]);
  const found = await context.journal(context.plan.from);
  if (found?.decided === true) return false;
  // A walk that died before the fence left its preparation.
  const failures = await (found === undefined ? undoPreparation(context) : undo(context));
  if (failures.length > 0) throw cutOff(context, failures, undefined);
  return found !== undefined;
}

/** Lifts the fence of a walk whose deadline passed before it decided. Says whether there was one. */
export async function abandonExpired(
  request: CutoverRequest,
  services: CutoverServices,
): Promise<boolean> {
  const over = await inWalk(request, services, endExpired);
  return over && (await abandon({ ...request, takeOver: true }, services));
}

async function endExpired(context: CutoverContext): Promise<boolean> {
  const found = await context.journal(context.plan.from);
  if (found === undefined || found.decided || !found.expired) return false;
  // Past the deadline a walk can decide nothing any more; one that hangs would hold its lock for long.
  await endWalk(context);
  return true;
}
