import {
  LinkKind,
  longTransactions,
  longWrites,
  mayAllowLogin,
  preparedTransactions,
  type ReplicationPath,
  slotLoss,
  superuserSessions,
  unfencedLogins,
  writingLogins,
} from '../../postgres';
import type { CutoverContext } from './context';
import { keptOn } from './fence';
import { lookAtApplying } from './gate-rights';
import type { GateFinding } from './gate-schemas';
import { lagOf, writerOf } from './lag';
import { sqlOf, subscriptionOf } from './paths';
import { selectionThere } from './target-names';
import { lookAtTask } from './task-tables';

export async function lookAtForward(context: CutoverContext): Promise<GateFinding> {
  for (const path of context.plan.forward) {
    const reason = await lookAtPath(context, path);
    if (reason !== undefined)
      return path.part === undefined ? reason : `${reason}, in part '${path.part}'`;
  }
  const native = context.plan.forward.filter(({ kind }) => kind === LinkKind.NATIVE);
  return await lookAtApplying(context, native);
}

async function lookAtPath(
  context: CutoverContext,
  path: ReplicationPath,
): Promise<string | undefined> {
  const { to, limits } = context.plan;
  const { decoder, slotName } = path;
  if (path.kind !== LinkKind.DMS) {
    const name = subscriptionOf(path);
    const row = await context.runOne(to, sqlOf(context, path).progress(name));
    if (row === undefined) return `no subscription '${name}' on '${to}'`;
    if (row.enabled !== true) return `subscription '${name}' disabled`;
    if (row.waiting !== 0)
      return `${String(row.waiting)} of ${String(row.tables)} tables not copied yet`;
  }
  if (path.kind === LinkKind.DMS) {
    const reason = (await lookAtWriter(context, path)) ?? (await lookAtTask(context));
    if (reason !== undefined) return reason;
  }
  const slot = await lagOf(context, path);
  if (slot === undefined) return `no slot '${slotName}' on '${decoder}'`;
  if (typeof slot.lostBy === 'string') {
    const { what, wayOut } = slotLoss(slot.lostBy);
    return `slot '${slotName}' on '${decoder}' ${what}: ${wayOut}`;
  }
  if (Number(slot.replayBytes) > limits.lagBytes)
    return `'${decoder}' ${String(slot.replayBytes)} bytes behind '${writerOf(context, path)}', more than ${limits.lagBytes}`;
  if (slot.active !== true) return `slot '${slotName}' is read by nobody`;
  if (Number(slot.bytes) > limits.lagBytes)
    return `a lag of ${String(slot.bytes)} bytes, more than ${limits.lagBytes}`;
  return undefined;
}

/** A login that cannot be shut writes for as long as its task takes to stop. */
async function lookAtWriter(
  context: CutoverContext,
  { writer }: ReplicationPath,
): Promise<string | undefined> {
  const { to } = context.plan;
  if (writer === undefined) return undefined;
  const row = await context.runOne(to, mayAllowLogin(writer));
  if (row === undefined) return `no role '${writer}' on '${to}'`;
  return row.may === true ? undefined : `no right to ALTER ROLE '${writer}' on '${to}'`;
}

export async function lookAtTransactions(context: CutoverContext): Promise<string | undefined> {
  const { from, limits } = context.plan;
  const long = await context.runOne(from, longTransactions(limits.transactionSeconds));
  if (long !== undefined)
    return `a transaction of role '${String(long.role)}' open for ${Math.round(Number(long.seconds))} s (process ${String(long.pid)})`;
  const prepared = await context.runOne(from, preparedTransactions());
  if (prepared !== undefined) return `the prepared transaction '${String(prepared.name)}'`;
  return (await longWriteOn(context, from)) ?? (await longWriteBehindTheWayBack(context));
}

/** The slot of the way back is made behind the fence, and waits for all databases of the new writer. */
async function longWriteBehindTheWayBack(context: CutoverContext): Promise<string | undefined> {
  const { to, reverse = [] } = context.plan;
  return reverse.length === 0 ? undefined : await longWriteOn(context, to);
}

async function longWriteOn(context: CutoverContext, server: string): Promise<string | undefined> {
  const row = await context.runOne(server, longWrites(context.plan.limits.transactionSeconds));
  if (row === undefined) return undefined;
  const what =
    row.pid === null ? `the prepared transaction '${String(row.name)}'` : 'a transaction';
  const process = row.pid === null ? '' : ` (process ${String(row.pid)})`;
  return `${what} of '${String(row.role)}' in database '${String(row.database)}' on '${server}', open for ${Math.round(Number(row.seconds))} s${process}, for whose end a new slot there would wait`;
}

export async function lookAtSuperusers(context: CutoverContext): Promise<string | undefined> {
  const { from } = context.plan;
  const row = await context.runOne(from, superuserSessions());
  return row === undefined
    ? undefined
    : `'${String(row.role)}' (${String(row.application)}), process ${String(row.pid)}`;
}

export async function lookAtTarget(context: CutoverContext): Promise<string | undefined> {
  const { to, forward, keep } = context.plan;
  const writers = forward.flatMap(({ writer }) => writer ?? []);
  const kept = [...(await keptOn(context, to)), ...writers];
  const [first] = await context.run(to, unfencedLogins(kept));
  if (first !== undefined) return `role '${String(first.name)}' may connect to '${to}'`;
  const readers = (keep[to] ?? []).filter((name) => !writers.includes(name));
  const selection = await selectionThere(context);
  const [writing] = await context.run(to, writingLogins(selection, readers));
  return writing === undefined
    ? undefined
    : `role '${String(writing.name)}', which is kept, may write to ${String(writing.table)} on '${to}'`;
}
