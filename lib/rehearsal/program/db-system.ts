import { deriveSettings, LinkKind, quoteIdentifier, serverOf } from '../../postgres';
import { isRecord, recordOf } from '../assembly';
import { createStatementView } from '../checks/statements';
import { ocid } from '../pulumi-program/ocid';
import {
  createServer,
  LOOPBACK_HBA,
  type Server,
  type Shim,
  type Workspace,
  withStatementLibrary,
} from '../servers';
import { asSuperuser, OWNER } from '../source';
import { type RegisteredDeployment, resourcesOf } from './deployment';
import { makeOciAdmin, subscribesAsSuperuser } from './oci-admin';
import type { OciPlace } from './oci-place';

const COMPONENT = 'pontoon:index:PostgresDbSystem';
const DB_SYSTEM = 'oci:Psql/dbSystem:DbSystem';
const CONFIGURATION = 'oci:Psql/configuration:Configuration';

/** The administrator of a database that was there before, whose name only its secret says. */
const ADMINISTRATOR = 'postgres_admin';

const EXTENSIONS = 'oci.admin_enabled_extensions';
const OUTPUT = 'output_plugin_libraries';

const SOON_AGAIN = { wal_retrieve_retry_interval: '500ms' };
const SOON_AGAIN_SHIM: Shim = {
  name: 'wal_retrieve_retry_interval is 500ms',
  reason:
    'by itself a subscription that was refused comes back after 5 s, which nothing waits for but the rehearsal',
};

/** A server that stands for a database of OCI. */
export interface DbSystemServer {
  readonly server: Server;
  /** The role by which the program's commands log in. */
  readonly administrator: string;
  /** What differs from OCI's. */
  readonly shims: readonly Shim[];
}

/** Starts a server for the database that is `name` in the topology, with the settings that the program registered. */
export async function startDbSystem(
  workspace: Workspace,
  deployment: RegisteredDeployment,
  place: OciPlace,
  name: string,
): Promise<DbSystemServer> {
  const { majorVersion, database } = serverOf(deployment.topology, name);
  const system = registered(deployment, name);
  const overrides = system?.overrides ?? ownSettings(deployment, name);
  const { settings, shims } = translate(overrides);
  const extension = usesPglogical(deployment, name) ? { extension: 'pglogical' } : {};
  const server = await createServer(workspace, {
    name,
    major: majorVersion,
    superuser: 'oci_superuser',
    settings: await withStatementLibrary(majorVersion, { ...settings, ...SOON_AGAIN }),
    hba: LOOPBACK_HBA,
    ...extension,
  });
  await server.start();
  await createStatementView(server);
  const allowed = usesPglogical(deployment, name) ? await allowOutput(server) : [];
  await asSuperuser(server, 'postgres', async (client) => {
    await client.query(`CREATE ROLE ${OWNER}`);
    await client.query(`CREATE DATABASE ${quoteIdentifier(database)}`);
  });
  const admin = place.login(name, system?.username ?? ADMINISTRATOR);
  const rights = await makeOciAdmin(server, {
    admin,
    database,
    owner: OWNER,
    superuser: usesPglogical(deployment, name) || subscribesAsSuperuser(majorVersion),
  });
  return {
    server,
    administrator: admin.user,
    shims: [...shims, SOON_AGAIN_SHIM, ...allowed, ...rights, ...server.shims],
  };
}

/** Newer minors decode by those libraries only that a setting names, which others do not know. */
async function allowOutput(server: Server): Promise<readonly Shim[]> {
  const known = await asSuperuser(server, 'postgres', async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_settings WHERE name = $1', [OUTPUT]);
    return rowCount === 1;
  });
  if (!known) return [];
  await server.configure({ [OUTPUT]: 'pgoutput, test_decoding, pglogical_output' });
  return [
    {
      name: `${OUTPUT} names pglogical_output`,
      reason: 'newer minors ask for it; that OCI does the same was not verified',
    },
  ];
}

interface RegisteredSystem {
  readonly username: string;
  readonly overrides: Readonly<Record<string, string>>;
}

/** The database of the program that is `name`; undefined if it was there before. */
function registered(deployment: RegisteredDeployment, name: string): RegisteredSystem | undefined {
  const component = deployment.resources.find(
    ({ type, outputs = {} }) => type === COMPONENT && recordOf(outputs.binding).server === name,
  );
  const id = component?.outputs?.dbSystemId;
  const system = resourcesOf(deployment, DB_SYSTEM).find((one) => ocid(DB_SYSTEM, one.name) === id);
  if (system === undefined) return undefined;
  const configuration = resourcesOf(deployment, CONFIGURATION).find(
    (one) => ocid(CONFIGURATION, one.name) === system.given.configId,
  );
  const { items } = recordOf(configuration?.given.dbConfigurationOverrides);
  const overrides = (Array.isArray(items) ? items : [])
    .filter(isRecord)
    .map(({ configKey, overridenConfigValue }) => [
      String(configKey),
      String(overridenConfigValue),
    ]);
  return {
    username: String(recordOf(system.given.credentials).username),
    overrides: Object.fromEntries(overrides),
  };
}

/** What the owner of a database that was there before has set, as the runbook says. */
function ownSettings({ topology }: RegisteredDeployment, name: string): Record<string, string> {
  return Object.fromEntries(
    deriveSettings(topology, name).map((setting) => [setting.name, setting.value]),
  );
}

/** Settings of OCI's own are those of its service, not of PostgreSQL. */
function translate(overrides: Readonly<Record<string, string>>): {
  readonly settings: Readonly<Record<string, string>>;
  readonly shims: readonly Shim[];
} {
  const entries = Object.entries(overrides);
  const extensions = (overrides[EXTENSIONS] ?? '').split(',').map((name) => name.trim());
  return {
    settings: {
      ...Object.fromEntries(entries.filter(([name]) => !isOwn(name))),
      // The service loads what an extension needs, and PostgreSQL is told to.
      ...(extensions.includes('pglogical') ? { shared_preload_libraries: 'pglogical' } : {}),
    },
    shims: entries
      .filter(([name]) => isOwn(name))
      .map(([name]) => ({
        name: `${name} is left out`,
        reason:
          'it is a setting of the service, not of PostgreSQL; extensions are those that are installed here',
      })),
  };
}

function isOwn(name: string): boolean {
  return name.startsWith('oci.');
}

function usesPglogical({ topology }: RegisteredDeployment, name: string): boolean {
  return topology.links.some(
    ({ kind, from, to }) => kind === LinkKind.PGLOGICAL && (from === name || to === name),
  );
}
