import { setTimeout as delay } from 'node:timers/promises';
import { Client, type ClientConfig } from 'pg';
import { PontoonError } from '../../postgres';

const RELOAD_TIMEOUT_MS = 30_000;
const POLL_MS = 20;

/** The part of a server that reloading needs. */
interface Reloadable {
  readonly name: string;
  readonly pid: number | undefined;
  controlConfig(): ClientConfig;
}

/**
 * Lets a running server read its files again and waits until it has.
 * Returns the settings that wait for a restart.
 * Throws a PontoonError with code INVALID_CONFIGURATION for lines that the server did not accept.
 */
export async function reload(server: Reloadable): Promise<readonly string[]> {
  const before = await ask(server, 'SELECT pg_conf_load_time()::text AS answer');
  if (server.pid !== undefined) process.kill(server.pid, 'SIGHUP');
  const deadline = Date.now() + RELOAD_TIMEOUT_MS;
  // Each session inherits the postmaster's time when it starts, so every look is a new session.
  while ((await ask(server, 'SELECT pg_conf_load_time()::text AS answer'))[0] === before[0]) {
    if (Date.now() > deadline) {
      throw new PontoonError(
        'SERVER_NOT_RELOADED',
        `server ${JSON.stringify(server.name)} must read its files again within ${RELOAD_TIMEOUT_MS} ms, got no sign of it; look into its log`,
      );
    }
    await delay(POLL_MS);
  }
  await requireNoErrors(server);
  return ask(server, 'SELECT name AS answer FROM pg_settings WHERE pending_restart ORDER BY name');
}

async function requireNoErrors(server: Reloadable): Promise<void> {
  const errors = await ask(
    server,
    `SELECT format('%s line %s: %s', 'pg_hba.conf', line_number, error) AS answer
       FROM pg_hba_file_rules WHERE error IS NOT NULL
     UNION ALL
     SELECT format('%s: %s', f.name, f.error) FROM pg_file_settings f
       LEFT JOIN pg_settings s ON s.name = lower(f.name)
      WHERE f.error IS NOT NULL AND s.pending_restart IS NOT TRUE AND f.sourcefile LIKE '%/pontoon.conf'`,
  );
  if (errors.length === 0) return;
  throw new PontoonError(
    'INVALID_CONFIGURATION',
    `server ${JSON.stringify(server.name)} must accept its configuration, got ${errors.join('; ')}; correct it`,
  );
}

async function ask(server: Reloadable, query: string): Promise<readonly string[]> {
  const client = new Client(server.controlConfig());
  await client.connect();
  try {
    const { rows } = await client.query<{ answer: string }>(query);
    return rows.map(({ answer }) => answer);
  } finally {
    await client.end();
  }
}
