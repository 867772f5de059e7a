import type { Server } from '../servers';
import { asSuperuser } from '../source';

/** What the deletion of a stack must have taken away from a server. */
const TRACES: readonly { readonly what: string; readonly query: string }[] = [
  { what: 'slot', query: 'SELECT slot_name AS name FROM pg_replication_slots' },
  { what: 'publication', query: 'SELECT pubname AS name FROM pg_publication' },
  { what: 'subscription', query: 'SELECT subname AS name FROM pg_subscription' },
  { what: 'replication origin', query: 'SELECT roname AS name FROM pg_replication_origin' },
  { what: 'schema', query: `SELECT nspname AS name FROM pg_namespace WHERE nspname = 'pontoon'` },
  {
    what: 'role',
    query: `SELECT rolname AS name FROM pg_roles WHERE rolname LIKE 'pontoon\\_%' AND rolname <> ALL ($1)`,
  },
];

/** The roles on `server`, to tell later which were there before. */
export async function rolesOn(server: Server): Promise<string[]> {
  return await asSuperuser(server, 'postgres', async (client) => {
    const { rows } = await client.query<{ name: string }>('SELECT rolname AS name FROM pg_roles');
    return rows.map(({ name }) => name);
  });
}

/** Says what of ours is still on `server`; `rolesBefore` are none of ours, whatever their names. */
export async function leftoversOn(
  server: Server,
  database: string,
  rolesBefore: readonly string[],
): Promise<string[]> {
  return await asSuperuser(server, database, async (client) => {
    const found: string[] = [];
    for (const { what, query } of TRACES) {
      const { rows } = await client.query<{ name: string }>(
        query,
        query.includes('$1') ? [rolesBefore] : [],
      );
      found.push(...rows.map(({ name }) => `${what} '${name}' on '${server.name}'`));
    }
    return found;
  });
}
