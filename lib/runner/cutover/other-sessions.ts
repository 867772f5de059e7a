import {
  admittedTo,
  type OtherSession,
  otherSessions,
  PontoonError,
  terminate,
} from '../../postgres';
import { Deadline } from '../deadline';
import { OpeningSessions } from '../opening-sessions';
import { Visitors } from '../visitors';
import { type Probe, waitUntil } from '../wait';
import type { CutoverContext } from './context';
import { describeSession, wayOutOf } from './describe-session';

const LOOK_AGAIN_MS = 5;

/** Milliseconds after which an admitted session is ended too whose transaction has written. */
const WRITING_MS = 100;

/** Milliseconds for an admitted session's transaction that is open when nobody may have written. */
const OPEN_TRANSACTION_MS = 1_000;

/** Milliseconds after which a worker that was ending is gone. */
const ENDING_MS = 200;

/** Ends who was there before the fence. */
export async function endOthers(context: CutoverContext): Promise<void> {
  const { from } = context.plan;
  // A heartbeat of ours, say, ends by itself in a moment.
  const patience = Deadline.after(WRITING_MS);
  const opening = await OpeningSessions.behind((statement) => context.run(from, statement));
  const workers = new Visitors(ENDING_MS);
  await waitUntil({
    what: `sessions of others on '${from}' must end`,
    wayOut: 'look at them in pg_stat_activity',
    deadlineMs: context.remainingMs(),
    intervalMs: LOOK_AGAIN_MS,
    probe: async (): Promise<Probe<undefined>> => {
      const left = await opening.left();
      const others = await sessionsOf(context);
      const [first] = others;
      if (first === undefined)
        return left === 0
          ? { done: true, value: undefined }
          : { done: false, reason: `${left} that are being opened` };
      await endAll(context, others, { patience, workers });
      return { done: false, reason: `${others.length}, the first being ${describeSession(first)}` };
    },
  });
}

async function endAll(
  context: CutoverContext,
  others: readonly OtherSession[],
  { patience, workers }: { readonly patience: Deadline; readonly workers: Visitors },
): Promise<void> {
  const { from } = context.plan;
  const blocking = others.filter(
    ({ superuser, kind, writing }) =>
      !writing && (superuser || !/^(client backend|pg_cron)/.test(kind)),
  );
  const [staying] = stayingOf(blocking, workers);
  if (staying !== undefined) {
    throw new PontoonError(
      'NOT_QUIET',
      `the database on '${from}' must hold no session that a fence does not end, got ${describeSession(staying)}; ${wayOutOf(staying)}`,
    );
  }
  const ending = others.filter(
    (other) => !blocking.includes(other) && (!other.writing || patience.remainingMs() === 0),
  );
  if (ending.length > 0) await context.run(from, terminate(ending.map(({ pid }) => pid)));
}

/**
 * Somebody who got in between the look at the access list and its change is seen here at the latest. Who is admitted and
 * has just written is waited for, so that the log shows it.
 */
export async function refuseOthers(context: CutoverContext): Promise<void> {
  const { from } = context.plan;
  const workers = new Visitors(ENDING_MS);
  await waitUntil({
    what: `open transactions on '${from}' must end`,
    wayOut: 'look at them in pg_stat_activity',
    deadlineMs: Math.min(context.remainingMs(), OPEN_TRANSACTION_MS),
    intervalMs: LOOK_AGAIN_MS,
    probe: async (): Promise<Probe<undefined>> => {
      const others = await sessionsOf(context);
      const foreign = others.filter(({ writing }) => !writing);
      const [staying] = stayingOf(foreign, workers);
      if (staying !== undefined) {
        throw new PontoonError(
          'NOT_QUIET',
          `the fenced database on '${from}' must hold no session of others, got ${describeSession(staying)}; find out who it is before you try again`,
        );
      }
      const [first] = others;
      if (first === undefined) return { done: true, value: undefined };
      return { done: false, reason: describeSession(first) };
    },
  });
}

/** All but workers met only just now, such as one of an admitted subscription that is ending, which nothing names any more. */
function stayingOf(others: readonly OtherSession[], workers: Visitors): readonly OtherSession[] {
  return others.filter((other) => !other.worker || workers.stays(other));
}

async function sessionsOf(context: CutoverContext): Promise<readonly OtherSession[]> {
  const { plan } = context;
  const rows = await context.run(plan.from, otherSessions(admittedTo(plan)));
  return rows as unknown as readonly OtherSession[];
}
