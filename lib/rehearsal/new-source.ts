import { isManaged, PontoonError, quoteIdentifier, serverOf } from '../postgres';
import { type AssemblyStack, isRecord, recordOf } from './assembly';
import type { RecordedMigration } from './migration';
import {
  createServer,
  type Server,
  type Shim,
  translateManagedSettings,
  withStatementLibrary,
} from './servers';
import { asSuperuser, fill, OWNER, type Source, type SourceOptions } from './source';
import { sampleTables } from './workload/sample-tables';

/** A source that the stack makes, before it makes it. */
export interface NewSource extends Source {
  /** The cluster in the template. */
  readonly logicalId: string;
  /** What differs from the cloud's. */
  readonly shims: readonly Shim[];
}

/** The cluster of the stack that `name` is, by its logical id; undefined for a server that was there before. */
export function clusterOf(migration: RecordedMigration, name: string): string | undefined {
  const host = migration.bindings[name]?.host ?? '';
  if (!isManaged(serverOf(migration.topology, name)) || !host.startsWith('{')) return undefined;
  const got = recordOf(JSON.parse(host))['Fn::GetAtt'];
  const [logicalId] = Array.isArray(got) ? got : [];
  return typeof logicalId === 'string' ? logicalId : undefined;
}

/**
 * Starts the server of a cluster that the stack makes, with the parameters of the template, and fills it: in the cloud
 * that happens between two deployments, of which this stack is the second.
 */
export async function createNewSource(
  options: SourceOptions,
  logicalId: string,
): Promise<NewSource> {
  const { workspace, migration, name, selection, rows } = options;
  const { majorVersion, database } = serverOf(migration.topology, name);
  const { settings, hba, shims } = translateManagedSettings(
    parametersOf(migration.stack, logicalId),
  );
  const server = await createServer(workspace, {
    name,
    major: majorVersion,
    superuser: 'rdsadmin',
    settings: await withStatementLibrary(majorVersion, settings),
    hba,
  });
  await server.start();
  await asSuperuser(server, 'postgres', async (client) => {
    await client.query(`CREATE ROLE ${OWNER}`);
    await client.query(`CREATE DATABASE ${quoteIdentifier(database)}`);
  });
  const tables = sampleTables(selection);
  await asSuperuser(server, database, async (client) => await fill(client, tables, rows));
  return { server, tables, logicalId, shims: [...shims, ...server.shims, FILLED] };
}

/** Gives the application's role to the cluster's administrator, as to whoever made it. */
export async function handOver(server: Server, administrator: string): Promise<void> {
  await asSuperuser(server, 'postgres', async (client) => {
    await client.query(`GRANT ${OWNER} TO ${quoteIdentifier(administrator)} WITH ADMIN OPTION`);
  });
}

const FILLED: Shim = {
  name: 'the new source is filled before the stack makes it',
  reason: 'in the cloud it is filled between a first deployment and the one that says so',
};

function parametersOf(
  { template }: AssemblyStack,
  logicalId: string,
): Readonly<Record<string, string>> {
  const cluster = template.resources.get(logicalId);
  const group = recordOf(cluster?.properties.DBClusterParameterGroupName).Ref;
  const parameters = template.resources.get(String(group))?.properties.Parameters;
  if (!isRecord(parameters))
    throw new PontoonError(
      'NO_PARAMETERS',
      `cluster '${logicalId}' must have a parameter group of the same stack, got none; rehearse a stack with AuroraMigration`,
    );
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, String(value)]),
  );
}
