import {
  CUTOVER_STEPS,
  type CutoverStepId,
  PontoonError,
  quietSlotExists,
  quietSlotName,
} from '../../postgres';
import { type CutoverContext, inWalk } from './context';
import { requireUnfinished } from './finalized';
import { switchEndpoint } from './open';
import { readAhead } from './read-ahead';
import type { CutoverOutcome, CutoverRequest, CutoverServices } from './services';
import { PREPARE_MS, take } from './steps';
import { takeBack } from './take-back';
import { holdWalk, takeWalk } from './take-walk';
import { backToFence } from './undo';
import { requireDecided, unsettled } from './unsettled';

/** How long a server may take to answer what no budget covers. */
const ANSWER_MS = 30_000;

/** How long the last look before the fence may take: what walks on AWS has two minutes besides the budget. */
const LOOK_MS = 60_000;

/** The part that applications notice, from the fence to the opening. It ends with either, and nothing in between. */
export async function switchWriters(
  request: CutoverRequest,
  services: CutoverServices,
): Promise<CutoverOutcome> {
  return await inWalk(request, services, switchWithin);
}

/**
 * The same for a walk whose decision has fallen, and no other.
 *
 * @throws PontoonError with code NOT_OPEN if there is none, as once somebody else has moved the writers on.
 */
export async function finishCutover(
  request: CutoverRequest,
  services: CutoverServices,
): Promise<CutoverOutcome> {
  return await inWalk(request, services, async (context) => {
    await holdWalk(context);
    await requireDecided(context);
    return await switchWithin(context);
  });
}

async function switchWithin(context: CutoverContext): Promise<CutoverOutcome> {
  await takeWalk(context);
  const found = await context.journal(context.plan.from);
  context.fenced = found !== undefined;
  if (found === undefined) await requireUnfinished(context);
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
  context.startClock(PREPARE_MS);
  const watching = await context.runOne(from, quietSlotExists(quietSlotName(migration)));
  // Somebody took back what another session had made ready, and writers may have been moved since.
  if (watching?.exists !== true)
    for (const id of ['gates', 'prepare'] as const) await take(context, id);
  context.startClock(LOOK_MS);
  await readAhead(context);
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
