import { randomUUID } from 'node:crypto';
import {
  canaryArrived,
  confirmed,
  LinkKind,
  logEnd,
  PontoonError,
  type ReplicationPath,
  replayed,
  slotLoss,
  writeCanary,
} from '../../postgres';
import { type Probe, type WaitOptions, waitUntil } from '../wait';
import type { CutoverContext } from './context';
import { everyPath } from './paths';
import { refuseChanges } from './read-ahead';
import { lookAtTask } from './task-tables';

const LOOK_AGAIN_MS = 5;

/**
 * Proves that the new writer has everything that was acknowledged on the old one. A table that was made since the gates
 * is in no publication, so that the schemas are looked at once more meanwhile.
 */
export async function catchUp(context: CutoverContext): Promise<void> {
  const { forward, from, to } = context.plan;
  // What does not fit there may keep the canary from arriving for as long as it is waited for.
  const differs = new AbortController();
  const ends = await Promise.allSettled([
    travel(context, forward, from, to, {
      deadlineMs: context.remainingMs(),
      signal: differs.signal,
    }),
    refuseChanges(context).catch((error: unknown) => {
      differs.abort(error);
      throw error;
    }),
  ]);
  for (const end of ends.reverse()) if (end.status === 'rejected') throw end.reason;
  if (forward.some(({ kind }) => kind === LinkKind.DMS)) await refuseTask(context);
}

/** A table that the task gave up sends nothing any more, while the canary goes on arriving. */
async function refuseTask(context: CutoverContext): Promise<void> {
  const reason = await context.inTime('look at the tables of the DMS task', () =>
    lookAtTask(context),
  );
  if (reason === undefined) return;
  throw new PontoonError(
    'TASK_SUSPENDED',
    `the DMS task must have applied every change, got ${reason}; mend what its log says, and reload the table`,
  );
}

/**
 * Sends a canary along each of `paths`: what came by one of them says nothing of the others. The position is read after
 * one was committed, so that it lies behind every acknowledged commit, also behind those that were not waited for; a
 * second one moves the log past that position, since a log that stands still at the head of a page is not sent any
 * further.
 */
export async function travel(
  context: CutoverContext,
  paths: readonly ReplicationPath[],
  from: string,
  to: string,
  patience: Pick<WaitOptions<undefined>, 'deadlineMs' | 'signal'>,
): Promise<void> {
  const { migration } = context.plan;
  const mark = randomUUID();
  const parts = paths.map(({ part }) => part);
  await context.run(from, writeCanary(migration, `${mark} before`, parts));
  const position = String((await context.runOne(from, logEnd()))?.lsn);
  await context.run(from, writeCanary(migration, mark, parts));
  // Nobody waits for the others once one of them cannot arrive any more.
  const lost = new AbortController();
  const signal = AbortSignal.any([lost.signal, ...(patience.signal ? [patience.signal] : [])]);
  await everyPath(paths, async (path) => {
    const what = path.part === undefined ? 'everything' : `everything of part '${path.part}'`;
    await waitUntil({
      what: `'${to}' must have ${what} that was written on '${from}' up to ${position}`,
      wayOut: 'look at the lag and at the log of the receiver',
      deadlineMs: patience.deadlineMs,
      signal,
      intervalMs: LOOK_AGAIN_MS,
      probe: askedInTime(() => arrived(context, { path, from, to, mark, position })),
    }).catch((error: unknown) => {
      lost.abort(error);
      throw error;
    });
  });
}

/** The sessions' time ends with the wait: what was found until then says more than that a question came too late. */
function askedInTime(ask: () => Promise<Probe<undefined>>): () => Promise<Probe<undefined>> {
  let reason: string | undefined;
  return async () => {
    try {
      const found = await ask();
      if (!found.done) reason = found.reason;
      return found;
    } catch (error) {
      if (!(error instanceof PontoonError && error.code === 'OUT_OF_TIME')) throw error;
      return {
        done: false,
        reason: reason === undefined ? 'no answer' : `${reason}, and then no answer`,
      };
    }
  };
}

interface Travelled {
  readonly path: ReplicationPath;
  readonly from: string;
  readonly to: string;
  readonly mark: string;
  readonly position: string;
}

async function arrived(context: CutoverContext, travelled: Travelled): Promise<Probe<undefined>> {
  const { path, from, to, mark, position } = travelled;
  if (path.decoder !== from) {
    const row = await context.runOne(path.decoder, replayed(position));
    if (row?.reached !== true)
      return { done: false, reason: `'${path.decoder}' at ${String(row?.lsn)}` };
  }
  // AWS DMS confirms positions when it likes to; what it applies, it applies in the order of commits.
  const confirms = await slotConfirmed(context, path, position);
  if (!confirms.done && path.kind !== LinkKind.DMS) return confirms;
  const row = await context.runOne(to, canaryArrived(context.plan.migration, mark, path.part));
  return row?.arrived === true
    ? { done: true, value: undefined }
    : { done: false, reason: 'no canary there' };
}

async function slotConfirmed(
  context: CutoverContext,
  { decoder, slotName }: ReplicationPath,
  position: string,
): Promise<Probe<undefined>> {
  const row = await context.runOne(decoder, confirmed(slotName, position));
  if (row === undefined || typeof row.lostBy === 'string') {
    const { what, wayOut } =
      row === undefined
        ? { what: 'none', wayOut: 'replicate from the start again' }
        : slotLoss(String(row.lostBy));
    throw new PontoonError(
      'SLOT_LOST',
      `slot '${slotName}' on '${decoder}' must be there, got ${row === undefined ? what : `one ${what}`}; what it had not sent is missing on the new writer: ${wayOut}`,
    );
  }
  return row.reached === true
    ? { done: true, value: undefined }
    : { done: false, reason: `slot '${slotName}' confirmed up to ${String(row.lsn)}` };
}
