import {
  allowLogin,
  countSessionsOf,
  createSlot,
  dropSlot,
  endSessionsOf,
  endSlotReader,
  grantConnect,
  holdLogin,
  LinkKind,
  NATIVE_SUBSCRIPTIONS,
  PontoonError,
  type ReplicationPath,
  releaseLogin,
  SlotPlugin,
  type Statement,
  type SubscriptionSql,
  slotState,
} from '../../postgres';
import { SqlError } from '../run';
import { type Probe, waitUntil } from '../wait';
import type { CutoverContext } from './context';
import { accessOf } from './fence';
import { writerOf } from './lag';
import { makeSlot } from './make-slot';
import type { ReplicationTask } from './services';

const LOOK_AGAIN_MS = 5;
/** How long a request may take that was given up before. */
const STOP_MS = 30_000;
const INSUFFICIENT_PRIVILEGE = '42501';

/** Does `work` on all of `paths` at once; returns, or fails as the first of them that did, when none is at work. */
export async function everyPath(
  paths: readonly ReplicationPath[] | undefined,
  work: (path: ReplicationPath) => Promise<void>,
): Promise<void> {
  const ends = await Promise.allSettled((paths ?? []).map(work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** Has `path` carry nothing any more, from the moment of the return. */
export async function stopPath(context: CutoverContext, path: ReplicationPath): Promise<void> {
  if (path.kind === LinkKind.DMS) return await stopTask(context, path);
  const receiver = context.receiver(path);
  const name = subscriptionOf(path);
  const statements = sqlOf(context, path);
  const found = await context.runOne(receiver, statements.state(name));
  if (found === undefined) return;
  if (found.enabled === true) await context.run(receiver, statements.enable(name, false));
  await untilIdle(context, receiver, name, statements);
}

async function untilIdle(
  context: CutoverContext,
  receiver: string,
  name: string,
  { state, endWorkers: ending }: SubscriptionSql,
): Promise<void> {
  await until(context, `subscription '${name}' on '${receiver}' must end its workers`, async () => {
    const refusal = await endWorkers(context, receiver, ending(name));
    const row = await context.runOne(receiver, state(name));
    return row?.workers === 0 ? undefined : (refusal ?? `${String(row?.workers)} of them`);
  });
}

/** A worker that has only just begun is nobody's yet, and only a superuser may end it: it is asked again. */
async function endWorkers(
  context: CutoverContext,
  receiver: string,
  ending: Statement,
): Promise<string | undefined> {
  try {
    await context.run(receiver, ending);
    return undefined;
  } catch (error) {
    if (!(error instanceof SqlError) || error.sqlState !== INSUFFICIENT_PRIVILEGE) throw error;
    return error.message;
  }
}

/** Has `path` carry changes again, from where its slot is. */
export async function startPath(context: CutoverContext, path: ReplicationPath): Promise<void> {
  const receiver = context.receiver(path);
  if (path.kind !== LinkKind.DMS) {
    const name = subscriptionOf(path);
    const statements = sqlOf(context, path);
    const found = await context.runOne(receiver, statements.state(name));
    if (found?.enabled === true) return;
    // A walk that was killed may have left one that is ending: none is started for minutes then.
    if (found !== undefined && found.workers !== 0)
      await untilIdle(context, receiver, name, statements);
    await context.run(receiver, statements.enable(name, true));
    return;
  }
  await letWriterIn(context, path);
  // What stops the task must not come behind what starts it.
  await context.stopsRequested(STOP_MS);
  await taskOf(context).resume();
}

/** Waits until somebody reads the slot of `path`, as a moment after it was started. */
export async function untilRead(context: CutoverContext, path: ReplicationPath): Promise<void> {
  const { decoder, slotName } = path;
  await until(context, `slot '${slotName}' on '${decoder}' must be read`, async () => {
    const found = await context.runOne(decoder, slotState(slotName));
    return found?.active === true ? undefined : 'nobody who does';
  });
}

/** Makes the slot of `path` anew, so that it sees what is written from now on. */
export async function renewSlot(context: CutoverContext, path: ReplicationPath): Promise<void> {
  await removeSlot(context, path);
  const { decoder, slotName } = path;
  const place = { decoder, writer: writerOf(context, path) };
  const title = `make slot '${slotName}' on '${decoder}'`;
  await makeSlot(context, place, createSlot(slotName, pluginOf(context, path)), title);
}

/** The output plugin that the slot of `path` has. */
export function pluginOf(context: CutoverContext, path: ReplicationPath): string {
  return path.kind === LinkKind.DMS ? SlotPlugin.TEST_DECODING : sqlOf(context, path).plugin;
}

/** Drops the slot of `path`, whoever reads it. */
export async function removeSlot(context: CutoverContext, path: ReplicationPath): Promise<void> {
  const { decoder, slotName } = path;
  await until(context, `slot '${slotName}' on '${decoder}' must be gone`, async () => {
    const found = await context.runOne(decoder, slotState(slotName));
    if (found === undefined) return undefined;
    if (found.active === true) await context.run(decoder, endSlotReader(slotName));
    else await context.run(decoder, dropSlot(slotName));
    return 'it is still there';
  });
  if (path.kind === LinkKind.DMS) return;
  const copies = sqlOf(context, path).dropCopies?.(slotName);
  if (copies !== undefined) await context.run(decoder, copies);
}

/** The subscription of a path, where one applies it. */
export function subscriptionOf({ subscription, slotName }: ReplicationPath): string {
  if (subscription !== undefined) return subscription;
  throw new PontoonError(
    'INVALID',
    `the path with slot '${slotName}' must name its subscription, got nothing; add 'subscription'`,
  );
}

/** How to ask for the subscription of a path, where one applies it, and to change it. */
export function sqlOf(context: CutoverContext, { kind }: ReplicationPath): SubscriptionSql {
  if (kind !== LinkKind.PGLOGICAL) return NATIVE_SUBSCRIPTIONS;
  const { pglogical } = context.services;
  if (pglogical !== undefined) return pglogical;
  throw new PontoonError(
    'NO_PGLOGICAL',
    `the cutover of '${context.plan.migration}' must know pglogical, which carries a path, got a program that was not told of it; run it by the command line, or give it 'pglogical'`,
  );
}

/** The task of a path that AWS DMS runs. */
export function taskOf(context: CutoverContext): ReplicationTask {
  const { task } = context.services;
  if (task !== undefined) return task;
  throw new PontoonError(
    'NO_TASK',
    `the cutover of '${context.plan.migration}' must be able to stop its DMS task, got none; run it where AWS can be reached`,
  );
}

/** A task takes long to stop, so that its login is cut off first, and its end is waited for when the outage is over. */
async function stopTask(context: CutoverContext, path: ReplicationPath): Promise<void> {
  const receiver = context.receiver(path);
  await context.requestStop(taskOf(context));
  const { writer } = path;
  if (writer === undefined) return;
  // What is granted to everybody comes back when the new writer opens, and the task may still be stopping then.
  await context.together(receiver, [
    allowLogin(writer, false),
    holdLogin(receiver, writer, context.plan.migration),
  ]);
  await until(context, `sessions of '${writer}' on '${receiver}' must end`, async () => {
    await context.run(receiver, endSessionsOf(writer));
    const row = await context.runOne(receiver, countSessionsOf(writer));
    return row?.sessions === 0 ? undefined : `${String(row?.sessions)} of them`;
  });
}

async function letWriterIn(context: CutoverContext, path: ReplicationPath): Promise<void> {
  const { writer } = path;
  if (writer === undefined) return;
  const receiver = context.receiver(path);
  const { database } = await accessOf(context, receiver);
  await context.run(receiver, grantConnect(database, writer));
  await context.together(receiver, [allowLogin(writer, true), releaseLogin(receiver, writer)]);
}

async function until(
  context: CutoverContext,
  what: string,
  reasonAgainst: () => Promise<string | undefined>,
): Promise<void> {
  await waitUntil({
    what,
    wayOut: 'look at the server’s log',
    deadlineMs: context.remainingMs(),
    intervalMs: LOOK_AGAIN_MS,
    probe: async (): Promise<Probe<undefined>> => {
      const reason = await reasonAgainst();
      return reason === undefined ? { done: true, value: undefined } : { done: false, reason };
    },
  });
}
