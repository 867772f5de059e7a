import { type CutoverContext, inWalk } from './context';
import { logInAgain } from './log-in-again';
import { everyPath, untilRead } from './paths';
import type { CutoverOutcome, CutoverRequest, CutoverServices } from './services';
import { PREPARE_MS, take } from './steps';
import { switchWriters } from './switch-writers';
import { cutOff, takenBack } from './take-back';
import { holdWalk, takeWalk } from './take-walk';
import { undo, undoPreparation } from './undo';
import { requireOpened, unasked, unsettled } from './unsettled';

/**
 * Switches the writers. Whatever fails before the opening is undone, and the old writer works as before; a walk that
 * was killed goes on when it is run again by the same owner.
 *
 * @throws PontoonError with code UNDONE, and what failed as its cause, if everything was taken back; CUT_OFF if
 * something could not be; HELD if somebody else walks; UNDECIDED if the new writer did not answer while it opened;
 * UNSETTLED if it is open, and what follows the opening failed.
 */
export async function cutover(
  request: CutoverRequest,
  services: CutoverServices,
): Promise<CutoverOutcome> {
  await prepareCutover(request, services);
  const outcome = await switchWriters(request, services);
  await inWalk(request, services, settleWithin).catch((error: unknown) => {
    throw unsettled(request.plan, error, outcome);
  });
  return outcome;
}

/** Looks at the gates. Changes nothing but the password by which the way forward logs in, where that was rotated. */
export async function checkCutover(
  request: CutoverRequest,
  services: CutoverServices,
): Promise<void> {
  return await inWalk(request, services, check);
}

async function check(context: CutoverContext): Promise<void> {
  context.startClock(PREPARE_MS);
  for (const path of context.plan.forward) await logInAgain(context, path);
  await take(context, 'gates');
}

/** The part before the fence: looks at the gates, and makes ready what applications do not notice. */
export async function prepareCutover(
  request: CutoverRequest,
  services: CutoverServices,
): Promise<void> {
  return await inWalk(request, services, prepareWithin);
}

async function prepareWithin(context: CutoverContext): Promise<void> {
  await takeWalk(context);
  const found = await context.journal(context.plan.from);
  if (found?.lifted === true) {
    const failures = await undo(context);
    if (failures.length > 0) throw cutOff(context, failures, undefined);
    await everyPath(context.plan.forward, (path) => untilRead(context, path));
  } else if (found !== undefined) {
    // What a killed walk left fenced was prepared by it.
    return;
  }
  context.startClock(PREPARE_MS);
  for (const path of context.plan.forward) await logInAgain(context, path);
  await take(context, 'gates');
  try {
    await take(context, 'prepare');
  } catch (error) {
    // Its slot would keep WAL, and deployments would be refused, for a cutover that may not come.
    context.preparing = true;
    const failures = await takenBack(context, undoPreparation);
    if (failures.length > 0) throw cutOff(context, failures, error);
    throw error;
  }
}

/**
 * The part after the opening: shows that the way back works, and drops what only the way forward needed.
 *
 * @throws PontoonError with code UNSETTLED if it did not end, which is gone on with when it is run again; NOT_OPEN if the
 * new writer was never opened, or was left again; HELD if somebody else walks.
 */
export async function settleCutover(
  request: CutoverRequest,
  services: CutoverServices,
): Promise<void> {
  await inWalk(request, services, settleAlone);
}

/** Without the walk that opened, nothing but the journal says that anything is open. */
async function settleAlone(context: CutoverContext): Promise<void> {
  const { plan } = context;
  await toSettle(context).catch((error: unknown) => {
    throw unasked(plan, error);
  });
  await take(context, 'settle').catch((error: unknown) => {
    throw unsettled(plan, error);
  });
}

async function settleWithin(context: CutoverContext): Promise<void> {
  await toSettle(context);
  await take(context, 'settle');
}

async function toSettle(context: CutoverContext): Promise<void> {
  await holdWalk(context);
  await requireOpened(context);
  await takeWalk(context);
}
