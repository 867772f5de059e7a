import {
  CONTROL_SCHEMA,
  cutoverOwner,
  dropCreatedIn,
  dropQuietSlot,
  entriesOf,
  LinkKind,
  noteFinalWriter,
  quietSlotName,
  type ReplicationPath,
  readSpec,
  retireEntry,
  sql,
} from '../../postgres';
import { drop, retire } from '../reconcile';
import type { CutoverContext } from './context';
import type { Ending } from './ending';
import { writerOf } from './lag';
import { everyPath, removeSlot, sqlOf, stopPath, subscriptionOf, taskOf } from './paths';

/** Drops both ways and what they needed, on every server that is not gone. Says what. */
export async function dropEverything(
  context: CutoverContext,
  { writer, gone, writers }: Ending,
): Promise<string[]> {
  const { migration, forward, reverse = [], keep } = context.plan;
  const dropped: string[] = [];
  const paths = [...forward, ...reverse];
  await requireAnswers(context, gone);
  await everyPath(paths, (path) => stopWithout(context, path, gone));
  for (const path of paths) dropped.push(...(await dropPath(context, path, gone)));
  // Roles go last: the canary's table, like the published ones, was opened to them.
  for (const server of writers) {
    for (const { kinds } of paths.slice(0, 1).map((path) => sqlOf(context, path)))
      if (kinds.node !== undefined)
        dropped.push(...(await dropEntries(context, server, kinds.node, [kinds.node])));
    // It was lifted at an opening, for good: no deployment is to close either writer any more.
    dropped.push(...(await dropEntries(context, server, 'connection-guard', ['connection-guard'])));
    dropped.push(...(await dropEntries(context, server, 'ddl-ledger', ['ddl-ledger'])));
    dropped.push(...(await dropEntries(context, server, 'canary', ['canary'])));
    dropped.push(...(await dropEntries(context, server, 'role', keep[server] ?? [])));
  }
  for (const server of writers) {
    // Also that of a walk in the other direction which was cut off before its fence: the writer would keep WAL for it.
    await context.run(server, dropQuietSlot(quietSlotName(migration)));
    await context.run(server, noteFinalWriter(migration, writer));
  }
  return dropped;
}

/** A way that was stopped for an end that cannot be reached carries nothing any more, and its slot keeps WAL. */
async function requireAnswers(context: CutoverContext, gone: readonly string[]): Promise<void> {
  const { forward, reverse = [] } = context.plan;
  const decoders = new Set([...forward, ...reverse].map(({ decoder }) => decoder));
  for (const server of decoders)
    if (!gone.includes(server)) await context.run(server, sql('SELECT 1'));
}

/** What is applied on a server that is gone has stopped; only a task of AWS DMS lives elsewhere. */
async function stopWithout(
  context: CutoverContext,
  path: ReplicationPath,
  gone: readonly string[],
): Promise<void> {
  if (!gone.includes(context.receiver(path))) return await stopPath(context, path);
  if (path.kind === LinkKind.DMS) await context.requestStop(taskOf(context));
}

/** Dropped by the name of whoever made it, which the ledger knows; what it does not know is not ours. */
async function dropPath(
  context: CutoverContext,
  path: ReplicationPath,
  gone: readonly string[],
): Promise<string[]> {
  const { migration } = context.plan;
  const { decoder, slotName } = path;
  const [receiver, writer] = [context.receiver(path), writerOf(context, path)];
  const dropped: string[] = [];
  if (!gone.includes(receiver)) dropped.push(...(await dropReceiver(context, path, receiver)));
  if (!gone.includes(decoder)) {
    await removeSlot(context, path);
    dropped.push(`slot '${slotName}' on '${decoder}'`);
  }
  if (gone.includes(writer)) return dropped;
  const slot = { server: decoder, kind: 'logical-slot', name: slotName };
  await context.run(writer, retireEntry(slot, migration));
  if (path.publication === undefined) return dropped;
  const { kinds } = sqlOf(context, path);
  const publications = await dropEntries(context, writer, kinds.publication, [path.publication]);
  return [...dropped, ...publications];
}

async function dropReceiver(
  context: CutoverContext,
  path: ReplicationPath,
  receiver: string,
): Promise<string[]> {
  if (path.kind !== LinkKind.DMS)
    return await dropEntries(context, receiver, sqlOf(context, path).kinds.subscription, [
      subscriptionOf(path),
    ]);
  if (path.writer !== undefined)
    await context.run(receiver, dropCreatedIn(path.writer, CONTROL_SCHEMA));
  return [];
}

async function dropEntries(
  context: CutoverContext,
  server: string,
  kind: string,
  names: readonly string[],
): Promise<string[]> {
  const { migration } = context.plan;
  const { secrets } = context.services;
  const clients = { client: context.session(server) };
  const rows = await context.run(server, entriesOf([kind], names));
  const dropped: string[] = [];
  for (const { server: on, owner, held, spec, name } of rows) {
    if (on !== server) continue;
    const request = { server, spec: readSpec(spec), owner: String(owner) };
    // What the cutover made itself, no deployment would make again.
    if (owner === cutoverOwner(migration) && held !== true) await drop(clients, secrets, request);
    else await retire(clients, secrets, request, migration);
    dropped.push(`${kind} '${String(name)}' on '${server}'`);
  }
  return dropped;
}
