import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { deadlineOf } from './deadline';

/** Settles as soon as a session has done everything that it was asked. */
const FREE = new WeakMap<ClientBase, Promise<unknown>>();

/** The longest that timers of Node.js take. */
const LONGEST_MS = 2_000_000_000;

/**
 * Does `work` as soon as `client` has nothing else to do: several paths of a cutover ask one session, which answers one
 * statement at a time. It is waited for until the deadline of the session; without `what`, however long it takes.
 *
 * @throws PontoonError with code OUT_OF_TIME if the turn did not come in time; `work` is not done then.
 */
export async function inTurn<Result>(
  client: ClientBase,
  what: string | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  const before = FREE.get(client);
  const turn = before === undefined ? work() : untilFree(client, what, before).then(work);
  const free = Promise.allSettled([before, turn]).then(() => {
    if (FREE.get(client) === free) FREE.delete(client);
  });
  FREE.set(client, free);
  return await turn;
}

async function untilFree(
  client: ClientBase,
  what: string | undefined,
  before: Promise<unknown>,
): Promise<void> {
  const deadline = deadlineOf(client);
  if (deadline === undefined || what === undefined) {
    await before;
    return;
  }
  const ended = new AbortController();
  const patience = Math.min(deadline.remainingMs(), LONGEST_MS);
  const late = delay(patience, true, { signal: ended.signal });
  try {
    if ((await Promise.race([before, late])) === true) throw deadline.passed(what);
  } finally {
    ended.abort();
  }
}
