import {
  cutoverOwner,
  dropQuietSlot,
  entriesOf,
  forgetJournal,
  LinkKind,
  PontoonError,
  quietSlotName,
  type ReplicationPath,
  readSpec,
  releaseEntries,
  slotState,
  unkeepEntries,
} from '../../postgres';
import { drop } from '../reconcile';
import type { CutoverContext } from './context';
import { eachTried } from './each-tried';
import { lift } from './fence';
import { finalStateOf } from './finalized';
import { everyPath, removeSlot, sqlOf, startPath, stopPath, subscriptionOf } from './paths';

/** How long each part of an undo may take at least: what took long on the way there does so on the way back. */
const UNDO_MS = 30_000;

/**
 * Takes back everything before the opening: the old writer works as before. Each part is tried, whatever the others
 * do, and the fence falls as early as it can. Returns what could not be taken back, a sentence each.
 */
export async function undo(context: CutoverContext): Promise<readonly string[]> {
  const failures = new Failures(context);
  await failures.collect('the endpoint', () => sendBack(context));
  // A way back that still carries would bring what the way forward carries next.
  const stopped = await failures.collect('the way back', () => stopReverse(context));
  await failures.collect('the fence', () => free(context));
  // Told at once: what is left may wait for a server that is gone. Whoever listens must not keep it from going on.
  if (context.freed)
    await context.note(`'${context.plan.from}' is open again`).catch(() => undefined);
  await failures.collect('the way forward', () =>
    // What is stopped sends nothing, wherever its slot is, and a server that never comes back keeps that for ever.
    stopped ? eachTried(context, undoMs(context), forwardAgain(context)) : resumeForward(context),
  );
  await failures.collect('the slot that watched the fence', () =>
    context.run(context.plan.from, dropQuietSlot(quietSlotName(context.plan.migration))),
  );
  await failures.collect('what was held', () => release(context));
  await failures.collect('the endpoint', () => seeThemBack(context));
  // Nobody waits for it once the old writer is open; where that failed, the next call comes to it.
  if (context.freed)
    await failures.collect('what the way back was made of', () => dropMade(context));
  // What could not be taken back now is taken back when the walk is run again, which finds the entry.
  if (failures.list.length === 0)
    await failures.collect('the journal', () =>
      context.run(context.plan.from, forgetJournal(context.plan.migration)),
    );
  return failures.list;
}

/**
 * Takes back what was made ready for a cutover that does not begin. Returns what could not be, a sentence each.
 *
 * The slot that watches the fence was made last, and says to whoever fences next that all is ready. So nothing of that goes
 * before the slot; what goes after it is made anew by that one, and found by what is held without a fence.
 */
export async function undoPreparation(context: CutoverContext): Promise<readonly string[]> {
  const { plan } = context;
  const failures = new Failures(context);
  // It is stopped too where all is ready.
  await failures.collect('the way back', () =>
    everyPath(plan.reverse, (path) => stopTried(context, path)),
  );
  const unready = await failures.collect('the slot that watches the fence', () =>
    context.run(plan.from, dropQuietSlot(quietSlotName(plan.migration))),
  );
  if (!unready) return failures.list;
  await failures.collect('what the way back was made of', () => dropMade(context));
  await failures.collect('what was held', () => release(context));
  return failures.list;
}

/** It is enabled while it is tried, without a slot, which it would ask for for ever. One that has its slot carries. */
async function stopTried(context: CutoverContext, path: ReplicationPath): Promise<void> {
  if (path.kind === LinkKind.DMS) return;
  if ((await context.runOne(path.decoder, slotState(path.slotName))) !== undefined) return;
  await stopPath(context, path);
}

/**
 * Drops the subscriptions of the way back that the cutover itself made, with their passwords: no deployment knows of them,
 * and the next walk makes them anew. What a deployment made stays, and so does one that carries.
 */
