import {
  furniture,
  LinkKind,
  mayDecode,
  mayFence,
  quoteQualified,
  replicationReader,
} from '../../postgres';
import type { CutoverContext } from './context';
import { sqlOf, subscriptionOf } from './paths';
import { sequencesOf } from './target-names';

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
    if (row?.may !== true) return `the owner '${String(row?.owner)}' on '${server}'`;
    if (row.writes !== true)
      return `sessions on '${server}' that only read: default_transaction_read_only, or a standby`;
  }
  return undefined;
}

export async function lookAtDecoding(context: CutoverContext): Promise<string | undefined> {
  for (const server of [context.plan.from, context.plan.to]) {
    const row = await context.runOne(server, mayDecode());
    if (row?.level !== 'logical') return `wal_level = ${String(row?.level)} on '${server}'`;
    if (row.may !== true) return `no REPLICATION on '${server}'`;
  }
  return undefined;
}

export async function lookAtSequences(context: CutoverContext): Promise<string | undefined> {
  const { from, to } = context.plan;
  const { pairs, there } = await sequencesOf(context);
  const unreadable = pairs.find((pair) => !pair.from.readable);
  if (unreadable !== undefined)
    return `no right to read ${quoteQualified(unreadable.from)} on '${from}'`;
  const settable = new Set(there.filter(({ settable: may }) => may).map(quoteQualified));
  const lost = pairs
    .flatMap((pair) => (pair.to === undefined ? [] : quoteQualified(pair.to)))
    .find((name) => !settable.has(name));
  return lost === undefined ? undefined : `no right to set ${lost} on '${to}', or no such sequence`;
}

export async function lookAtWayBack(context: CutoverContext): Promise<string | undefined> {
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
  return reverse.some(({ kind }) => kind === LinkKind.NATIVE)
    ? await lookAtReaders(context)
    : undefined;
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
