import { Client } from 'pg';
import { createSecret, PontoonError, readSpec, type SecretStore } from '../../lib/postgres';
import {
  honourReplicationMembers,
  managedAdmin,
  randomPassword,
  type Server,
  Workspace,
} from '../../lib/rehearsal/servers';
import { apply, waitUntil } from '../../lib/runner';
import { startTestServer, type TestServer } from '../servers';

const DATABASE = 'shop';
const ADMIN = { user: 'dbadmin', password: randomPassword() };
/** One role under two references, as two generations of its secret. */
const SECRETS = new Map(
  ['first', 'second'].map((reference) => [
    reference,
    createSecret({ username: 'reader', password: randomPassword(), version: '1' }),
  ]),
);
const secrets: SecretStore = {
  get: async (reference) => {
    const secret = SECRETS.get(reference);
    if (secret === undefined) throw new PontoonError('SECRET_UNAVAILABLE', reference);
    return secret;
  },
};

let workspace: Workspace;
let servers: readonly TestServer[];
let source: Client;
let target: Client;

beforeAll(async () => {
  workspace = await Workspace.open();
  servers = await Promise.all(
    [16, 17].map((major) =>
      startTestServer({
        workspace,
        major,
        name: `server${major}`,
        superuser: 'rdsadmin',
        settings: { wal_level: 'logical', wal_retrieve_retry_interval: '200ms' },
      }),
    ),
  );
  for (const { server } of servers)
    await managedAdmin(server, { admin: ADMIN, database: DATABASE });
  [source, target] = (await Promise.all(servers.map(({ server }) => connect(server)))) as [
    Client,
    Client,
  ];
});
afterAll(async () => {
  await Promise.all([source.end(), target.end()]);
  await Promise.all(servers.map((server) => server.stop()));
  await workspace.dispose();
});

async function connect(server: Server): Promise<Client> {
  const client = new Client(server.connectionConfig(DATABASE, ADMIN));
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function reconcile(client: Client, server: string, spec: object): Promise<readonly string[]> {
  const given = { server, spec: readSpec(spec), owner: 'stack' };
  return (await apply({ client }, secrets, given)).steps;
}

function role(secret: string): object {
  return {
    kind: 'role',
    name: 'reader',
    secret,
    memberOf: ['rds_replication'],
    database: ['CONNECT'],
    readSchemas: ['public'],
  };
}

function subscription(secret: string): object {
  const publisher = servers[0]?.server;
  return {
    kind: 'subscription',
    name: 'shop',
    publisher: {
      server: 'source',
      host: publisher?.host,
      port: publisher?.port,
      database: DATABASE,
      secret,
      sslMode: 'verify-full',
      sslRootCert: publisher?.caCertificateFile,
    },
    publications: ['shop'],
    slotName: 'shop',
  };
}

/** Writes a row, and waits for it on the other side. */
async function expectArrival(id: number): Promise<void> {
  await source.query('INSERT INTO orders VALUES ($1)', [id]);
  await waitUntil({
    what: `row ${id} must arrive`,
    deadlineMs: 60_000,
    probe: async () => {
      const { rowCount } = await target.query('SELECT FROM orders WHERE id = $1', [id]);
      return rowCount === 1 ? { done: true, value: id } : { done: false, reason: 'not there' };
    },
  });
}

/** Ends the connection of the subscription, which then begins a new one. */
async function disconnect(): Promise<void> {
  const { rowCount } = await source.query(
    `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'shop' AND active`,
  );
  expect(rowCount).toBe(1);
}

test('another generation of a password reaches role and subscription, and nothing stops', async () => {
  for (const client of [source, target])
    await client.query('CREATE TABLE orders (id int PRIMARY KEY)');
  await reconcile(source, 'source', { kind: 'ledger' });
  await reconcile(target, 'target', { kind: 'ledger' });
  await reconcile(source, 'source', role('first'));
  for (const { server } of servers) await honourReplicationMembers(server);
  await reconcile(source, 'source', {
    kind: 'publication',
    name: 'shop',
    selection: { tables: [{ schema: 'public', name: 'orders' }] },
  });
  await reconcile(source, 'source', { kind: 'logical-slot', name: 'shop', plugin: 'pgoutput' });
  await reconcile(target, 'target', subscription('first'));
  await expectArrival(1);

  expect(await reconcile(source, 'source', role('second'))).toContain(
    'set the password of role "reader"',
  );
  for (const { server } of servers) await honourReplicationMembers(server);
  // Who is connected is not asked again.
  await expectArrival(2);

  expect(await reconcile(target, 'target', subscription('second'))).toEqual([
    'set the connection of subscription "shop"',
  ]);
  await expectArrival(3);
  await disconnect();
  await expectArrival(4);

  expect(await reconcile(target, 'target', subscription('second'))).toEqual([]);
});
