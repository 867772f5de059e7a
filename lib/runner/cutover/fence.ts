import {
  abandonJournal,
  type ClosedAccess,
  type CutoverPlan,
  closeJournal,
  fenceStatements,
  fencesOfOthers,
  givenByFence,
  journalExists,
  liftStatements,
  lockJournal,
  loggedLogins,
  markQuiet,
  type ObservedAccess,
  OWN_SCHEMA,
  observeAccess,
  PontoonError,
  preparedTransactions,
  type Statement,
  sql,
  unfencedLogins,
  usesPglogical,
  writeJournal,
  writingLogins,
} from '../../postgres';
import { type Row, runAtEnd } from '../run';
import type { CutoverContext } from './context';
import { endOthers } from './other-sessions';
import { refuseUnattended } from './unattended';

/** Takes CONNECT from everybody but the migration, and journals it in the same transaction. */
export async function fence(context: CutoverContext): Promise<void> {
  const { plan, owner } = context;
  const found = await context.journal(plan.from);
  context.startClock(found?.remainingMs ?? plan.limits.budgetMs);
  const keep = await keptOn(context, plan.from);
  const access = await accessOf(context, plan.from);
  await context.together(
    plan.from,
    [
      writeJournal(plan, owner, { ...access, given: givenByFence(access, keep) }),
      ...fenceStatements(access, keep),
    ],
    () => refuseOtherFence(context),
  );
  context.fenced = true;
  await refuseUnfenced(context, keep);
}

/** Another migration that fences the old writer, or did and was not ended: what it gives back would open this fence. */
export async function otherFence(context: CutoverContext): Promise<string | undefined> {
  const { from, migration } = context.plan;
  if ((await context.runOne(from, journalExists()))?.exists !== true) return undefined;
  const row = await context.runOne(from, fencesOfOthers(migration));
  return row === undefined ? undefined : String(row.name);
}

async function refuseOtherFence(context: CutoverContext): Promise<void> {
  const { from, migration } = context.plan;
  await context.run(from, lockJournal());
  const other = await context.runOne(from, fencesOfOthers(migration));
  if (other === undefined) return;
  throw new PontoonError(
    'FENCED_BY_ANOTHER',
    `the database on '${from}' must be fenced by one migration at a time, got '${String(other.name)}' too; finalize that one, or take it back, first`,
  );
}

/** Ends what was there before the fence, and makes sure that nothing else of the kind is left. */
export async function quiet(context: CutoverContext): Promise<void> {
  const { plan } = context;
  const keep = await keptOn(context, plan.from);
  await endOthers(context);
  await refuseUnfenced(context, keep);
  await refusePrepared(context);
  await refuseUnattended(context);
  await context.run(plan.from, markQuiet(plan.migration));
}

/** Gives back what the fence took, and forgets it, in one transaction. False if there was no fence that may be lifted. */
export async function lift(context: CutoverContext): Promise<boolean> {
  return await restoreAccess(context, context.plan.from, 'abandon');
}

/** Lets applications in on `server` that this migration keeps out, if it does. */
export async function restoreAccess(
  context: CutoverContext,
  server: string,
  how: 'abandon' | 'close',
): Promise<boolean> {
  if ((await context.journal(server)) === undefined) return false;
  return await restoreFenced(context, server, how);
}

/**
 * Lets applications in on `server`, which has a journal: those that could connect before this migration kept them out, and
 * `named`. False if it keeps out nobody; otherwise `besides` is run in the same transaction.
 */
export async function restoreFenced(
  context: CutoverContext,
  server: string,
  how: 'abandon' | 'close',
  {
    named = [],
    besides = [],
  }: { readonly named?: readonly string[]; readonly besides?: readonly Statement[] } = {},
): Promise<boolean> {
  const { migration } = context.plan;
  const forget = how === 'abandon' ? abandonJournal(migration) : closeJournal(migration);
  await context.run(server, sql('BEGIN'));
  try {
    const row = await context.runOne(server, forget);
    if (row !== undefined) {
      const access = await accessOf(context, server);
      const before = row.connectBefore as ClosedAccess;
      for (const statement of [...liftStatements(access, before, named), ...besides])
        await context.run(server, statement);
    }
    await context.run(server, sql('COMMIT'));
    return row !== undefined;
  } catch (error) {
    await runAtEnd(context.session(server), sql('ROLLBACK')).catch(() => undefined);
    throw error;
  }
}

