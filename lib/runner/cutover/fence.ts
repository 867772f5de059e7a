import {
  type AccessBefore,
  abandonJournal,
  admittedTo,
  closeJournal,
  fenceStatements,
  fencesOfOthers,
  journalExists,
  liftStatements,
  lockJournal,
  markQuiet,
  type ObservedAccess,
  type OtherSession,
  observeAccess,
  otherSessions,
  PontoonError,
  preparedTransactions,
  type Statement,
  sql,
  terminate,
  unfencedLogins,
  writeJournal,
  writingLogins,
} from '../../postgres';
import { Deadline } from '../deadline';
import { OpeningSessions } from '../opening-sessions';
import { runAtEnd } from '../run';
import { type Probe, waitUntil } from '../wait';
import type { CutoverContext } from './context';
import { describeSession, wayOutOf } from './describe-session';
import { refuseUnattended } from './unattended';

const LOOK_AGAIN_MS = 5;

/** Milliseconds after which an admitted session is ended too whose transaction has written. */
const WRITING_MS = 100;

/** Milliseconds for an admitted session's transaction that is open when nobody may have written. */
const OPEN_TRANSACTION_MS = 1_000;

/** Takes CONNECT from everybody but the migration, and journals it in the same transaction. */
export async function fence(context: CutoverContext): Promise<void> {
  const { plan, owner } = context;
  const found = await context.journal(plan.from);
  context.startClock(found?.remainingMs ?? plan.limits.budgetMs);
  const keep = await keptOn(context, plan.from);
  const access = await accessOf(context, plan.from);
  await context.together(
    plan.from,
    [writeJournal(plan, owner, access), ...fenceStatements(access, keep)],
    () => refuseOtherFence(context),
  );
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
  // A heartbeat of ours, say, ends by itself in a moment.
  const patience = Deadline.after(WRITING_MS);
  const opening = await OpeningSessions.behind((statement) => context.run(plan.from, statement));
  await waitUntil({
    what: `sessions of others on '${plan.from}' must end`,
    wayOut: 'look at them in pg_stat_activity',
    deadlineMs: context.remainingMs(),
    intervalMs: LOOK_AGAIN_MS,
    probe: () => endOthers(context, patience, opening),
  });
  await refuseUnfenced(context, keep);
  await refusePrepared(context);
  await refuseUnattended(context);
  await context.run(plan.from, markQuiet(plan.migration));
}

/**
 * Somebody who got in between the look at the access list and its change is seen here at the latest. Who is admitted and
 * has just written is waited for, so that the log shows it.
 */
export async function refuseOthers(context: CutoverContext): Promise<void> {
  const { from } = context.plan;
  await waitUntil({
    what: `open transactions on '${from}' must end`,
    wayOut: 'look at them in pg_stat_activity',
    deadlineMs: Math.min(context.remainingMs(), OPEN_TRANSACTION_MS),
    intervalMs: LOOK_AGAIN_MS,
    probe: async (): Promise<Probe<undefined>> => {
      const others = await sessionsOf(context);
      const foreign = others.find(({ writing }) => !writing);
      if (foreign !== undefined) {
        throw new PontoonError(
          'NOT_QUIET',
          `the fenced database on '${from}' must hold no session of others, got ${describeSession(foreign)}; find out who it is before you try again`,
        );
      }
      const [first] = others;
      if (first === undefined) return { done: true, value: undefined };
      return { done: false, reason: describeSession(first) };
    },
  });
}

/** Gives back what the fence took, and forgets it, in one transaction. False if there was no fence that may be lifted. */
export async function lift(context: CutoverContext): Promise<boolean> {
  return await restoreAccess(context, context.plan.from, 'abandon');
}

/**
 * Lets applications in on `server`: those that could connect before this migration kept them out. False if it keeps out
 * nobody; otherwise `besides` is run in the same transaction.
 */
export async function restoreAccess(
  context: CutoverContext,
  server: string,
  how: 'abandon' | 'close',
  besides: readonly Statement[] = [],
): Promise<boolean> {
  if ((await context.journal(server)) === undefined) return false;
  const { migration } = context.plan;
  const forget = how === 'abandon' ? abandonJournal(migration) : closeJournal(migration);
  await context.run(server, sql('BEGIN'));
  try {
    const row = await context.runOne(server, forget);
    if (row !== undefined) {
      const access = await accessOf(context, server);
      const before = row.connectBefore as AccessBefore;
      for (const statement of [...liftStatements(access, before), ...besides])
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
  const row = await context.runOne(server, sql('SELECT current_user AS me'));
  return [...new Set([...(context.plan.keep[server] ?? []), String(row?.me)])];
}

/** A role that `server` keeps although it may write there, and to what; AWS DMS is meant to. */
export async function keptWriter(
  context: CutoverContext,
  server: string,
): Promise<string | undefined> {
  const { keep, selection, forward, reverse = [] } = context.plan;
  const writers = [...forward, ...reverse].flatMap(({ writer }) => writer ?? []);
  const readers = (keep[server] ?? []).filter((name) => !writers.includes(name));
  const row = await context.runOne(server, writingLogins(selection, readers));
  return row === undefined
    ? undefined
    : `role '${String(row.name)}', which may write to ${String(row.table)} on '${server}'`;
}

async function endOthers(
  context: CutoverContext,
  patience: Deadline,
  opening: OpeningSessions,
): Promise<Probe<undefined>> {
  const left = await opening.left();
  const others = await sessionsOf(context);
  const [first] = others;
  if (first === undefined)
    return left === 0
      ? { done: true, value: undefined }
      : { done: false, reason: `${left} that are being opened` };
  const blocking = others.find(
    ({ superuser, kind, writing }) =>
      !writing && (superuser || !/^(client backend|pg_cron)/.test(kind)),
  );
  if (blocking !== undefined) {
    throw new PontoonError(
      'NOT_QUIET',
      `the database on '${context.plan.from}' must hold no session that a fence does not end, got ${describeSession(blocking)}; ${wayOutOf(blocking)}`,
    );
  }
  const ending = others.filter(({ writing }) => !writing || patience.remainingMs() === 0);
  if (ending.length > 0)
    await context.run(context.plan.from, terminate(ending.map(({ pid }) => pid)));
  return { done: false, reason: `${others.length}, the first being ${describeSession(first)}` };
}

async function sessionsOf(context: CutoverContext): Promise<readonly OtherSession[]> {
  const { plan } = context;
  const rows = await context.run(plan.from, otherSessions(admittedTo(plan)));
  return rows as unknown as readonly OtherSession[];
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
