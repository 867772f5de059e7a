import {
  analyze,
  createJournal,
  createQuietSlot,
  createTrialSlot,
  cutoverOwner,
  dropQuietSlot,
  dropTrialSlot,
  LinkKind,
  type ObjectSpec,
  PontoonError,
  type QualifiedName,
  quietSlotName,
  quoteIdentifier,
  type ReplicationPath,
  staleStatistics,
  trialSlotNames,
} from '../../postgres';
import { readServerFacts } from '../managed-object';
import { apply } from '../reconcile';
import { finallyQuietly, SqlError } from '../run';
import type { CutoverContext } from './context';
import { followSecret } from './follow-secret';
import { hold } from './hold';
import { makeSlot } from './make-slot';
import { pluginOf, removeSlot, sqlOf, startPath, stopPath, subscriptionOf } from './paths';
import { carryStraysAhead } from './sequences';
import { selectionThere } from './target-names';

const CONNECTION_FAILURE = '08006';
/** How long a server may take to reach another one, which may be asked for many tables. */
const REACH_MS = 30_000;

/** Makes everything that can be made while applications still write. Doing so twice changes nothing. */
export async function prepare(context: CutoverContext): Promise<void> {
  const { from, to, forward, reverse } = context.plan;
  for (const server of [from, to]) await context.run(server, createJournal());
  await hold(context);
  for (const path of forward)
    if (path.kind !== LinkKind.DMS) await confirmPathAtOnce(context, path);
  for (const path of reverse ?? []) await prepareReverse(context, path);
  for (const table of await context.run(to, staleStatistics(await selectionThere(context))))
    await context.run(to, analyze(table as unknown as QualifiedName));
  await carryStraysAhead(context);
  await trySlots(context);
  await watchFence(context);
}

/**
 * Behind the fence each path of the way back gets a slot, which waits for transactions of all databases there, and needs a
 * free place while the others have theirs: applications are not kept waiting to find out.
 */
async function trySlots(context: CutoverContext): Promise<void> {
  const { to, migration, limits, reverse = [] } = context.plan;
  context.startClock(limits.transactionSeconds * 1_000);
  const slots = trialSlotNames(migration, reverse.length);
  const places = reverse.map((path, index) => ({ path, slot: slots[index] ?? '' }));
  for (const [index, { path, slot }] of places.entries()) {
    const { decoder } = path;
    const [what, them] =
      places.length === 1
        ? ['a slot', 'one']
        : [`slot ${index + 1} of ${places.length}`, 'them at once'];
    const title = `make ${what} on '${decoder}', as the way back will need ${them}`;
    const made = createTrialSlot(slot, pluginOf(context, path));
    await makeSlot(context, { decoder, writer: to }, made, title);
  }
  for (const { path, slot } of places) await context.run(path.decoder, dropTrialSlot(slot));
}

/** A slot is made as soon as every transaction that writes has ended, which must not take for ever. */
async function watchFence(context: CutoverContext): Promise<void> {
  const { from, migration, limits } = context.plan;
  const slot = quietSlotName(migration);
  // From an earlier try: it would hold what was written since.
  await context.run(from, dropQuietSlot(slot));
  context.startClock(limits.transactionSeconds * 1_000);
  await context.run(from, createQuietSlot(slot), 'make the slot that watches the fence');
}

/**
 * A worker that is started anew confirms also what the one before it had applied and not yet brought to the disk; a
 * crash would lose it for good. So it starts only when everything is there.
 */
async function confirmPathAtOnce(context: CutoverContext, path: ReplicationPath): Promise<void> {
  const receiver = context.receiver(path);
  const name = subscriptionOf(path);
  const { confirmAtOnce, state } = sqlOf(context, path);
  const found = await context.runOne(receiver, state(name));
  if (confirmAtOnce === undefined || found === undefined || found.synchronousCommit === 'on')
    return;
  await stopPath(context, path);
  await context.run(receiver, confirmAtOnce(name));
  if (found.enabled === true) await startPath(context, path);
}

