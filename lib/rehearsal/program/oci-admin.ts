import { quoteIdentifier, quoteLiteral, supports } from '../../postgres';
import { scramVerifier } from '../../runner';
import type { Server, Shim, Superuser } from '../servers';
import { asSuperuser } from '../source';

/** Predefined roles that let an administrator do what the runner asks for; a major lacks those it does not know. */
const PREDEFINED = [
  'pg_create_subscription',
  'pg_monitor',
  'pg_read_all_data',
  'pg_signal_backend',
];

/** An administrator, and what nobody has verified about OCI's. */
export interface OciAdminOptions {
  readonly admin: Superuser;
  readonly database: string;
  /** The role whose tables the administrator looks after. */
  readonly owner: string;
  /** Whether something is asked of it that PostgreSQL lets only a superuser do. */
  readonly superuser: boolean;
}

/** Makes the administrator of a database of OCI, which owns `database`. Returns what differs from OCI's. */
export async function makeOciAdmin(
  server: Server,
  { admin, database, owner, superuser }: OciAdminOptions,
): Promise<readonly Shim[]> {
  const name = quoteIdentifier(admin.user);
  return await asSuperuser(server, 'postgres', async (client) => {
    const rights = superuser ? 'SUPERUSER' : 'CREATEROLE CREATEDB REPLICATION BYPASSRLS';
    await client.query(
      `CREATE ROLE ${name} LOGIN ${rights} PASSWORD ${quoteLiteral(scramVerifier(admin.password))}`,
    );
    const { rows } = await client.query<{ role: string }>(
      'SELECT rolname AS role FROM pg_roles WHERE rolname = ANY ($1)',
      [PREDEFINED],
    );
    const roles = [...rows.map(({ role }) => role), owner].map(quoteIdentifier).join(', ');
    await client.query(`GRANT ${roles} TO ${name} WITH ADMIN OPTION`);
    await client.query(`ALTER DATABASE ${quoteIdentifier(database)} OWNER TO ${name}`);
    return [
      {
        name: superuser
          ? `the administrator of a database on PostgreSQL ${server.major} is a superuser`
          : 'the administrator of a database creates roles, replicates and subscribes, and is no superuser',
        reason: superuser
          ? `whether OCI lets its administrator subscribe was not verified; PostgreSQL ${server.major} asks for a superuser`
          : 'what OCI lets its administrator do was not verified',
      },
    ];
  });
}

/** Whether the administrator of a server of `major` has to be a superuser to subscribe. */
export function subscribesAsSuperuser(major: number): boolean {
  return !supports(major, 'create-subscription-role');
}
