import { Client } from 'pg';
import { PontoonError, quoteIdentifier, quoteLiteral, supports } from '../../postgres';
import { scramVerifier } from '../../runner';
import type { Superuser } from './data-directory';
import type { Server } from './server';
import type { Shim } from './shims';

/** What a managed server's admin is made from. */
export interface ManagedAdminOptions {
  /** The admin's name and password, as the secret holds them. */
  readonly admin: Superuser;
  /** The database that the cloud creates with the server and gives to the admin. */
  readonly database: string;
}

/** A non-superuser that may do what a cloud's admin may. */
export interface ManagedAdmin {
  readonly admin: Superuser;
  readonly database: string;
  /** Each privilege that differs from a plain role's, or that comes about otherwise than in the cloud. */
  readonly shims: readonly Shim[];
  /** What the cloud's admin may do and this one may not: run it by {@link elevated}. */
  readonly gaps: readonly Shim[];
}

/** Predefined roles that Aurora's `rds_superuser` is a member of; a major lacks those it does not know. */
const PREDEFINED_ROLES: Readonly<Record<string, string>> = {
  pg_checkpoint: 'Aurora’s admin may run CHECKPOINT',
  pg_create_subscription: 'Aurora’s admin may create subscriptions; not verified against AWS',
  pg_maintain: 'Aurora’s admin may vacuum and analyze every table; not verified against AWS',
  pg_monitor: 'Aurora’s admin reads every statistic',
  pg_read_all_data: 'Aurora’s admin reads every table; not verified against AWS',
  pg_signal_backend: 'Aurora’s admin ends other sessions',
  pg_use_reserved_connections: 'Aurora keeps connections for its admin; not verified against AWS',
  pg_write_all_data: 'Aurora’s admin writes every table; not verified against AWS',
};

const REPLICATION_REASON =
  'Aurora lets members of rds_replication use slots; PostgreSQL asks for REPLICATION, which is not inherited. So this admin could also create REPLICATION roles, which Aurora refuses, and passes where somebody asks for REPLICATION alone, which no admin of Aurora has';

/**
 * Makes the admin that Aurora gives: a member of `rds_superuser`, but no superuser.
 * The server's superuser must not have its name; Aurora's own is `rdsadmin`.
 */
export async function managedAdmin(
  server: Server,
  { admin, database }: ManagedAdminOptions,
): Promise<ManagedAdmin> {
  if (admin.user === server.superuser.user) {
    throw new PontoonError(
      'INVALID',
      `'superuser' of server ${JSON.stringify(server.name)} must differ from its admin, got ${JSON.stringify(admin.user)} for both; create the server with superuser 'rdsadmin'`,
    );
  }
  const shims = await asSuperuser(server, async (client) => {
    const predefined = await makeRoles(client, admin);
    await makeDatabase(client, { admin, database });
    return [...baseShims(), ...predefined, ...(await grantParameters(client, server.major))];
  });
  return { admin, database, shims, gaps: gapsOf(server.major) };
}

/**
 * Gives members of `rds_replication` what they have on Aurora. To be called after a role was granted it.
 * Returns a shim for each role that gained REPLICATION.
 */
