import {
  decide,
  dropQuietSlot,
  LinkKind,
  liftStatements,
  markLetIn,
  markOpened,
  PontoonError,
  quietSlotName,
  undecide,
} from '../../postgres';
import { messageOf } from '../message-of';
import { SqlError } from '../run';
import { travel } from './catch-up';
import type { CutoverContext } from './context';
import { eachTried } from './each-tried';
import { accessOf, restoreFenced } from './fence';
import { followSecret } from './follow-secret';
import type { Opening } from './opening';
import { removeSlot, taskOf } from './paths';
import { proveQuiet } from './prove-quiet';
import { NEVER_COMES_BACK } from './take-back';

const OPEN_MS = 30_000;
const WAY_BACK_MS = 60_000;
const EVERYWHERE_MS = 300_000;

/** Sends clients to the new writer. */
export async function switchEndpoint(context: CutoverContext): Promise<void> {
  if (context.services.endpoint === undefined)
    return await context.note('no endpoint: somebody else switches clients');
  await context.sendClients(context.plan.to, 'send clients to the new writer');
}

/**
 * Proves that nobody else wrote, decides, then lets applications in. The decision is one row on the old writer: whoever
 * would lift the fence later finds it, so that never both sides are open.
 */
export async function open(context: CutoverContext): Promise<void> {
  const { from, migration } = context.plan;
  const opening = await proveQuiet(context);
  const decided = await context.runOne(from, decide(migration, context.owner));
  // None if the deadline passed, or if somebody else took over.
  if (decided === undefined) {
    throw new PontoonError(
      'BUDGET_SPENT',
      `the new writer must open before the deadline of the fence on '${from}', got one that has passed; run the cutover again`,
    );
  }
  // From here on nothing is undone any more, so that the budget of the outage must not cut it off.
  context.startClock(OPEN_MS);
  await openNewWriter(context, opening).catch(async (error: unknown) => {
    if (opening.decided || !isRefusal(error)) throw unanswered(context, error);
    await context.run(from, undecide(migration, context.owner));
    throw error;
  });
  await context.run(from, markOpened(migration));
}

/** What follows when nobody waits any more: shows that the way back works, and drops what only the way here needed. */
export async function settle(context: CutoverContext): Promise<void> {
  const { from, to, forward, reverse, migration } = context.plan;
  const slot = dropQuietSlot(quietSlotName(migration));
  await eachTried(context, WAY_BACK_MS, [
    // Before all else: whoever is led to the old writer is refused there.
    () => keepClients(context),
    // Each keeps WAL. A walk from there that was cut off leaves one on the new writer too, and none is at work, which would
    // hold the lock on both.
    ...[from, to].map((server) => () => context.run(server, slot)),
  ]);
  if (forward.some(({ kind }) => kind === LinkKind.DMS)) await taskOf(context).untilStopped();
  // A task takes minutes to stop, which is nobody's outage.
  context.startClock(WAY_BACK_MS);
  for (const path of forward) await removeSlot(context, path);
  if (reverse !== undefined) {
    for (const path of reverse) await followSecret(context, path);
    await travel(context, reverse, to, from, { deadlineMs: WAY_BACK_MS });
  }
  await untilEverybodyIsLed(context);
  await keepClients(context);
}

/** A deployment that asked for the side before the switch puts it back, to where nobody may write. */
async function keepClients(context: CutoverContext): Promise<void> {
  const { to } = context.plan;
  const active = await context.activeSide();
  if (active === undefined || active === to) return;
  await context.note(`clients were sent to '${active}' meanwhile, by somebody else: sent back`);
  await context.sendClients(to, 'send clients to the new writer again');
}

/** The outage did not wait for it: whom an old answer leads to the old writer, that one refuses. */
async function untilEverybodyIsLed(context: CutoverContext): Promise<void> {
  const { endpoint } = context.services;
  await context.inTime(
    'see that everybody is led to the new writer',
    async (signal) => await endpoint?.untilEverywhere?.(context.plan.to, { signal }),
    EVERYWHERE_MS,
  );
}

/** What the fence or the guard kept out is let in again. */
async function openNewWriter(
  context: CutoverContext,
  { fenced, forgotten, named, guarded: before }: Opening,
): Promise<void> {
  const { to } = context.plan;
  if (fenced && (await restoreFenced(context, to, 'close', { named, besides: forgotten }))) return;
  await context.together(to, [
    ...forgotten,
    ...(before === undefined ? [] : liftStatements(await accessOf(context, to), before, named)),
    markLetIn(context.plan.migration, to),
  ]);
}

function unanswered({ plan: { from, to } }: CutoverContext, cause: unknown): PontoonError {
  const got = isRefusal(cause) ? messageOf(cause) : 'no answer';
  return new PontoonError(
    'UNDECIDED',
    `'${to}' must say whether it is open, got ${got}; it may be, so that '${from}' stays fenced: run the cutover again as soon as '${to}' answers; ${NEVER_COMES_BACK}`,
    { cause },
  );
}

/** Whether the server itself said no; a session that broke, or a server that goes down, says nothing of the outcome. */
function isRefusal(error: unknown): boolean {
  // Node.js too has codes of five letters, such as EPIPE, though none with a digit.
  return error instanceof SqlError && /^(?=.*\d)(?!57|08)[0-9A-Z]{5}$/.test(error.sqlState);
}
