import type { Client } from 'pg';
import {
  type Connection,
  createTopology,
  DatabaseRight,
  deriveHba,
  type HbaRule,
  LinkKind,
  type ObjectSpec,
  Platform,
  type PreflightReport,
  renderHba,
  renderRunbook,
  type Topology,
} from '../../lib/postgres';
import {
  apply,
  drop,
  type ReconcileClients,
  runPreflight,
  staticSecrets,
  withConnection,
} from '../../lib/runner';
import { startTestServer, type TestServer } from '../servers';
import { hybridChain, physicalChain } from './hybrid-chain';

const ADMINISTRATOR = 'Ad"min `x`';
const PASSWORD = 'correct horse';
const SECRETS = staticSecrets({
  administrator: { username: ADMINISTRATOR, password: PASSWORD },
  standby: { username: 'pontoon_standby', password: 'battery' },
  reader: { username: 'pontoon_reader', password: 'staple' },
});
const DATABASE = 'Shop "x"';

describe.each<{ major: number; kind: LinkKind.DMS | LinkKind.NATIVE; physicalOnly: boolean }>([
  { major: 15, kind: LinkKind.NATIVE, physicalOnly: true },
  { major: 16, kind: LinkKind.DMS, physicalOnly: false },
  { major: 18, kind: LinkKind.NATIVE, physicalOnly: false },
])('the runbook of a PostgreSQL $major source of a $kind link', ({ major, kind, physicalOnly }) => {
  let pg: TestServer;
  let superuser: Client;
  let runbook: string;
  const topology = chain(major, kind, physicalOnly);
  const access = hba(topology);

  beforeAll(async () => {
    // Advised, and so left to the owner.
    const settings = { wal_retrieve_retry_interval: '500ms' };
    pg = await startTestServer({ name: 'onPremises', major, settings });
    const client = await pg.client();
    await client.query(`CREATE ROLE app_owner`);
    await client.query(`CREATE DATABASE "Shop ""x"""`);
    superuser = await pg.client(DATABASE);
    await superuser.query('CREATE SCHEMA "App x" AUTHORIZATION app_owner');
    await superuser.query('CREATE TABLE "App x".orders (id int PRIMARY KEY, note text)');
    await superuser.query('ALTER TABLE "App x".orders OWNER TO app_owner');
    runbook = renderRunbook(topology, {
      server: 'onPremises',
      administrator: ADMINISTRATOR,
      hba: access,
    });
  });
  afterAll(() => pg.stop());

  test('lets preflight pass, and everything be made that the deployment makes', async () => {
    const found = errorsOf(await preflight(superuser)).length;
    expect(found > 0).toBe(!physicalOnly);
    await execute(superuser, before(runbook));
    await superuser.query(`ALTER ROLE "Ad""min \`x\`" PASSWORD '${PASSWORD}'`);
    await pg.server.setHba(hbaBlock(runbook));
    await pg.server.restart();
    superuser = await pg.client(DATABASE);
    await asAdministrator(async (clients) => {
      const report = await preflight(clients.client as Client);
      expect(report.findings).toEqual([]);
      expect(report.checks.map(({ status }) => status)).toEqual(report.checks.map(() => 'passed'));
      for (const spec of objectsOf(kind, physicalOnly))
        await apply(clients, SECRETS, request(spec));
    });
  });

  test('undoes everything', async () => {
    await asAdministrator(async (clients) => {
      for (const spec of objectsOf(kind, physicalOnly).toReversed())
        await drop(clients, SECRETS, request(spec));
    });
    await execute(superuser, after(runbook));
    const { rows } = await superuser.query(
      'SELECT (SELECT count(*)::int FROM pg_roles WHERE rolname = $1) AS roles, (SELECT count(*)::int FROM pg_replication_slots) AS slots',
      [ADMINISTRATOR],
    );
    expect(rows).toEqual([{ roles: 0, slots: 0 }]);
    const { rows: set } = await superuser.query(
      `SELECT name FROM pg_file_settings WHERE sourcefile LIKE '%postgresql.auto.conf'`,
    );
    expect(set).toEqual([]);
  });

  async function preflight(client: Client): Promise<PreflightReport> {
    return await runPreflight(client, { topology, server: 'onPremises', access: [...access] });
  }

  function asAdministrator(work: (clients: ReconcileClients) => Promise<void>): Promise<void> {
    const connection: Connection = {
      server: 'onPremises',
      host: '127.0.0.1',
      port: pg.server.port,
      database: DATABASE,
      secret: 'administrator',
      sslMode: 'verify-full',
      caCertificate: pg.server.caCertificate,
    };
    return withConnection(connection, SECRETS, { purpose: 'runbook' }, (client) =>
      work({ client }),
    );
  }
});

