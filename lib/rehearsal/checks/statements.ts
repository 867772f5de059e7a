import type { Server } from '../servers';
import { asSuperuser } from '../source';
import type { ScannedText, Unsearched } from './secret-scan';

/** Where the view of pg_stat_statements is; a standby has it from its primary. */
const DATABASE = 'postgres';

/** Makes the view of what pg_stat_statements keeps, where `server` has loaded it. */
export async function createStatementView(server: Server): Promise<void> {
  await asSuperuser(server, DATABASE, async (client) => {
    const { rows } = await client.query<{ libraries: string }>(
      `SELECT current_setting('shared_preload_libraries') AS libraries`,
    );
    if (rows[0]?.libraries.includes('pg_stat_statements') === true)
      await client.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  });
}

/** The statements that `server` keeps, of all its databases; or why they cannot be searched. */
export async function keptStatements(
  name: string,
  server: Server,
): Promise<ScannedText | Unsearched> {
  const place = `pg_stat_statements of ${name}`;
  if (server.pid === undefined)
    return { place, reason: 'the server did not run any more', failed: true };
  try {
    return await asSuperuser(server, DATABASE, async (client) => {
      const { rows: views } = await client.query<{ view: string | null }>(
        `SELECT to_regclass('pg_stat_statements')::text AS view`,
      );
      if (views[0]?.view == null)
        return { place, reason: 'the server was installed without that library', failed: false };
      const { rows: dropped } = await client.query<{ dealloc: string }>(
        'SELECT dealloc FROM pg_stat_statements_info',
      );
      if (dropped[0]?.dealloc !== '0')
        return { place, reason: 'some statements were dropped from it', failed: true };
      const { rows } = await client.query<{ query: string }>(
        'SELECT query FROM pg_stat_statements',
      );
      return { place, text: rows.map(({ query }) => query).join('\n') };
    });
  } catch (error) {
    return { place, reason: error instanceof Error ? error.message : String(error), failed: true };
  }
}
