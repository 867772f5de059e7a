import {
  holdEntry,
  holdLogin,
  keepEntry,
  LinkKind,
  type ObjectKey,
  type ReplicationPath,
} from '../../postgres';
import type { CutoverContext } from './context';
import { writerOf } from './lag';
import { sqlOf } from './paths';

const GUARD = 'connection-guard';
const CANARY = 'canary';

/**
 * From here on no deployment touches what the cutover switches, or drops what either way lives on: after the opening the
 * way back is the only one to the old writer.
 */
export async function hold(context: CutoverContext): Promise<void> {
  const { from, to, forward, reverse = [], migration } = context.plan;
  await context.run(to, holdEntry({ server: to, kind: GUARD, name: GUARD }, migration));
  for (const { writer } of forward)
    if (writer !== undefined) await context.run(to, holdLogin(to, writer, migration));
  for (const path of [...forward, ...reverse]) await holdPath(context, path);
  for (const server of [from, to])
    for (const key of neededOn(context, server))
      await context.run(server, keepEntry(key, migration));
}

async function holdPath(context: CutoverContext, path: ReplicationPath): Promise<void> {
  const { migration } = context.plan;
  const { subscription, publication, decoder, slotName } = path;
  const [receiver, writer] = [context.receiver(path), writerOf(context, path)];
  const hold = async (server: string, key: ObjectKey): Promise<void> => {
    await context.run(server, holdEntry(key, migration));
  };
  await hold(writer, { server: decoder, kind: 'logical-slot', name: slotName });
  if (path.kind === LinkKind.DMS) return;
  const { kinds } = sqlOf(context, path);
  if (subscription !== undefined)
    await hold(receiver, { server: receiver, kind: kinds.subscription, name: subscription });
  if (publication !== undefined)
    await hold(writer, { server: writer, kind: kinds.publication, name: publication });
}

/** Deployments may change it, as they do when a password is rotated. */
function neededOn(context: CutoverContext, server: string): readonly ObjectKey[] {
  const { forward, keep } = context.plan;
  const nodes = forward.flatMap((path) => sqlOf(context, path).kinds.node ?? []);
  return [
    { server, kind: CANARY, name: CANARY },
    ...nodes.map((node) => ({ server, kind: node, name: node })),
    ...(keep[server] ?? []).map((name) => ({ server, kind: 'role', name })),
  ];
}
