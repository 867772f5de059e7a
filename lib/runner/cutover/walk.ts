import {
  CUTOVER_STEPS,
  type CutoverStepId,
  cutoverStep,
  PontoonError,
  quietSlotExists,
  quietSlotName,
} from '../../postgres';
import { catchUp } from './catch-up';
import { compareFinally } from './compare';
import { type CutoverContext, inWalk } from './context';
import { fence, quiet } from './fence';
import { lookAtSchemasBeforeFence } from './gate-schemas';
import { checkGates } from './gates';
import { logInAgain } from './log-in-again';
import { open, proveQuiet, settle, switchEndpoint } from './open';
import { everyPath, renewSlot, startPath, stopPath, untilRead } from './paths';
import { prepare } from './prepare';
import { carrySequences } from './sequences';
import type { CutoverOutcome, CutoverRequest, CutoverServices } from './services';
import { cutOff, takeBack, takenBack } from './take-back';
import { takeWalk } from './take-walk';
import { backToFence, undo, undoPreparation } from './undo';
import { requireOpened, unasked, unsettled } from './unsettled';

/** How long what applications do not notice may take. */
const PREPARE_MS = 3_600_000;

/** How long a server may take to answer what no budget covers. */
const ANSWER_MS = 30_000;

type StepRunner = (context: CutoverContext) => Promise<void>;

/** What each step does. */
export const RUNNERS: Readonly<Record<CutoverStepId, StepRunner>> = {
  gates: checkGates,
  prepare,
  fence,
  quiet,
  'catch-up': catchUp,
  sequences: carrySequences,
  verify: compareFinally,
  'stop-forward': (context) => everyPath(context.plan.forward, (path) => stopPath(context, path)),
  reverse: startReverse,
  'prove-quiet': proveQuiet,
  switch: switchEndpoint,
  open,
  settle,
};

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

/** The part that applications notice, from the fence to the opening. It ends with either, and nothing in between. */
export async function switchWriters(
  request: CutoverRequest,
  services: CutoverServices,
): Promise<CutoverOutcome> {
  return await inWalk(request, services, switchWithin);
}

async function switchWithin(context: CutoverContext): Promise<CutoverOutcome> {
  await takeWalk(context);
  const found = await context.journal(context.plan.from);
  if (found?.opened === true)
    return await told(context, {
      result: 'already-open',
      closedMs: found.closedMs,
      compared: context.compared,
    });
  // Who began is gone, and with it its clock; nobody could write since then.
  const begun = performance.now() - (found?.closedMs ?? 0);
  if (found?.decided === true) return await finish(context, begun);
  if (found?.expired === true || found?.lifted === true) {
    await takeBack(
      context,
      new PontoonError(
        'BUDGET_SPENT',
        `the fence on '${context.plan.from}' must be lifted or passed before its deadline, got one that has passed; run the cutover again`,
      ),
    );
  }
  return await walk(context, found && begun);
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
  await takeWalk(context);
  await requireOpened(context);
}

/** From the fence on, or behind the one that was `fenced` before. */
async function walk(context: CutoverContext, fenced: number | undefined): Promise<CutoverOutcome> {
  const ids = CUTOVER_STEPS.map(({ id }) => id);
  const first: CutoverStepId = fenced === undefined ? 'fence' : 'quiet';
  let begun = fenced ?? performance.now();
  try {
    if (fenced !== undefined) await backToFence(await clocked(context));
    else begun = await lookBeforeFence(context);
    for (const id of ids.slice(ids.indexOf(first), ids.indexOf('settle'))) await take(context, id);
  } catch (error) {
    await takeBack(context, error);
  }
  return await told(context, opened(context, begun));
}

async function lookBeforeFence(context: CutoverContext): Promise<number> {
  const { from, migration } = context.plan;
  const watching = await context.runOne(from, quietSlotExists(quietSlotName(migration)));
  // Somebody took back what another session had made ready.
  if (watching?.exists !== true) await take(context, 'prepare');
  context.startClock(PREPARE_MS);
  await lookAtSchemasBeforeFence(context);
  return performance.now();
}

function opened({ compared }: CutoverContext, begun: number): CutoverOutcome {
  return { result: 'opened', closedMs: performance.now() - begun, compared };
}

/** Before anything else is done: what fails from here on leaves the new writer open. */
async function told(context: CutoverContext, outcome: CutoverOutcome): Promise<CutoverOutcome> {
  const { services, plan } = context;
  try {
    await services.onEvent?.({ kind: 'opened', outcome });
  } catch (error) {
    throw unsettled(plan, error, outcome);
  }
  return outcome;
}

/** Goes on where the decision had fallen. It opens first: whatever leads clients is not to keep them locked out. */
async function finish(context: CutoverContext, begun: number): Promise<CutoverOutcome> {
  const patience = Math.max(ANSWER_MS, context.plan.limits.budgetMs);
  context.startClock(patience);
  try {
    await take(context, 'open');
  } catch (error) {
    await takeBack(context, error);
  }
  const outcome = await told(context, opened(context, begun));
  context.startClock(patience);
  await switchEndpoint(context).catch((error: unknown) => {
    throw unsettled(context.plan, error);
  });
  return outcome;
}

async function clocked(context: CutoverContext): Promise<CutoverContext> {
  const found = await context.journal(context.plan.from);
  context.startClock(found?.remainingMs ?? 0);
  return context;
}

async function take(context: CutoverContext, id: CutoverStepId): Promise<void> {
  const step = cutoverStep(id);
  const { onEvent } = context.services;
  const begun = performance.now();
  await onEvent?.({ kind: 'step', step, atMs: begun });
  await RUNNERS[id](context);
  await onEvent?.({ kind: 'done', step, tookMs: performance.now() - begun });
}

async function startReverse(context: CutoverContext): Promise<void> {
  const { reverse } = context.plan;
  if (reverse === undefined) return await context.note('no way back, as was declared');
  for (const path of reverse) {
    await renewSlot(context, path);
    await startPath(context, path);
  }
}
