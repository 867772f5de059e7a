import { type CutoverStepId, cutoverStep } from '../../postgres';
import { catchUp } from './catch-up';
import { compareFinally } from './compare';
import type { CutoverContext } from './context';
import { fence, quiet } from './fence';
import { checkGates } from './gates';
import { open, settle, switchEndpoint } from './open';
import { everyPath, renewSlot, startPath, stopPath } from './paths';
import { prepare } from './prepare';
import { carrySequences } from './sequences';

/** How long what applications do not notice may take. */
export const PREPARE_MS = 3_600_000;

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
  switch: switchEndpoint,
  open,
  settle,
};

/** Takes a step, and tells of it. */
export async function take(context: CutoverContext, id: CutoverStepId): Promise<void> {
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
