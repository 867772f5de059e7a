import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import { progressText } from '../../lib/cli/verify-progress';
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
  const { code, stdout } = await verify(['--settle', '0']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^DIFFERS {4}"public"\."orders" {2}3 rows, 2 on the target {2}\S/);
  const json = await verify([
    '--json',
    '--concurrency',
    '1',
    '--table-timeout',
    '60',
    '--settle',
    '1',
  ]);
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

test('names the rows that differ', async () => {
  await target.query("DELETE FROM orders WHERE id = 3; UPDATE orders SET note = 'x' WHERE id = 1");
  const { code, stdout } = await verify(['--settle', '0']);
  expect(code).toBe(1);
  expect(stdout.split('\n').slice(0, 3)).toEqual([
    'DIFFERS    "public"."orders"  3 rows, 2 on the target  "source" has 3 rows, "target" has 2',
    '           (1) is not the same on both',
    '           (3) is only on the source',
  ]);
  await target.query(
    "INSERT INTO orders VALUES (3, 'note 3'); UPDATE orders SET note = 'note 1' WHERE id = 1",
  );
});

test('keeps how far it is while tables are left, and goes on from there', async () => {
  const file = join(directory, 'state.json');
  const admin = await pg.client('there');
  await admin.query('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
  const args = ['--resume', file, '--budget', '1', '--load', '50', '--chunk-rows', '2'];

  const stopped = await verify(args);

  expect(stopped).toMatchObject({
    code: 3,
    stdout: expect.stringMatching(
      /^UNCHECKED {2}"public"\."orders" {2}the time for it was spent before it was compared\n/,
    ),
  });
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: 1 });
  await admin.query('ROLLBACK');
  expect((await verify(args)).code).toBe(0);
  expect(existsSync(file)).toBe(false);
});

test.each([
  ['{"version": 2}', '2'],
  ['[]', 'none'],
])('refuses the state %s', async (text, got) => {
  writeFileSync(join(directory, 'old.json'), text);
  expect(await verify(['--resume', join(directory, 'old.json')])).toEqual({
    code: 2,
    stdout: '',
    stderr: `pontoon: the state of a verification must have version 1, got ${got}; begin anew without it\n`,
  });
});

test('refuses a load that is none', async () => {
  expect((await verify(['--load', '101'])).stderr).toBe(
    "pontoon: '--load' must be at most 100, got \"101\"; see 'pontoon verify --help'\n",
  );
});

test.each([
  [{ tablesDone: 1, tables: 3, rows: 10, share: 0.429 }, '1 of 3 tables, 10 rows read, 42 %'],
  [
    { tablesDone: 0, tables: 1, rows: 5, share: 0.5, secondsLeft: 61.2 },
    '0 of 1 tables, 5 rows read, 50 %, about 62 s left',
  ],
  [
    { tablesDone: 0, tables: 1, rows: 5, share: 0.01, secondsLeft: 3_000 },
    '0 of 1 tables, 5 rows read, 1 %, about 50 min left',
  ],
  [
    { tablesDone: 0, tables: 1, rows: 5, share: 0.01, secondsLeft: 9_000 },
    '0 of 1 tables, 5 rows read, 1 %, about 2.5 h left',
  ],
])('shows the progress %j', (progress, text) => {
  expect(progressText(progress)).toBe(text);
});

test('finds tables under the names that a task gave them', async () => {
  await target.query(
    'ALTER TABLE orders RENAME TO old_orders; ALTER TABLE old_orders RENAME note TO t',
  );
  const input = {
    source: connection('source', 'there'),
    target: connection('target', 'here'),
    selection: { schemas: ['public'] },
    transformations: [
      { target: 'table', action: 'add-prefix', schema: 'public', value: 'old_' },
      {
        target: 'column',
        action: 'rename',
        schema: 'public',
        table: 'orders',
        column: 'note',
        value: 't',
      },
    ],
  };
  const { code, stdout } = await pontoon(['verify'], { stdin: input, environment: environment() });
  await target.query(
    'ALTER TABLE old_orders RENAME t TO note; ALTER TABLE old_orders RENAME TO orders',
  );

  expect(code).toBe(0);
  expect(stdout).toMatch(/^same {7}"public"\."orders" {2}3 rows\n/);
});
