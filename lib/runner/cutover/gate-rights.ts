import {
  furniture,
  LinkKind,
  letApply,
  mayDecode,
  mayFence,
  quoteQualified,
  type ReplicationPath,
  replicationReader,
  type UnwritableTable,
  unwritableTable,
} from '../../postgres';
import { readServerFacts } from '../managed-object';
import type { StraySequence } from './ahead';
import type { CutoverContext } from './context';
import { lookAtRoom } from './gate-room';
import type { GateFinding } from './gate-schemas';
import { sqlOf, subscriptionOf } from './paths';
import { isCarried } from './sequences';
import { selectionThere, sequencesOf } from './target-names';

const STRAYS_SHOWN = 5;

export async function lookAtFurniture(context: CutoverContext): Promise<string | undefined> {
  const { forward, from, to } = context.plan;
  const parts = forward.map(({ part }) => part);
  for (const server of [from, to]) {
    const row = await context.runOne(server, furniture(parts));
    if (row?.ledger !== true) return `no ledger on '${server}'`;
    if (row.canary !== true)
      return `no canary on '${server}'${parts.length === 1 ? '' : ', or not one for each part'}`;
  }
  return undefined;
}

export async function lookAtOwners(context: CutoverContext): Promise<string | undefined> {
  for (const server of [context.plan.from, context.plan.to]) {
    const row = await context.runOne(server, mayFence());
    if (row?.may !== true)
      return `no right to become '${String(row?.owner)}', who owns the database on '${server}'`;
    if (row.writes !== true)
      return `sessions on '${server}' that only read: default_transaction_read_only, or a standby`;
  }
  return undefined;
}

export async function lookAtDecoding(context: CutoverContext): Promise<string | undefined> {
  for (const server of [context.plan.from, context.plan.to]) {
    const row = await context.runOne(server, mayDecode());
    if (row?.level !== 'logical') return `wal_level = ${String(row?.level)} on '${server}'`;
    if (row.may !== true) return `no right to make slots on '${server}'`;
  }
  return undefined;
}

export async function lookAtSequences(context: CutoverContext): Promise<GateFinding> {
  const { from, to } = context.plan;
  const { pairs, there, strays } = await sequencesOf(context);
  const unreadable = pairs.find((pair) => !pair.from.readable);
  if (unreadable !== undefined)
    return `no right to read ${quoteQualified(unreadable.from)} on '${from}'`;
  const settable = new Set(there.filter(({ settable: may }) => may).map(quoteQualified));
  const lost = pairs
    .flatMap((pair) => (pair.to === undefined ? [] : quoteQualified(pair.to)))
    .find((name) => !settable.has(name));
  if (lost !== undefined) return `no right to set ${lost} on '${to}', or no such sequence`;
  const left = strays.filter((stray) => !isCarried(stray));
  const more = left.length - STRAYS_SHOWN;
  const shown = left.slice(0, STRAYS_SHOWN).map((stray) => describeStray(context, stray));
  return left.length === 0
    ? undefined
    : {
        besides: `as it must be, but these, which no table is known to use, do not go on where they stop: ${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
      };
}

function describeStray({ plan }: CutoverContext, { from, to }: StraySequence): string {
  const name = quoteQualified(from);
  if (to === undefined) return `${name} (there is none on '${plan.to}')`;
  return `${name} (no right to read it on '${plan.from}', or to read and set it on '${plan.to}')`;
}

export async function lookAtWayBack(context: CutoverContext): Promise<GateFinding> {
  const { reverse = [], from, to } = context.plan;
  for (const path of reverse.filter(({ kind }) => kind !== LinkKind.DMS)) {
    const statements = sqlOf(context, path);
    const { publication = '' } = path;
    const published = await context.runOne(to, statements.publicationExists(publication));
    if (published?.exists !== true) return `no publication '${publication}' on '${to}'`;
    const there = await context.runOne(from, statements.state(subscriptionOf(path)));
    if (there === undefined && path.publisher === undefined)
      return `no subscription '${subscriptionOf(path)}' on '${from}', and nothing to make it of`;
  }
  const native = reverse.filter(({ kind }) => kind === LinkKind.NATIVE);
  const may = native.length === 0 ? undefined : await lookAtReaders(context);
  return may ?? (await lookAtApplying(context, native)) ?? (await lookAtRoom(context));
}

/** Subscriptions of different parts may have different owners. */
export async function lookAtApplying(
  context: CutoverContext,
  paths: readonly ReplicationPath[],
): Promise<GateFinding> {
  for (const path of paths) {
    const found = await lookAtOwner(context, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A subscription that may not write to a table stops at the first change of it: for good, and when nothing can be undone. */
async function lookAtOwner(context: CutoverContext, path: ReplicationPath): Promise<GateFinding> {
  const { from, selection } = context.plan;
  const receiver = context.receiver(path);
  const { major } = await readServerFacts(context.session(receiver));
  const selected = receiver === from ? selection : await selectionThere(context);
  const row = await context.runOne(
    receiver,
    unwritableTable(selected, subscriptionOf(path), major),
  );
  if (row === undefined) return undefined;
  // The statement's columns are those of the type.
  const found = row as unknown as UnwritableTable;
  const more = found.tables === 1 ? '' : `, and ${found.tables - 1} more tables of the kind`;
  return {
    closed: `${describeUnwritable(found, receiver)}${more}`,
    wayOut: `${letApply(found)} on '${receiver}'${found.why === 'policies' ? ', or NO FORCE ROW LEVEL SECURITY on both servers' : ''}`,
  };
}

function describeUnwritable(found: UnwritableTable, server: string): string {
  const { why, role, owner } = found;
  const table = `table ${quoteQualified(found)}`;
  if (why === 'policies')
    return `${table} on '${server}', whose row-level security holds for '${role}' too, who would write to it`;
  const what =
    why === 'schema' ? `enter the schema of ${table}` : `become '${owner}', who owns ${table}`;
  return `no right of '${role}', whose subscription writes on '${server}', to ${what}`;
}

/** Whoever replicates from the new writer must be let in there behind the fence of a rollback, and so is listed. */
async function lookAtReaders(context: CutoverContext): Promise<string | undefined> {
  const { to, keep } = context.plan;
  const listed = keep[to] ?? [];
  const row = await context.runOne(to, replicationReader(listed));
  return row === undefined
    ? `no role on '${to}' that may log in, connect and replicate, in 'keep' (${listed.join(', ') || 'empty'})`
    : undefined;
}
