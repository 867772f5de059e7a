import type { Client } from 'pg';
import { type ConnectOptions, IDLE_TIMEOUT_MS } from './connect';
import { inTurn } from './in-turn';

/** Often enough that a question which comes late is still in time. */
const QUESTIONS = 4;

/**
 * Asks `session` something trivial now and then until it is closed, so that the server does not end it while others of
 * the same process work for longer than `idleTimeoutMs`. A process that is stopped asks nothing: then the server ends
 * the session, and gives back its locks. A transaction is never asked within: it has a limit of its own.
 */
export function keepAlive(
  session: Client,
  { idleTimeoutMs = IDLE_TIMEOUT_MS }: Pick<ConnectOptions, 'idleTimeoutMs'> = {},
): void {
  if (idleTimeoutMs === 0) return;
  const everyMs = Math.ceil(idleTimeoutMs / QUESTIONS);
  let asking = false;
  const timer = setInterval(() => {
    if (asking) return;
    asking = true;
    // Nobody waits for the answer: if the session is broken, its next statement says so.
    void ask(session, everyMs)
      .catch(() => undefined)
      .finally(() => {
        asking = false;
      });
  }, everyMs).unref();
  session.once('end', () => clearInterval(timer));
}

/** Not by `run`, since the deadline of a walk is none of a session that must outlive it. */
async function ask(session: Client, patienceMs: number): Promise<void> {
  await inTurn(session, undefined, async () => {
    if (session.getTransactionStatus() !== 'I') return;
    // pg understands `query_timeout`; its types do not.
    const question = { text: 'SELECT', query_timeout: patienceMs };
    await session.query(question);
  });
}
