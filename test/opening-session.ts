import { Client, type ClientConfig } from 'pg';
import { waitUntil } from '../lib/runner';

/** Seconds between the look at the access list and the moment at which the session is shown. */
const DELAY_S = 2;

const HELD = `SELECT FROM pg_locks WHERE classid = 'pg_database'::regclass AND pid NOT IN (SELECT pid FROM pg_stat_activity WHERE datname IS NOT NULL)`;

/**
 * Begins to open a session, and returns once it has passed the access list, and nothing shows it. `ask` is a superuser
 * of the same server. The client connects later, and fails to if it is ended before.
 */
export async function sessionBeingOpened(
  config: ClientConfig,
  ask: (query: string) => Promise<readonly unknown[]>,
): Promise<{ readonly client: Client; readonly connected: Promise<unknown> }> {
  const client = new Client({ ...config, options: `-c post_auth_delay=${DELAY_S}` });
  client.on('error', () => undefined);
  const connected = client.connect().catch((error: unknown) => error);
  await waitUntil({
    what: 'the session must hold its lock',
    deadlineMs: 10_000,
    intervalMs: 5,
    probe: async () =>
      (await ask(HELD)).length > 0
        ? { done: true, value: undefined }
        : { done: false, reason: 'no lock' },
  });
  return { client, connected };
}