test('names what needs a restart, and what a reload is enough for', () => {
  const topology = chain(17, LinkKind.DMS, false);
  const runbook = renderRunbook(topology, {
    server: 'onPremises',
    administrator: 'admin',
    hba: hba(topology),
  });
  expect(runbook).toContain(
    'Then restart the server, once, for `wal_level`, `max_wal_senders`, `max_replication_slots`.',
  );
  expect(runbook).toMatchSnapshot();
});

test('a server that a cloud manages has parameters and rules in place of files', () => {
  const topology = createTopology({
    servers: {
      blue: { platform: Platform.AURORA, majorVersion: 18, database: 'shop' },
      green: { platform: Platform.AURORA, majorVersion: 18, database: 'shop' },
    },
    links: [
      { kind: LinkKind.NATIVE, from: 'blue', to: 'green', selection: { schemas: ["o'hara"] } },
    ],
  });
  const runbook = renderRunbook(topology, { server: 'blue', administrator: 'Admin', hba: [] });
  expect(runbook).not.toContain('pg_hba');
  expect(runbook).not.toContain('ALTER SYSTEM');
  expect(runbook).not.toContain('rds.force_ssl');
  expect(runbook).toMatchSnapshot();
});

function chain(
  majorVersion: number,
  kind: LinkKind.DMS | LinkKind.NATIVE,
  physicalOnly: boolean,
): Topology {
  return physicalOnly
    ? physicalChain(majorVersion, DATABASE)
    : hybridChain({
        majorVersion,
        database: DATABASE,
        kind,
        selection: { schemas: ['App x'] },
      });
}

function hba(topology: Topology): HbaRule[] {
  return deriveHba(topology, 'onPremises', {
    administrator: ADMINISTRATOR,
    addresses: { runner: ['127.0.0.1/32'], standby: ['127.0.0.1/32'] },
  });
}

function objectsOf(kind: LinkKind, physicalOnly: boolean): ObjectSpec[] {
  const role = {
    kind: 'role' as const,
    memberOf: [],
    database: [DatabaseRight.CONNECT],
    readSchemas: [],
    writeSchemas: [],
    createInSchemas: [],
    replication: true,
  };
  const objects: ObjectSpec[] = [
    { kind: 'ledger' },
    { kind: 'heartbeat' },
    { ...role, name: 'pontoon_standby', secret: 'standby' },
    { kind: 'physical-slot', name: 'pontoon_standby' },
  ];
  if (physicalOnly) return objects;
  objects.push({ ...role, name: 'pontoon_reader', secret: 'reader', readSchemas: ['App x'] });
  if (kind === LinkKind.NATIVE) {
    objects.push({
      kind: 'publication',
      name: 'pontoon_aurora',
      selection: { tables: [{ schema: 'App x', name: 'orders' }] },
      viaPartitionRoot: false,
    });
  }
  return objects;
}

function request(spec: ObjectSpec) {
  return { server: 'onPremises', spec, owner: 'runbook' };
}

function errorsOf({ findings }: PreflightReport): string[] {
  return findings.filter(({ severity }) => severity === 'error').map(({ message }) => message);
}

function before(runbook: string): string {
  return runbook.slice(0, runbook.search(/^## \d+\. Undo$/m));
}

function after(runbook: string): string {
  return runbook.slice(before(runbook).length);
}

/** Runs every SQL of `markdown` as it stands; what a query returns as statements is run too, as the text says. */
async function execute(client: Client, markdown: string): Promise<void> {
  const blocks = [...markdown.matchAll(/^(`{3,})sql\n([\s\S]*?)\n\1$/gm)].map(([, , sql]) => sql);
  expect(blocks.length).toBeGreaterThan(0);
  for (const statement of blocks.flatMap((block) => (block ?? '').split(/(?<=;)\n/))) {
    const { rows } = await client.query(statement);
    for (const row of rows) if (typeof row.grant === 'string') await client.query(row.grant);
  }
}

function hbaBlock(runbook: string): string[] {
  const [, , text = ''] = /^(`{3,})\n((?:#|hostssl)[\s\S]*?)\n\1$/m.exec(runbook) ?? [];
  expect(`${text}\n`).toBe(renderHba(hba(chain(17, LinkKind.DMS, false))));
  return text.split('\n');
}
