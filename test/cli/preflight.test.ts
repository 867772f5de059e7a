import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestServer, type TestServer } from '../servers';
import { recordedMigration, writeAssembly } from './assembly';
import { pontoon } from './command-line';

let pg: TestServer;
let directory: string;

beforeAll(async () => {
  pg = await startTestServer({ name: 'onPremises' });
  directory = mkdtempSync(join(tmpdir(), 'pontoon-cli-'));
  const client = await pg.client();
  await client.query('CREATE TABLE orders (id int PRIMARY KEY)');
  writeAssembly(directory, { Shop: { Migration: recordedMigration('postgres') } });
  writeFileSync(join(directory, 'ca.pem'), pg.server.caCertificate);
  // Host and database are what the assembly knows as plain values.
  const binding = { port: pg.server.port, secret: 'env:PG', caCertificateFile: 'ca.pem' };
  writeFileSync(join(directory, 'bindings.json'), JSON.stringify({ onPremises: binding }));
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await pg.stop();
});

function preflight(...args: readonly string[]) {
  const { user, password } = pg.server.superuser;
  return pontoon(['preflight', '--app', '.', '--bindings', 'bindings.json', ...args], {
    directory,
    environment: { PGUSER: user, PGPASSWORD: password },
  });
}

test('1 when something is missing, with the SQL that mends it', async () => {
  const { code, stdout, stderr } = await preflight();
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  expect(stdout).toContain("Preflight of 'onPremises'");
  expect(stdout).toContain("ALTER SYSTEM SET wal_level = 'logical';");
  for (const server of ['standby', 'aurora']) {
    expect(stdout).toContain(
      `UNCHECKED  '${server}' has no binding; add one to the file, or name the servers to check by '--server'\n`,
    );
  }
});

test('compares pg_hba.conf with the lines of the assembly', async () => {
  const { stdout } = await preflight('--json', '--server', 'onPremises');
  const report = JSON.parse(stdout);
  expect(report.unchecked).toEqual([]);
  expect(Object.keys(report.servers[0])).toEqual(['server', 'findings', 'queries', 'checks']);
  const access = report.servers[0].findings.filter(
    ({ check }: { check: string }) => check === 'access',
  );
  expect(access.map(({ object }: { object: string }) => object)).toEqual([
    '"pontoon_standby" from 10.0.1.7/32',
    '"admin" from 10.0.2.0/24',
  ]);
});

test('3 when nothing fails, but servers are unchecked; 0 when only the others were asked for', async () => {
  const client = await pg.client();
  await client.query("ALTER SYSTEM SET wal_level = 'logical'");
  await pg.server.restart();
  const live = ['--address', 'runner=127.0.0.1/32', '--address', 'standby=127.0.0.1/32'];
  const access = ['--administrator', pg.server.superuser.user, ...live];
  await pg.server.setHba([
    'hostssl replication pontoon_standby 127.0.0.1/32 scram-sha-256',
    'hostssl all all 127.0.0.1/32 scram-sha-256',
  ]);
  const alone = await preflight('--server', 'onPremises', ...access);
  expect(alone.stdout).not.toContain('error:');
  expect(alone.code).toBe(0);
  expect((await preflight(...access)).code).toBe(3);
});

test('says of each binding that cannot be used what is wrong, and not what follows from it', async () => {
  const bindings = { nowhere: { host: 'a' }, standby: 'b', constructor: {} };
  writeFileSync(join(directory, 'wrong.json'), JSON.stringify(bindings));
  expect(
    await pontoon(['preflight', '--app', '.', '--bindings', 'wrong.json'], { directory }),
  ).toEqual({
    code: 2,
    stdout: '',
    stderr: `pontoon: '--bindings' has 3 problems:
- 'bindings.nowhere' must be a server of the topology, which has onPremises, standby, aurora; correct the name
- 'bindings.standby' must be an object, got "b"; give its properties by name
- 'bindings.constructor' must be a server of the topology, which has onPremises, standby, aurora; correct the name
`,
  });
});

test.each([
  [
    'as the secret',
    { secret: 'hunter2-PASSWORD' },
    1,
    "pontoon: 'secret' must be written as 'env:PREFIX' or 'file:/path', got another text, which is not shown; set the variables PREFIXUSER and PREFIXPASSWORD, or write the file\n",
  ],
  [
    'inside the secret',
    { secret: { username: 'u', password: 'hunter2' } },
    2,
    "pontoon: '--bindings': 'bindings.onPremises.secret' must be a text, got a value that is not shown; quote it\n",
  ],
  [
    'in place of the binding',
    'postgres://u:hunter2@h/d',
    2,
    `pontoon: '--bindings': 'bindings.onPremises' must be an object, got "postgres://u:***@h/d"; give its properties by name\n`,
  ],
  [
    'in the host and the database',
    { host: 'postgres://u:hunter2@h/d', database: 'postgres://u:hunter2@h/d', secret: 'env:PG' },
    2,
    `pontoon: '--bindings' has 2 problems:
- 'bindings.onPremises.host' cannot be a connection string, got "postgres://u:***@h/d"; give 'host', 'port' and 'database' one by one, and by 'secret' where the login is kept
- 'bindings.onPremises.database' cannot be a connection string, got "postgres://u:***@h/d"; give 'host', 'port' and 'database' one by one, and by 'secret' where the login is kept
`,
  ],
])('never shows a password that was written %s', async (_where, binding, code, message) => {
  const whole = { port: pg.server.port, caCertificateFile: 'ca.pem' };
  const onPremises = typeof binding === 'string' ? binding : { ...whole, ...binding };
  writeFileSync(join(directory, 'misplaced.json'), JSON.stringify({ onPremises }));
  const args = ['--bindings', 'misplaced.json', '--server', 'onPremises'];
  const { stderr, ...ended } = await pontoon(['preflight', '--app', '.', ...args], { directory });
  expect({ code: ended.code, stderr }).toEqual({ code, stderr: message });
  expect(`${ended.stdout}${stderr}`).not.toContain('hunter2');
});

test('never shows a password of a connection string in place of a file', async () => {
  const args = ['--bindings', 'postgres://u:hunter2@h/d'];
  expect(await pontoon(['preflight', '--app', '.', ...args], { directory })).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'pontoon: \'--bindings\' must be a readable file, got "postgres://u:***@h/d"; correct its name\n',
  });
});

test('knows no server that the topology does not have', async () => {
  expect(await preflight('--server', 'nowhere')).toEqual({
    code: 2,
    stdout: '',
    stderr:
      "pontoon: 'nowhere' must be a server of the topology, which has onPremises, standby, aurora; correct the name\n",
  });
  expect(await preflight('--server', 'standby')).toEqual({
    code: 2,
    stdout: '',
    stderr: "pontoon: 'bindings.standby' must be given, got nothing; add it to the file\n",
  });
});
