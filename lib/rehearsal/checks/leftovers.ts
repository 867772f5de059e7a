import { Client } from 'pg';
import type { Server } from '../servers';

/** What the deletion of a stack must have taken away from a server. */
const TRACES: readonly { readonly what: string; readonly query: string }[] = [
  { what: 'slot', query: 'SELECT slot_name AS name FROM pg_replication_slots' },
  { what: 'publication', query: 'SELECT pubname AS name FROM pg_publication' },
  { what: 'subscription', query: 'SELECT subname AS name FROM pg_subscription' },
  { what: 'replication origin', query: 'SELECT roname AS name FROM pg_replication_origin' },
  { what: 'schema', query: `SELECT nspname AS name FROM pg_namespace WHERE nspname = 'pontoon'` },
  {
    what: 'role',
    query: `SELECT rolname AS name FROM pg_roles WHERE rolname LIKE 'pontoon\\_%' AND rolname <> $1`,
  },
];

/** Says what of ours is still on `server`; `administrator` was there before. */
export async function leftoversOn(
  server: Server,
  database: string,
  administrator: string,
): Promise<string[]> {
  const client = new Client(server.controlConfig(database));
  await client.connect();
  try {
    const found: string[] = [];
    for (const { what, query } of TRACES) {
      const { rows } = await client.query<{ name: string }>(
        query,
        query.includes('$1') ? [administrator] : [],
      );
      found.push(...rows.map(({ name }) => `${what} '${name}' on '${server.name}'`));
    }
    return found;
  } finally {
    await client.end();
  }
}
