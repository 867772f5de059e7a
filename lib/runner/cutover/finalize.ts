import {
  CONTROL_SCHEMA,
  closeJournal,
  cutoverOwner,
  dropCreatedIn,
  dropQuietSlot,
  entriesOf,
  LinkKind,
  leaveLedger,
  noteFinalWriter,
  PontoonError,
  quietSlotName,
  type ReplicationPath,
  readSpec,
  replicatingLogins,
  retireEntry,
} from '../../postgres';
import { messageOf } from '../message-of';
import { drop, retire } from '../reconcile';
import { type CutoverContext, inWalk } from './context';
import { restoreAccess } from './fence';
import { finalStateOf } from './finalized';
import { pastFence } from './past-fence';
import { everyPath, removeSlot, sqlOf, stopPath, subscriptionOf } from './paths';
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
  /** Whether it had been finalized before; nothing was left to drop then. */
  readonly already: boolean;
  /** What was dropped by this call; one that was cut off before it may have dropped the rest. */
  readonly dropped: readonly string[];
  /** Who got past the fence when this call began, a sentence each: what they wrote to the old writer never travelled. */
  readonly past: readonly string[];
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
 */
export async function finalize(
  request: FinalizeRequest,
  services: CutoverServices,
): Promise<Finalized> {
  return await inWalk(request, services, async (context) => {
    const already = await isFinalized(context);
    // Before anything is taken over: a walk that has not ended is for its owner to go on with.
    if (!already) await requireOpen(context);
    await takeWalk(context);
    context.startClock(FINALIZE_MS);
    if (!already) await requireClients(context);
    const past = already ? [] : await pastFence(context, context.plan.from);
    const dropped = already ? [] : await dropEverything(context, request);
    // A rollback, and a cutover after it, worked on both.
    for (const server of serversOf(context))
      await context.run(server, leaveLedger(server, cutoverOwner(context.plan.migration)));
    return { already, past, dropped, rotate: await loginsLeft(context) };
  });
}

/** The fence, which said that the new writer is open, went last. */
async function isFinalized(context: CutoverContext): Promise<boolean> {
  for (const server of serversOf(context))
    if ((await context.journal(server)) !== undefined) return false;
  return (await finalStateOf(context)) !== undefined;
}

function serversOf({ plan: { from, to } }: CutoverContext): readonly string[] {
  return [from, to];
}

async function dropEverything(
  context: CutoverContext,
  { leaveFenced }: FinalizeRequest,
): Promise<readonly string[]> {
  const { plan } = context;
  const dropped: string[] = [];
  const paths = [...plan.forward, ...(plan.reverse ?? [])];
  await everyPath(paths, (path) => stopPath(context, path));
  for (const path of paths) dropped.push(...(await dropPath(context, path)));
  // Roles go last: the canary's table, like the published ones, was opened to them.
  for (const server of serversOf(context)) {
    for (const { kinds } of paths.slice(0, 1).map((path) => sqlOf(context, path)))
      if (kinds.node !== undefined)
        dropped.push(...(await dropEntries(context, server, kinds.node, [kinds.node])));
    // It was lifted at an opening, for good: no deployment is to close either writer any more.
    dropped.push(...(await dropEntries(context, server, 'connection-guard', ['connection-guard'])));
    dropped.push(...(await dropEntries(context, server, 'ddl-ledger', ['ddl-ledger'])));
    dropped.push(...(await dropEntries(context, server, 'canary', ['canary'])));
    dropped.push(...(await dropEntries(context, server, 'role', plan.keep[server] ?? [])));
  }
  for (const server of serversOf(context)) {
    // Also that of a walk in the other direction which was cut off before its fence: the writer would keep WAL for it.
    await context.run(server, dropQuietSlot(quietSlotName(plan.migration)));
    await context.run(server, noteFinalWriter(plan.migration, plan.to));
  }
  if (leaveFenced === true) await context.run(plan.from, closeJournal(plan.migration));
  else if (await restoreAccess(context, plan.from, 'close'))
    dropped.push(`fence on '${plan.from}'`);
  return dropped;
}

/** Kept roles that replicate still are the user's own. */
async function loginsLeft(context: CutoverContext): Promise<Finalized['rotate']> {
  const { keep } = context.plan;
  const left: { readonly server: string; readonly role: string }[] = [];
  for (const server of serversOf(context)) {
    const rows = await context.run(server, replicatingLogins(keep[server] ?? []));
    left.push(...rows.map(({ name }) => ({ server, role: String(name) })));
  }
  return left;
}

/** A plan does not say which of both directions a user calls back. */
const OTHER_DIRECTION =
  'finalize it in the other direction: with \'--back\' ("back": true for a state machine) after a rollback, without it otherwise';

async function requireOpen(context: CutoverContext): Promise<void> {
  const { plan } = context;
  const found = await context.journal(plan.from);
  if (found?.opened === true) return;
  const other = found === undefined ? await context.journal(plan.to) : undefined;
  const [got, wayOut] =
    found !== undefined
      ? ['a walk that has not ended', 'run that again first']
      : other?.opened === true
        ? [`'${plan.from}' open again`, OTHER_DIRECTION]
        : [`no fence on '${plan.from}'`, `move the writers to '${plan.to}' first`];
  throw new PontoonError(
    'NOT_OPEN',
    `the migration '${plan.migration}' must have opened '${plan.to}' before it ends with that as its writer, got ${got}; ${wayOut}`,
  );
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

/** Dropped by the name of whoever made it, which the ledger knows; what it does not know is not ours. */
async function dropPath(context: CutoverContext, path: ReplicationPath): Promise<string[]> {
  const { from, to } = context.plan;
  const receiver = context.receiver(path);
  const writer = receiver === to ? from : to;
  const dropped: string[] = [];
  const { kinds } = sqlOf(context, path);
  if (path.kind !== LinkKind.DMS) {
    const name = subscriptionOf(path);
    dropped.push(...(await dropEntries(context, receiver, kinds.subscription, [name])));
  } else if (path.writer !== undefined) {
    await context.run(receiver, dropCreatedIn(path.writer, CONTROL_SCHEMA));
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
    dropped.push(...(await dropEntries(context, writer, kinds.publication, [path.publication])));
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