/**
 * A subscription takes up its tables only while it is enabled. It is, for a moment, without a slot, so that nothing
 * comes back before the old writer is fenced.
 */
async function prepareReverse(context: CutoverContext, path: ReplicationPath): Promise<void> {
  if (path.kind === LinkKind.DMS) return;
  await stopPath(context, path);
  await removeSlot(context, path);
  const { state } = sqlOf(context, path);
  const found = await context.runOne(context.plan.from, state(subscriptionOf(path)));
  // Whoever was about to drop it parted it from its slot before.
  const made = found !== undefined && found.parted !== true;
  if (!made) await makeReverse(context, path);
  await confirmPathAtOnce(context, path);
  if (made) await tryReverse(context, path);
}

async function makeReverse(context: CutoverContext, path: ReplicationPath): Promise<void> {
  const { major } = await readServerFacts(context.session(context.plan.from));
  const spec = reverseSubscription(context, path, major);
  if (sqlOf(context, path).takeUpTables !== undefined)
    await reaching(context, path, () =>
      reconcile(context, { ...spec, enabled: true } as ObjectSpec),
    );
  await reconcile(context, spec);
  await stopPath(context, path);
}

/** One that is there was made long ago: what led to the publisher then may be shut, and its password another one. */
async function tryReverse(context: CutoverContext, path: ReplicationPath): Promise<void> {
  const { from } = context.plan;
  const name = subscriptionOf(path);
  const { enable, takeUpTables } = sqlOf(context, path);
  if (takeUpTables === undefined) return;
  const title = `take up the published tables in subscription ${quoteIdentifier(name)}`;
  await finallyQuietly(
    () =>
      reaching(context, path, async () => {
        await context.run(from, enable(name, true));
        await followSecret(context, path);
        await context.run(from, takeUpTables(name), title);
      }),
    () => stopPath(context, path),
  );
}

/** Only the old writer itself can try whether it reaches the new one, and it tries when its subscription asks for tables. */
async function reaching(
  context: CutoverContext,
  path: ReplicationPath,
  work: () => Promise<void>,
): Promise<void> {
  await context.within(REACH_MS, work).catch((error: unknown) => {
    throw unreachable(context, path, error);
  });
}

function unreachable(
  { plan: { from, to } }: CutoverContext,
  { publisher }: ReplicationPath,
  cause: unknown,
): unknown {
  const refused = cause instanceof SqlError && cause.sqlState === CONNECTION_FAILURE;
  const unanswered = cause instanceof PontoonError && cause.code === 'OUT_OF_TIME';
  if (!refused && !unanswered) return cause;
  const where = publisher === undefined ? `'${to}'` : `${publisher.host}:${publisher.port}`;
  return new PontoonError(
    'WAY_BACK_UNREACHABLE',
    `'${from}' must reach '${to}' for the way back before it is fenced, got: ${cause.message}; open the way to ${where}, and let the login replicate there`,
    { cause },
  );
}

/** The subscription by which the old writer, a server of `major`, will follow the new one. */
export function reverseSubscription(
  context: CutoverContext,
  path: ReplicationPath,
  major: number,
): ObjectSpec {
  const { publisher, publication } = path;
  if (publisher === undefined || publication === undefined) {
    throw new PontoonError(
      'NO_WAY_BACK',
      `the way back must be there, or say where its subscription reads from, got neither for '${subscriptionOf(path)}'; add 'publisher' and 'publication', or declare that there is no rollback`,
    );
  }
  const named = { ...path, subscription: subscriptionOf(path), publisher, publication };
  return sqlOf(context, path).reverse(named, major);
}

async function reconcile(context: CutoverContext, spec: ObjectSpec): Promise<void> {
  const { from, migration } = context.plan;
  await apply({ client: context.session(from) }, context.services.secrets, {
    server: from,
    spec,
    owner: cutoverOwner(migration),
  });
}
