import {
  closeJournal,
  cutoverOwner,
  forgetJournal,
  leaveLedger,
  PontoonError,
  replicatingLogins,
} from '../../postgres';
import { messageOf } from '../message-of';
import { type CutoverContext, inWalk } from './context';
import { dropEverything } from './drop-everything';
import { type Ending, endingOf, requireOpen } from './ending';
import { lift, restoreAccess } from './fence';
import { finalStateOf } from './finalized';
import { leftOn, requireFinalizable, requireSilence } from './gone';
import { pastFence } from './past-fence';
import type { CutoverRequest, CutoverServices } from './services';
import { takeWalk } from './take-walk';

const FINALIZE_MS = 300_000;

/** What is finalized. */
export interface FinalizeRequest extends CutoverRequest {
  /**
   * Whether applications stay locked out of the old writer.
   *
   * @default false: everybody who could connect before the fence can again
   */
  readonly leaveFenced?: boolean;
  /**
   * Servers of the plan that never come back. No session on them is needed; one that answers is refused. Without the new
   * writer the migration ends with the old one, unless the new one may have been opened.
   *
   * @default - every server answers
   */
  readonly gone?: readonly string[];
}

/** What a migration left behind. */
export interface Finalized {
  /** Whether it had been finalized before; nothing was left to drop then. */
  readonly already: boolean;
  /** What was dropped by this call; one that was cut off before it may have dropped the rest. */
  readonly dropped: readonly string[];
  /** Who got past the fence when this call began, a sentence each: what they wrote to the old writer never travelled. */
  readonly past: readonly string[];
  /**
   * What may be on the disks of servers that are gone: to be dropped by whoever finds one again, which must never serve
   * applications.
   */
  readonly left: readonly string[];
  /**
   * Logins that the migration replicated with and did not make, and so does not drop: their passwords are known to
   * whatever it ran on, and are for whoever made them to rotate.
   */
  readonly rotate: readonly { readonly server: string; readonly role: string }[];
}

/**
 * Ends a migration whose new writer is open: both paths with their subscriptions, slots, publications and roles are
 * dropped, so that no password of theirs is worth anything any more. There is no rollback afterwards. A call that was cut
 * off is gone on with by the next one; once the migration is finalized, another call says so and changes nothing.
 *
 * @throws PontoonError with code NOT_OPEN unless the plan's new writer is open, or the migration was finalized; UNSETTLED while
 * clients are sent to the old one, or where that cannot be seen; HELD behind a walk, in either direction, that has not ended.
 * Where servers are gone, NOT_GONE for one that answers, or cannot be asked; WRITES_LOST without a new writer that may have been opened.
 */
export async function finalize(
  request: FinalizeRequest,
  services: CutoverServices,
): Promise<Finalized> {
  const { plan, gone = [] } = request;
  requireFinalizable(request);
  await requireSilence(request, services);
  const ending = endingOf(plan, gone);
  return await inWalk(request, services, async (context) => {
    const already = await isFinalized(context, ending);
    // Before anything is taken over: a walk that has not ended is for its owner to go on with.
    if (!already) await requireOpen(context, ending);
    await takeWalk(context, ending.writers);
    // Somebody else may have walked on until they were the only one.
    if (!already) await requireOpen(context, ending);
    context.startClock(FINALIZE_MS);
    const done = already ? { past: [], dropped: [] } : await end(context, request, ending);
    // A rollback, and a cutover after it, worked on both.
    for (const server of ending.writers)
      await context.run(server, leaveLedger(server, cutoverOwner(plan.migration)));
    const rotate = await loginsLeft(context, ending);
    return { already, ...done, left: leftOn(plan, gone), rotate };
  });
}

/** The fence, which said that the new writer is open, went last; without one, the note of the writer did. */
async function isFinalized(context: CutoverContext, { writers }: Ending): Promise<boolean> {
  for (const server of writers) if ((await context.journal(server)) !== undefined) return false;
  const found = await finalStateOf(context, writers);
  return writers.length === 2 ? found !== undefined : found?.writer !== undefined;
}

async function end(
  context: CutoverContext,
  { leaveFenced }: FinalizeRequest,
  ending: Ending,
): Promise<Pick<Finalized, 'past' | 'dropped'>> {
  const { plan } = context;
  if (ending.writers.length < 2) return { past: [], dropped: await endWithOne(context, ending) };
  await requireClients(context);
  const past = await pastFence(context, plan.from);
  const dropped = await dropEverything(context, ending);
  if (leaveFenced === true) await context.run(plan.from, closeJournal(plan.migration));
  else if (await restoreAccess(context, plan.from, 'close')) dropped.push(fenceOn(plan.from));
  return { past, dropped };
}

/** Applications first: what is dropped afterwards, they do not notice. */
async function endWithOne(context: CutoverContext, ending: Ending): Promise<string[]> {
  const { from, migration } = context.plan;
  const { writer } = ending;
  const fenced = writer === from && (await context.journal(from)) !== undefined;
  const freed = fenced && (await lift(context));
  // An endpoint that was cut off half-way leads nowhere, and says so by failing.
  const active = await context.activeSide().catch(() => undefined);
  if (active !== writer) await context.sendClients(writer, `send clients to '${writer}'`);
  const dropped = await dropEverything(context, ending);
  if (fenced) await context.run(from, forgetJournal(migration));
  return freed ? [fenceOn(from), ...dropped] : dropped;
}

function fenceOn(server: string): string {
  return `fence on '${server}'`;
}

/** Kept roles that replicate still are the user's own. */
async function loginsLeft(
  context: CutoverContext,
  { writers }: Ending,
): Promise<Finalized['rotate']> {
  const { keep } = context.plan;
  const left: { readonly server: string; readonly role: string }[] = [];
  for (const server of writers) {
    const rows = await context.run(server, replicatingLogins(keep[server] ?? []));
    left.push(...rows.map(({ name }) => ({ server, role: String(name) })));
  }
  return left;
}

/** Whom the endpoint leads to the old writer would write there once it is open again, and that would never travel. */
async function requireClients(context: CutoverContext): Promise<void> {
  const { from, to, migration } = context.plan;
  const active = await context.activeSide().catch((error: unknown) => {
    throw new PontoonError(
      'UNSETTLED',
      `it must be seen that clients are sent to '${to}' before the migration '${migration}' ends with that as its writer, got ${messageOf(error)}; mend that, or leave out 'endpoint' if no client goes by it any more`,
      { cause: error },
    );
  });
  if (active !== from) return;
  throw new PontoonError(
    'UNSETTLED',
    `clients must be sent to '${to}' before the migration '${migration}' ends with that as its writer, got '${from}'; run the walk to '${to}' again, 'pontoon rollback' if it ends with '--back' and 'pontoon cutover' otherwise, which sends them there and moves no writer`,
  );
}