export async function honourReplicationMembers(server: Server): Promise<readonly Shim[]> {
  return asSuperuser(server, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT rolname AS name FROM pg_roles
        WHERE pg_has_role(oid, 'rds_replication', 'MEMBER')
          AND rolcanlogin AND NOT rolreplication AND NOT rolsuper ORDER BY 1`,
    );
    for (const { name } of rows)
      await client.query(`ALTER ROLE ${quoteIdentifier(name)} REPLICATION`);
    return rows.map(({ name }) => ({
      name: `${quoteIdentifier(name)} has REPLICATION`,
      reason: REPLICATION_REASON,
    }));
  });
}

/**
 * Runs `work` while `role` is a superuser, for a statement that the cloud lets its admin run and
 * PostgreSQL does not. Returns what `work` returns, and the shim to report.
 */
export async function elevated<Result>(
  server: Server,
  { role, statement }: { readonly role: string; readonly statement: string },
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly shim: Shim }> {
  const alter = (attribute: string) =>
    asSuperuser(server, (client) =>
      client.query(`ALTER ROLE ${quoteIdentifier(role)} ${attribute}`),
    );
  await alter('SUPERUSER');
  const result = await work().finally(() => alter('NOSUPERUSER'));
  return {
    result,
    shim: {
      name: `${quoteIdentifier(role)} is a superuser during ${statement}`,
      reason: `the cloud lets its admin run it; PostgreSQL ${server.major} asks for a superuser`,
    },
  };
}

async function makeRoles(client: Client, admin: Superuser): Promise<readonly Shim[]> {
  const name = quoteIdentifier(admin.user);
  await client.query('CREATE ROLE rds_replication NOLOGIN');
  await client.query('CREATE ROLE rds_password NOLOGIN');
  await client.query('CREATE ROLE rds_superuser NOLOGIN');
  await client.query('GRANT rds_replication, rds_password TO rds_superuser WITH ADMIN OPTION');
  const verifier = quoteLiteral(scramVerifier(admin.password));
  await client.query(
    `CREATE ROLE ${name} LOGIN CREATEDB CREATEROLE REPLICATION PASSWORD ${verifier}`,
  );
  const { rows } = await client.query<{ role: string }>(
    'SELECT rolname AS role FROM pg_roles WHERE rolname = ANY($1) ORDER BY 1',
    [Object.keys(PREDEFINED_ROLES)],
  );
  for (const { role } of rows) {
    await client.query(`GRANT ${quoteIdentifier(role)} TO rds_superuser WITH ADMIN OPTION`);
  }
  await client.query(`GRANT rds_superuser TO ${name} WITH ADMIN OPTION`);
  return rows.map(({ role }) => ({
    name: `rds_superuser is a member of ${role}`,
    reason: PREDEFINED_ROLES[role] ?? '',
  }));
}

async function makeDatabase(
  client: Client,
  { admin, database }: ManagedAdminOptions,
): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
  const verb = rowCount === 0 ? 'CREATE DATABASE' : 'ALTER DATABASE';
  const clause = rowCount === 0 ? 'OWNER' : 'OWNER TO';
  await client.query(
    `${verb} ${quoteIdentifier(database)} ${clause} ${quoteIdentifier(admin.user)}`,
  );
}

async function grantParameters(client: Client, major: number): Promise<readonly Shim[]> {
  if (!supports(major, 'parameter-privileges')) return [];
  await client.query('GRANT SET ON PARAMETER session_replication_role TO rds_superuser');
  return [
    {
      name: 'rds_superuser may SET session_replication_role',
      reason: 'Aurora lists it in rds.superuser_variables',
    },
  ];
}

function baseShims(): readonly Shim[] {
  return [
    {
      name: 'the roles rds_superuser, rds_replication and rds_password are plain roles',
      reason: 'Aurora has them and its documentation tells people to grant them',
    },
    { name: 'the admin has REPLICATION', reason: REPLICATION_REASON },
  ];
}

function gapsOf(major: number): readonly Shim[] {
  const gaps = [
    {
      name: 'CREATE EXTENSION of an extension that is not trusted',
      reason: 'Aurora lets rds_superuser create those on its list; PostgreSQL asks for a superuser',
    },
    {
      name: 'CREATE PUBLICATION … FOR ALL TABLES, FOR TABLES IN SCHEMA',
      reason: 'PostgreSQL asks for a superuser; whether Aurora does was not verified',
    },
  ];
  if (!supports(major, 'create-subscription-role')) {
    gaps.push({
      name: 'CREATE SUBSCRIPTION',
      reason: `Aurora lets rds_superuser; PostgreSQL ${major} asks for a superuser`,
    });
  }
  if (!supports(major, 'parameter-privileges')) {
    gaps.push({
      name: 'SET session_replication_role',
      reason: `Aurora lets rds_superuser; PostgreSQL ${major} asks for a superuser`,
    });
  }
  return gaps;
}

async function asSuperuser<Result>(
  server: Server,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client(server.controlConfig());
  await client.connect();
  return work(client).finally(() => client.end());
}
