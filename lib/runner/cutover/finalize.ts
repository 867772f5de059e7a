import {
  closeJournal,
  cutoverOwner,
  dropQuietSlot,
  entriesOf,
  LinkKind,
  leaveLedger,
  PontoonError,
  quietSlotName,
  type ReplicationPath,
  readSpec,
  replicatingLogins,
  retireEntry,
} from '../../postgres';
import { drop, retire } from '../reconcile';
import { CutoverContext } from './context';
import { restoreAccess } from './fence';
import { everyPath, removeSlot, stopPath, subscriptionOf } from './paths';
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
}

/** What a migration left behind. */
export interface Finalized {
  /** What was dropped. */
  readonly dropped: readonly string[];
  /**
   * Logins that the migration replicated with and did not make, and so does not drop: their passwords are known to
   * whatever it ran on, and are for whoever made them to rotate.
   */
  readonly rotate: readonly { readonly server: string; readonly role: string }[];
}

/**
 * Ends a migration whose new writer is open: both paths with their subscriptions, slots, publications and roles are
 * dropped, so that no password of theirs is worth anything any more. There is no rollback afterwards.
 *
 * @throws PontoonError with code NOT_OPEN unless the plan's new writer is open.
 */
export async function finalize(
  request: FinalizeRequest,
  services: CutoverServices,
): Promise<Finalized> {
  const context = new CutoverContext(request, services);
  const { plan } = context;
  // Before anything is taken over: a walk that has not ended is for its owner to go on with.
  await requireOpen(context);
  await takeWalk(context);
  context.startClock(FINALIZE_MS);
  const dropped: string[] = [];
  const paths = [...plan.forward, ...(plan.reverse ?? [])];
  await everyPath(paths, (path) => stopPath(context, path));
  for (const path of paths) dropped.push(...(await dropPath(context, path)));
  // Roles go last: the canary's table, like the published ones, was opened to them.
  for (const server of [plan.from, plan.to]) {
    // It was lifted at an opening, for good: no deployment is to close either writer any more.
    dropped.push(...(await dropEntries(context, server, 'connection-guard', ['connection-guard'])));
    dropped.push(...(await dropEntries(context, server, 'ddl-ledger', ['ddl-ledger'])));
    dropped.push(...(await dropEntries(context, server, 'canary', ['canary'])));
    dropped.push(...(await dropEntries(context, server, 'role', plan.keep[server] ?? [])));
  }
  await context.run(plan.from, dropQuietSlot(quietSlotName(plan.migration)));
  if (request.leaveFenced === true) await context.run(plan.from, closeJournal(plan.migration));
  else if (await restoreAccess(context, plan.from, 'close'))
    dropped.push(`fence on '${plan.from}'`);
  // A rollback, and a cutover after it, worked on both.
  for (const server of [plan.from, plan.to])
    await context.run(server, leaveLedger(server, cutoverOwner(plan.migration)));
  return { dropped, rotate: await loginsLeft(context) };
}

/** Kept roles that replicate still are the user's own. */
async function loginsLeft(context: CutoverContext): Promise<Finalized['rotate']> {
  const { from, to, keep } = context.plan;
  const left: { readonly server: string; readonly role: string }[] = [];
  for (const server of [from, to]) {
    const rows = await context.run(server, replicatingLogins(keep[server] ?? []));
    left.push(...rows.map(({ name }) => ({ server, role: String(name) })));
  }
  return left;
}

async function requireOpen(context: CutoverContext): Promise<void> {
  const { plan } = context;
  const found = await context.journal(plan.from);
  if (found?.opened === true) return;
  throw new PontoonError(
    'NOT_OPEN',
    `the migration '${plan.migration}' must have opened '${plan.to}' before it is finalized, got ${found === undefined ? `no fence on '${plan.from}'` : 'a cutover that has not ended'}; cut over first`,
  );
}

/** Dropped by the name of whoever made it, which the ledger knows; what it does not know is not ours. */
async function dropPath(context: CutoverContext, path: ReplicationPath): Promise<string[]> {
  const { from, to } = context.plan;
  const receiver = context.receiver(path);
  const writer = receiver === to ? from : to;
  const dropped: string[] = [];
  if (path.kind === LinkKind.NATIVE) {
    const name = subscriptionOf(path);
    dropped.push(...(await dropEntries(context, receiver, 'subscription', [name])));
  }
  await removeSlot(context, path);
  await context.run(
    writer,
    retireEntry(
      { server: path.decoder, kind: 'logical-slot', name: path.slotName },
      context.plan.migration,
    ),
  );
  dropped.push(`slot '${path.slotName}' on '${path.decoder}'`);
  if (path.publication !== undefined)
    dropped.push(...(await dropEntries(context, writer, 'publication', [path.publication])));
  return dropped;
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