/** Who may connect to the database on `server`. */
export async function accessOf(context: CutoverContext, server: string): Promise<ObservedAccess> {
  const row = await context.runOne(server, observeAccess());
  if (row === undefined)
    throw new PontoonError(
      'UNREADABLE',
      `the access list of the database on '${server}' must be readable, got nothing; check the role of the runner`,
    );
  return row as unknown as ObservedAccess;
}

/** Logins that stay: those of the plan, and the one that walks. */
export async function keptOn(context: CutoverContext, server: string): Promise<readonly string[]> {
  return [...new Set([...(context.plan.keep[server] ?? []), await context.loginOn(server)])];
}

/** A role that `server` keeps although it may write there, and to what; AWS DMS is meant to. */
export async function keptWriter(
  context: CutoverContext,
  server: string,
): Promise<string | undefined> {
  const { selection } = context.plan;
  const row = await context.runOne(server, writingLogins(selection, readersOn(context, server)));
  return row === undefined ? undefined : mayWrite(row, server);
}

/** A role that the old writer keeps although it may write there to a table that is not replicated, and to what. */
export async function keptOtherWriter(context: CutoverContext): Promise<string | undefined> {
  const { from } = context.plan;
  const statement = loggedLogins(readersOn(context, from), ownTables(context.plan));
  const row = await context.runOne(from, statement);
  return row === undefined ? undefined : mayWrite(row, from);
}

function readersOn({ plan }: CutoverContext, server: string): readonly string[] {
  const { keep, forward, reverse = [] } = plan;
  const writers = [...forward, ...reverse].flatMap(({ writer }) => writer ?? []);
  return (keep[server] ?? []).filter((name) => !writers.includes(name));
}

function mayWrite({ name, table }: Row, server: string): string {
  return `role '${String(name)}', which may write to ${String(table)} on '${server}'`;
}

/**
 * What the migration writes itself: pglogical notes in its own schema that the way back is enabled. A scheduler notes
 * that its jobs are not let in.
 */
export function ownTables(plan: CutoverPlan): readonly string[] {
  const own = [`${OWN_SCHEMA}.`, 'cron.job_run_details:'];
  return usesPglogical(plan) ? [...own, 'pglogical.'] : own;
}

/** Refuses a login that may come in, since it was let in again or never kept out. */
export async function refuseUnfenced(
  context: CutoverContext,
  keep: readonly string[],
): Promise<void> {
  const { from } = context.plan;
  const rows = await context.run(from, unfencedLogins(keep));
  if (rows.length === 0) return;
  const names = rows.map(({ name }) => `'${String(name)}'`).join(', ');
  throw new PontoonError(
    'NOT_FENCED',
    `the fence on '${from}' must leave only listed roles with CONNECT, got ${names} too; have the database's owner revoke what others granted, take it out of roles that are kept, or add it to 'keep'`,
  );
}

/** Refuses a role that was kept since it only read, and may write by now. */
export async function refuseKeptWriter(context: CutoverContext): Promise<void> {
  const writing = await keptWriter(context, context.plan.from);
  if (writing === undefined) return;
  throw new PontoonError(
    'NOT_FENCED',
    `the fence on '${context.plan.from}' must leave only roles that read, got ${writing}; revoke that, or take the role out of 'keep'`,
  );
}

async function refusePrepared(context: CutoverContext): Promise<void> {
  const { from } = context.plan;
  const [first] = await context.run(from, preparedTransactions());
  if (first === undefined) return;
  throw new PontoonError(
    'PREPARED',
    `the fenced database on '${from}' must hold no prepared transaction, got '${String(first.name)}' of '${String(first.role)}'; commit it or roll it back`,
  );
}
