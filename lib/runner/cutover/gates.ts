import {
  describeSchema,
  furniture,
  type Gate,
  LinkKind,
  listSequences,
  longTransactions,
  mayDecode,
  mayFence,
  PontoonError,
  preparedTransactions,
  publicationExists,
  type QualifiedName,
  quoteQualified,
  type SchemaPart,
  schemaDifferences,
  slotLag,
  subscriptionProgress,
  subscriptionState,
  superuserSessions,
  unfencedLogins,
} from '../../postgres';
import type { CutoverContext } from './context';
import { keptOn } from './fence';
import { subscriptionOf } from './paths';

/** Looks whether a cutover would succeed; throws if a gate is closed or could not be read. */
export async function checkGates(context: CutoverContext): Promise<void> {
  const gates = await readGates(context);
  const shut = gates.filter(({ status }) => status !== 'open');
  if (shut.length === 0) return await context.note(`${gates.length} gates open`);
  throw new PontoonError(
    shut.some(({ status }) => status === 'closed') ? 'GATES_CLOSED' : 'GATES_UNCHECKED',
    `every gate of the cutover of '${context.plan.migration}' must be open, got:\n${shut.map(describe).join('\n')}`,
  );
}

/** Every gate, as it is now. */
export async function readGates(context: CutoverContext): Promise<readonly Gate[]> {
  const gates: Gate[] = [];
  for (const gate of GATES) gates.push(await readGate(context, gate));
  return gates;
}

interface GateKind {
  readonly id: string;
  readonly title: string;
  readonly wayOut: string;
  /** What keeps the gate closed; undefined if nothing does. */
  readonly look: (context: CutoverContext) => Promise<string | undefined>;
}

const GATES: readonly GateKind[] = [
  {
    id: 'furniture',
    title: 'the ledger and the canary are on both servers',
    wayOut: 'deploy them, or apply {"kind":"ledger"} and {"kind":"canary"}',
    look: lookAtFurniture,
  },
  {
    id: 'may-fence',
    title: 'the runner owns the database on both servers',
    wayOut: 'make its role a member of the owner',
    look: lookAtOwners,
  },
  {
    id: 'may-decode',
    title: 'the runner may make slots on both servers',
    wayOut: 'set wal_level = logical, and give its role REPLICATION (rds_replication on Aurora)',
    look: lookAtDecoding,
  },
  {
    id: 'forward',
    title: 'the new writer follows closely',
    wayOut: 'wait, or look at what holds the receiver up',
    look: lookAtForward,
  },
  {
    id: 'schemas',
    title: 'the schemas are the same on both servers',
    wayOut: 'make the same change on the other server, or copy the schema again',
    look: lookAtSchemas,
  },
  {
    id: 'sequences',
    title: 'every sequence can be read and set',
    wayOut: 'grant SELECT and UPDATE on it to the role of the runner',
    look: lookAtSequences,
  },
  {
    id: 'way-back',
    title: 'the way back is provisioned',
    wayOut: 'deploy it, or declare that there is no rollback',
    look: lookAtWayBack,
  },
  {
    id: 'transactions',
    title: 'no transaction is long or prepared',
    wayOut: 'end it',
    look: lookAtTransactions,
  },
  {
    id: 'superusers',
    title: 'no superuser is at work on the old writer',
    wayOut: 'ask them to leave: no fence ends their session',
    look: lookAtSuperusers,
  },
  {
    id: 'foreign-writes',
    title: 'nobody but the migration writes to the new writer',
    wayOut: 'keep applications out by a connection guard',
    look: lookAtTarget,
  },
];

async function readGate(context: CutoverContext, gate: GateKind): Promise<Gate> {
  const { id, title, wayOut } = gate;
  try {
    const reason = await gate.look(context);
    return reason === undefined
      ? { id, title, status: 'open', found: 'as it must be', wayOut: '' }
      : { id, title, status: 'closed', found: reason, wayOut };
  } catch (error) {
    return { id, title, status: 'unchecked', found: (error as Error).message, wayOut };
  }
}

async function lookAtFurniture(context: CutoverContext): Promise<string | undefined> {
  for (const server of [context.plan.from, context.plan.to]) {
    const row = await context.runOne(server, furniture());
    if (row?.ledger !== true) return `no ledger on '${server}'`;
    if (row.canary !== true) return `no canary on '${server}'`;
  }
  return undefined;
}

async function lookAtOwners(context: CutoverContext): Promise<string | undefined> {
  for (const server of [context.plan.from, context.plan.to]) {
    const row = await context.runOne(server, mayFence());
    if (row?.may !== true) return `the owner '${String(row?.owner)}' on '${server}'`;
  }
  return undefined;
}