async function dropMade(context: CutoverContext): Promise<void> {
  const { from, migration, reverse = [] } = context.plan;
  const clients = { client: context.session(from) };
  const owner = cutoverOwner(migration);
  for (const path of reverse.filter(({ kind }) => kind !== LinkKind.DMS)) {
    const { kinds, state } = sqlOf(context, path);
    const name = subscriptionOf(path);
    if ((await context.runOne(from, state(name)))?.enabled === true) continue;
    for (const row of await context.run(from, entriesOf([kinds.subscription], [name]))) {
      if (row.server !== from || row.owner !== owner || row.held === true) continue;
      const request = { server: from, spec: readSpec(row.spec), owner };
      await drop(clients, context.services.secrets, request);
    }
  }
}

/** Takes back a switch of clients behind a fence that somebody else lifted. Returns what could not be, a sentence each. */
export async function undoSwitch(context: CutoverContext): Promise<readonly string[]> {
  const failures = new Failures(context);
  await failures.collect('the endpoint', async () => {
    const end = await finalStateOf(context);
    // The old writer lets applications in, and the new one does not, unless the migration has ended there.
    if (end === undefined || end.writer === context.plan.from) await seeThemBack(context);
  });
  return failures.list;
}

/** What an earlier cutover holds behind its fence stays held, if it was a way back from there that is undone. */
async function release(context: CutoverContext): Promise<void> {
  const { from, to, migration } = context.plan;
  if ((await context.journal(to))?.opened === true) return;
  for (const server of [from, to]) {
    await context.run(server, releaseEntries(migration));
    await context.run(server, unkeepEntries(migration));
  }
}

/** Takes back everything behind the fence, which stays: a walk that was cut off begins there anew. */
export async function backToFence(context: CutoverContext): Promise<void> {
  await sendBack(context);
  await stopReverse(context);
  await resumeForward(context);
}

async function sendBack(context: CutoverContext): Promise<void> {
  // Without asking first: an endpoint that was cut off half-way leads nowhere, and says so by failing.
  await context.sendClients(context.plan.from, 'send clients back');
}

/** A switch that was given up may have taken effect since: the old writer is open, and clients must be led to it. */
async function seeThemBack(context: CutoverContext): Promise<void> {
  const { endpoint } = context.services;
  const { from } = context.plan;
  if (endpoint === undefined) return;
  await context.clientsSent(UNDO_MS);
  if ((await context.activeSide()) === from) return;
  await sendBack(context);
  const active = await context.activeSide();
  if (active === from) return;
  throw new PontoonError(
    'NOT_SWITCHED',
    `clients must be led to '${from}', got '${active}'; look for somebody else who switches them`,
  );
}

async function free(context: CutoverContext): Promise<void> {
  await lift(context);
  context.freed = true;
}

async function stopReverse(context: CutoverContext): Promise<void> {
  await everyPath(context.plan.reverse, (path) => stopPath(context, path));
}

async function resumeForward(context: CutoverContext): Promise<void> {
  for (const part of forwardAgain(context)) await part();
}

/** The slot of the way back goes first: on servers without origins that would send back what the way forward brings. */
function forwardAgain(context: CutoverContext): readonly (() => Promise<void>)[] {
  const { forward, reverse } = context.plan;
  return [
    () => everyPath(reverse, (path) => removeSlot(context, path)),
    () => everyPath(forward, (path) => startPath(context, path)),
  ];
}

function undoMs({ plan }: CutoverContext): number {
  return Math.max(UNDO_MS, plan.limits.budgetMs);
}

class Failures {
  public readonly list: string[] = [];

  constructor(private readonly context: CutoverContext) {}

  /** What one part waited for in vain leaves the next one its time. Says whether this one was taken back. */
  public async collect(what: string, work: () => Promise<unknown>): Promise<boolean> {
    this.context.startClock(undoMs(this.context));
    try {
      await work();
      return true;
    } catch (error) {
      this.list.push(`${what}: ${(error as Error).message}`);
      return false;
    }
  }
}
