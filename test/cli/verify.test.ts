import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import { startTestServer, type TestServer } from '../servers';
import { pontoon } from './command-line';

let pg: TestServer;
let directory: string;
let target: Client;

beforeAll(async () => {
  pg = await startTestServer({ name: 'both' });
  directory = mkdtempSync(join(tmpdir(), 'pontoon-cli-'));
  const admin = await pg.client();
  for (const database of ['there', 'here']) {
    await admin.query(`CREATE DATABASE ${database}`);
    const client = await pg.client(database);
    await client.query('CREATE TABLE orders (id int PRIMARY KEY, note text)');
    await client.query("INSERT INTO orders SELECT n, 'note ' || n FROM generate_series(1, 3) n");
    target = client;
  }
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await pg.stop();
});

function connection(server: string, database: string) {
  return {
    server,
    host: '127.0.0.1',
    port: pg.server.port,
    database,
    secret: 'env:PG',
    caCertificate: pg.server.caCertificate,
  };
}

function environment() {
  const { user, password } = pg.server.superuser;
  return { PGUSER: user, PGPASSWORD: password };
}

function verify(args: readonly string[], selection: unknown = { schemas: ['public'] }) {
  const stdin = {
    source: connection('source', 'there'),
    target: connection('target', 'here'),
    selection,
  };
  return pontoon(['verify', ...args], { stdin, environment: environment() });
}

test('0 when every table is the same', async () => {
  const { code, stdout, stderr } = await verify([]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(
    /^same {7}"public"\."orders" {2}3 rows\n1 same, 0 differ, 0 unchecked, in \d+\.\d s\n$/,
  );
});

test('1 when a table differs, with the same as JSON', async () => {
  await target.query('DELETE FROM orders WHERE id = 3');
  const { code, stdout } = await verify([]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^DIFFERS {4}"public"\."orders" {2}3 rows, 2 on the target {2}\S/);
  const json = await verify(['--json', '--concurrency', '1', '--table-timeout', '60']);
  expect({ code: json.code, report: JSON.parse(json.stdout) }).toMatchObject({
    code: 1,
    report: {
      status: 'differs',
      tables: [{ table: { schema: 'public', name: 'orders' }, sourceRows: 3, targetRows: 2 }],
    },
  });
  await target.query("INSERT INTO orders VALUES (3, 'note 3')");
});

test('3 when there is nothing to compare', async () => {
  const { code, stdout } = await verify([], { schemas: ['nowhere'] });
  expect(code).toBe(3);
  expect(stdout).toMatch(/^0 same, 0 differ, 0 unchecked, in \d+\.\d s\n$/);
});

test('takes the tables from a link of a topology', async () => {
  const topology = {
    servers: {
      source: { platform: 'self-managed', majorVersion: 17, database: 'there' },
      target: { platform: 'aurora', majorVersion: 17, database: 'here' },
    },
    links: [{ kind: 'native', from: 'source', to: 'target', selection: { schemas: ['public'] } }],
  };
  writeFileSync(join(directory, 'topology.json'), JSON.stringify(topology));
  writeFileSync(join(directory, 'ca.pem'), pg.server.caCertificate);
  const binding = { host: '127.0.0.1', port: pg.server.port, secret: 'env:PG' };
  const bindings = {
    source: { ...binding, caCertificateFile: 'ca.pem' },
    target: { ...binding, caCertificateFile: 'ca.pem' },
  };
  writeFileSync(join(directory, 'bindings.json'), JSON.stringify(bindings));
  const files = ['--topology', 'topology.json', '--bindings', 'bindings.json'];
  const input = { directory, environment: environment() };
  const { code, stdout } = await pontoon(['verify', ...files], input);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^same {7}"public"\."orders" {2}3 rows\n/);
  expect(await pontoon(['verify', ...files, '--link', 'a:b'], input)).toEqual({
    code: 2,
    stdout: '',
    stderr:
      "pontoon: '--link' must name one logical link of the topology, got 'a:b'; known are source:target\n",
  });
});
