import { Client } from 'pg';
import { PontoonError, quoteIdentifier, quoteLiteral, renderRunbook, serverOf } from '../postgres';
import { scramVerifier } from '../runner';
import {
  createServer,
  honourReplicationMembers,
  managedAdmin,
  randomPassword,
  type Server,
  type Shim,
  type Superuser,
  translateManagedSettings,
  withStatementLibrary,
} from './servers';
import {
  asSuperuser,
  fill,
  follow,
  OWNER,
  type PreparedOptions,
  preparation,
  type Source,
  type SourceOptions,
} from './source';
import { sampleTables } from './workload/sample-tables';

/** A source that a cloud manages, and who administers it there. */
export interface ManagedSource extends Source {
  /** The cluster's own administrator, who is no superuser. */
  readonly administrator: Superuser;
  /** What differs from the cloud's. */
  readonly shims: readonly Shim[];
}

/** What a cluster has that nobody prepared for replication. */
const UNPREPARED = { 'rds.force_ssl': '1', 'rds.logical_replication': '0' };

/**
 * Makes up a cluster that was there before, with an application's data: its administrator is no superuser and does not
 * own the application's tables.
 */
export async function createManagedSource(options: SourceOptions): Promise<ManagedSource> {
  const { workspace, migration, name, selection, rows } = options;
  const { majorVersion, database } = serverOf(migration.topology, name);
  const { settings, hba, shims } = translateManagedSettings(UNPREPARED);
  const server = await createServer(workspace, {
    name,
    major: majorVersion,
    superuser: 'rdsadmin',
    hba,
    settings: await withStatementLibrary(majorVersion, {
      ...settings,
      'pg_stat_statements.track_utility': 'on',
    }),
  });
  await server.start();
  const administrator = { user: 'postgres', password: randomPassword() };
  const admin = await managedAdmin(server, { admin: administrator, database });
  await asAdministrator(server, database, administrator, async (client) => {
    await client.query(`CREATE ROLE ${OWNER}`);
  });
  const tables = sampleTables(selection);
  await asSuperuser(server, database, async (client) => {
    await client.query(`ALTER DATABASE ${quoteIdentifier(database)} OWNER TO ${OWNER}`);
    await fill(client, tables, rows);
  });
  return { server, tables, administrator, shims: [...shims, ...server.shims, ...admin.shims] };
}

/** Prepares the source by the very commands and SQL of its runbook, as its owner would. Returns what was set differently. */
export async function followManagedRunbook(
  { migration, name, password }: PreparedOptions,
  { server, administrator }: ManagedSource,
): Promise<readonly Shim[]> {
  const { topology, source } = migration;
  const { database } = serverOf(topology, name);
  const runbook = renderRunbook(topology, {
    server: name,
    administrator: source.administrator,
    hba: [],
  });
  const { settings, shims } = translateManagedSettings(readParameters(runbook));
  await server.configure(settings);
  await server.restart();
  await asAdministrator(server, database, administrator, async (client) => {
    for (const statement of preparation(runbook)) await follow(client, statement);
    const verifier = quoteLiteral(scramVerifier(password));
    await client.query(`ALTER ROLE ${quoteIdentifier(source.administrator)} PASSWORD ${verifier}`);
  });
  return [...shims, ...(await honourReplicationMembers(server))];
}

/** The parameters that the runbook's commands set. */
function readParameters(runbook: string): Readonly<Record<string, string>> {
  const found = [...runbook.matchAll(/"ParameterName=([^,"]+),ParameterValue=([^,"]+),/g)];
  if (found.length === 0)
    throw new PontoonError(
      'RUNBOOK',
      'the runbook of a managed server must set parameters, got none; keep its commands',
    );
  return Object.fromEntries(found.map(([, name = '', value = '']) => [name, value]));
}

async function asAdministrator(
  server: Server,
  database: string,
  administrator: Superuser,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  const client = new Client(server.connectionConfig(database, administrator));
  await client.connect();
  await work(client).finally(() => client.end());
}