async function lookAtDecoding(context: CutoverContext): Promise<string | undefined> {
  for (const server of [context.plan.from, context.plan.to]) {
    const row = await context.runOne(server, mayDecode());
    if (row?.level !== 'logical') return `wal_level = ${String(row?.level)} on '${server}'`;
    if (row.may !== true) return `no REPLICATION on '${server}'`;
  }
  return undefined;
}

async function lookAtForward(context: CutoverContext): Promise<string | undefined> {
  const { forward, to, limits } = context.plan;
  if (forward.kind === LinkKind.NATIVE) {
    const row = await context.runOne(to, subscriptionProgress(subscriptionOf(forward)));
    if (row === undefined) return `no subscription '${subscriptionOf(forward)}' on '${to}'`;
    if (row.enabled !== true) return `subscription '${subscriptionOf(forward)}' disabled`;
    if (row.waiting !== 0)
      return `${String(row.waiting)} of ${String(row.tables)} tables not copied yet`;
  }
  const slot = await context.runOne(forward.decoder, slotLag(forward.slotName));
  if (slot === undefined) return `no slot '${forward.slotName}' on '${forward.decoder}'`;
  if (slot.walStatus === 'lost') return `slot '${forward.slotName}' has lost its WAL`;
  if (slot.active !== true) return `slot '${forward.slotName}' is read by nobody`;
  if (Number(slot.bytes) > limits.lagBytes)
    return `a lag of ${String(slot.bytes)} bytes, more than ${limits.lagBytes}`;
  return undefined;
}

const DIFFERENCES_SHOWN = 5;

async function lookAtSchemas(context: CutoverContext): Promise<string | undefined> {
  const { from, to, selection } = context.plan;
  const [here, there] = await Promise.all(
    [from, to].map(
      async (server) =>
        (await context.run(server, describeSchema(selection))) as unknown as readonly SchemaPart[],
    ),
  );
  const differences = schemaDifferences(here ?? [], there ?? []);
  if (differences.length === 0) return undefined;
  const more = differences.length - DIFFERENCES_SHOWN;
  return `on '${to}': ${differences.slice(0, DIFFERENCES_SHOWN).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

async function lookAtSequences(context: CutoverContext): Promise<string | undefined> {
  const { from, to, selection } = context.plan;
  const listed = await context.run(from, listSequences(selection));
  const unreadable = listed.find(({ readable }) => readable !== true);
  if (unreadable !== undefined)
    return `no right to read ${quoteQualified(unreadable as unknown as QualifiedName)} on '${from}'`;
  const settable = new Set(
    (await context.run(to, listSequences(selection)))
      .filter(({ settable: may }) => may === true)
      .map((one) => quoteQualified(one as unknown as QualifiedName)),
  );
  const lost = listed
    .map((one) => quoteQualified(one as unknown as QualifiedName))
    .find((name) => !settable.has(name));
  return lost === undefined ? undefined : `no right to set ${lost} on '${to}', or no such sequence`;
}

async function lookAtWayBack(context: CutoverContext): Promise<string | undefined> {
  const { reverse, from, to } = context.plan;
  if (reverse === undefined || reverse.kind !== LinkKind.NATIVE) return undefined;
  const { publication = '' } = reverse;
  const published = await context.runOne(to, publicationExists(publication));
  if (published?.exists !== true) return `no publication '${publication}' on '${to}'`;
  const there = await context.runOne(from, subscriptionState(subscriptionOf(reverse)));
  if (there !== undefined || reverse.publisher !== undefined) return undefined;
  return `no subscription '${subscriptionOf(reverse)}' on '${from}', and nothing to make it of`;
}

async function lookAtTransactions(context: CutoverContext): Promise<string | undefined> {
  const { from, limits } = context.plan;
  const long = await context.runOne(from, longTransactions(limits.transactionSeconds));
  if (long !== undefined)
    return `a transaction of role '${String(long.role)}' open for ${Math.round(Number(long.seconds))} s (process ${String(long.pid)})`;
  const prepared = await context.runOne(from, preparedTransactions());
  return prepared === undefined ? undefined : `the prepared transaction '${String(prepared.name)}'`;
}

async function lookAtSuperusers(context: CutoverContext): Promise<string | undefined> {
  const { from } = context.plan;
  const row = await context.runOne(from, superuserSessions(await keptOn(context, from)));
  return row === undefined
    ? undefined
    : `'${String(row.role)}' (${String(row.application)}), process ${String(row.pid)}`;
}

async function lookAtTarget(context: CutoverContext): Promise<string | undefined> {
  const { to } = context.plan;
  const [first] = await context.run(to, unfencedLogins(await keptOn(context, to)));
  return first === undefined ? undefined : `role '${String(first.name)}' may connect to '${to}'`;
}

function describe({ title, status, found, wayOut }: Gate): string {
  return `- ${title}: ${status}, got ${found}; ${wayOut}`;
}
