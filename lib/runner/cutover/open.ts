import {
  accessBefore,
  type ClosedAccess,
  type ConnectionGuardSpec,
  decide,
  dropQuietSlot,
  findEntry,
  foreignWrites,
  forgetVerification,
  LinkKind,
  liftStatements,
  markLetIn,
  markOpened,
  PontoonError,
  quietSlotName,
  type Statement,
  undecide,
  verificationExists,
  writeCanary,
} from '../../postgres';
import { messageOf } from '../message-of';
import { SqlError } from '../run';
import { travel } from './catch-up';
import type { CutoverContext } from './context';
import {
  accessOf,
  keptOn,
  ownTables,
  refuseKeptWriter,
  refuseUnfenced,
  restoreAccess,
} from './fence';
import { refuseOthers } from './other-sessions';
import { followSecret, removeSlot, taskOf } from './paths';
import { NEVER_COMES_BACK } from './take-back';

const OPEN_MS = 30_000;
const WAY_BACK_MS = 60_000;
const EVERYWHERE_MS = 300_000;

/** Decodes the old writer's log from the moment on at which the last session had gone: nobody else wrote. */
export async function proveQuiet(context: CutoverContext): Promise<void> {
  const { from, migration } = context.plan;
  const { quietSince: since = null, decided = false } = (await context.journal(from)) ?? {};
  // It was proven before; by now the way back may have brought what the new writer's applications wrote.
  if (decided) return;
  // The way back may begin by now, and AWS DMS writes there with its own login.
  const returning = (context.plan.reverse ?? []).flatMap(({ writer }) => writer ?? []);
  await refuseUnfenced(context, [...(await keptOn(context, from)), ...returning]);
  await refuseOthers(context);
  if (since === null) {
    throw new PontoonError(
      'NOT_QUIET',
      `the journal on '${from}' must say since when nobody else writes, got nothing; run the cutover again`,
    );
  }
  const slot = quietSlotName(migration);
  // Only what is on disk is decoded, and somebody who did not wait for that may have written a moment ago.
  await context.run(from, writeCanary(migration, 'quiet'));
  const [write] = await context.run(
    from,
    foreignWrites(slot, since, ownTables(context.plan)),
    `decode the log of '${from}' behind the fence`,
  );
  if (write === undefined) return await refuseKeptWriter(context);
  throw new PontoonError(
    'NOT_QUIET',
    `the fenced database on '${from}' must not be written to, got transaction ${String(write.xid)} at ${String(write.lsn)} on ${tableOf(write.data)}; find out who wrote before you try again`,
  );
}

/** Sends clients to the new writer. */
export async function switchEndpoint(context: CutoverContext): Promise<void> {
  if (context.services.endpoint === undefined)
    return await context.note('no endpoint: somebody else switches clients');
  await context.sendClients(context.plan.to, 'send clients to the new writer');
}

/**
 * Decides, then lets applications in. The decision is one row on the old writer: whoever would lift the fence later
 * finds it, so that never both sides are open.
 */
export async function open(context: CutoverContext): Promise<void> {
  const { from, migration } = context.plan;
  const [opening] = await Promise.all([
    // It was asked nothing for some steps: a session that broke meanwhile can still be undone.
    lookBeforeOpening(context),
    // Once more: sending clients may take long, and a superuser is kept out by no fence.
    proveQuiet(context),
  ]);
  const before = (await context.journal(from))?.decided === true;
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
    // An earlier try may have let applications in, and was cut off before that was noted.
    if (before || !isRefusal(error)) throw unanswered(context, error);
    await context.run(from, undecide(migration, context.owner));
    throw error;
  });
  await context.run(from, markOpened(migration));
}

/** What follows when nobody waits any more: shows that the way back works, and drops what only the way here needed. */
export async function settle(context: CutoverContext): Promise<void> {
  const { from, to, forward, reverse, migration } = context.plan;
  context.startClock(WAY_BACK_MS);
  await keepClients(context);
  await context.run(from, dropQuietSlot(quietSlotName(migration)));
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
  const { endpoint } = context.services;
  const { to } = context.plan;
  const active = await context.inTime(
    'ask where clients are sent',
    async () => await endpoint?.active(),
  );
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

/** What the opening has to know. */
interface Opening {
  /** Has the new writer forget what was compared: whoever comes here again has a stream that begins now, and compares anew. */
  readonly forgotten: readonly Statement[];
  readonly named: readonly string[];
  readonly guarded: ClosedAccess | undefined;
}

async function lookBeforeOpening(context: CutoverContext): Promise<Opening> {
  const { to, migration } = context.plan;
  const compared = (await context.runOne(to, verificationExists()))?.exists === true;
  return {
    forgotten: compared ? [forgetVerification(migration)] : [],
    named: await namedOnOldWriter(context),
    guarded: await keptOutByGuard(context),
  };
}

/** What the fence or the guard kept out is let in again. */
async function openNewWriter(
  context: CutoverContext,
  { forgotten, named, guarded: before }: Opening,
): Promise<void> {
  const { to } = context.plan;
  if (await restoreAccess(context, to, 'close', { named, besides: forgotten })) return;
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

/** Who could connect before a guard kept applications out of the new writer; undefined if there is no guard. */
export async function keptOutByGuard(context: CutoverContext): Promise<ClosedAccess | undefined> {
  const { to } = context.plan;
  const row = await context.runOne(
    to,
    findEntry({ server: to, kind: 'connection-guard', name: 'connection-guard' }),
  );
  if (row === undefined) return undefined;
  const before = accessBefore(row.before as object);
  const { keep } = row.spec as ConnectionGuardSpec;
  return { ...before, given: keep.filter((name) => !before.connect.includes(name)) };
}

/**
 * What those are called on the new writer that are granted CONNECT on the old one by name: a login may be added while the
 * new writer is closed, where nobody may let it in.
 */
export async function namedOnOldWriter(context: CutoverContext): Promise<readonly string[]> {
  const { from, forward, reverse = [], logins = {} } = context.plan;
  const { connect } =
    (await context.journal(from))?.connectBefore ?? (await accessOf(context, from));
  const writers = [...forward, ...reverse].flatMap(({ writer }) => writer ?? []);
  const own = ['', ...(await keptOn(context, from)), ...writers];
  return connect.filter((name) => !own.includes(name)).map((name) => logins[name] ?? name);
}

/** Whether the server itself said no; a session that broke, or a server that goes down, says nothing of the outcome. */
function isRefusal(error: unknown): boolean {
  // Node.js too has codes of five letters, such as EPIPE, though none with a digit.
  return error instanceof SqlError && /^(?=.*\d)(?!57|08)[0-9A-Z]{5}$/.test(error.sqlState);
}

function tableOf(data: unknown): string {
  return /^table (.+?): /.exec(String(data))?.[1] ?? 'a table';
}
