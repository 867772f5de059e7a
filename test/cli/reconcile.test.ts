import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestServer, type TestServer } from '../servers';
import { pontoon } from './command-line';

const SLOT = { kind: 'physical-slot', name: 'standby_1' };
const ROLE = {
  kind: 'role',
  name: 'copier',
  secret: 'env:COPIER',
  replication: true,
  memberOf: [],
  database: ['CONNECT'],
  readSchemas: [],
  writeSchemas: [],
};

let pg: TestServer;
let directory: string;

beforeAll(async () => {
  pg = await startTestServer({ name: 'primary' });
  directory = mkdtempSync(join(tmpdir(), 'pontoon-cli-'));
  writeFileSync(join(directory, 'ca.pem'), pg.server.caCertificate);
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await pg.stop();
});

function run(args: readonly string[], spec: unknown, more: Record<string, unknown> = {}) {
  const { user, password } = pg.server.superuser;
  const environment = {
    PGUSER: user,
    PGPASSWORD: password,
    COPIERUSER: 'copier',
    COPIERPASSWORD: 'not to be seen',
  };
  const connection = {
    server: 'primary',
    host: '127.0.0.1',
    port: pg.server.port,
    database: 'postgres',
    secret: 'env:PG',
    caCertificateFile: 'ca.pem',
    ...more,
  };
  return pontoon(args, { stdin: { connection, spec }, environment, directory });
}

test('refuses to make anything before there is a ledger, says so, and shows no stack', async () => {
  expect(await run(['apply'], SLOT)).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'pontoon: server \'primary\' must have a ledger before objects are made or dropped there, got none; apply {"kind":"ledger"} first\n',
  });
  const { code, stderr } = await run(['apply', '--debug'], SLOT);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^pontoon: PontoonError: server 'primary'.*\n\s+at /);
});

test('plans, applies, applies again, drops, drops again', async () => {
  expect((await run(['apply'], { kind: 'ledger' })).code).toBe(0);
  expect(await run(['apply', '--plan'], SLOT)).toEqual({
    code: 0,
    stdout:
      "-- create physical slot 'standby_1'\nSELECT pg_catalog.pg_create_physical_replication_slot('standby_1', true);\n",
    stderr: '',
  });
  expect(await run(['apply'], SLOT)).toEqual({
    code: 0,
    stdout: "done: create physical slot 'standby_1'\n",
    stderr: '',
  });
  expect(await run(['apply'], SLOT)).toEqual({
    code: 0,
    stdout: "nothing to do for physical-slot 'standby_1' on 'primary'\n",
    stderr: '',
  });
  expect(await run(['apply', '--plan'], SLOT)).toEqual({
    code: 0,
    stdout: "-- nothing to do for physical-slot 'standby_1' on 'primary'\n",
    stderr: '',
  });
  expect(await run(['drop', '--owner', 'somebody-else'], SLOT)).toEqual({
    code: 0,
    stdout: "nothing to do for physical-slot 'standby_1' on 'primary'\n",
    stderr: '',
  });
  const { code, stdout } = await run(['drop', '--json'], SLOT);
  expect({ code, report: JSON.parse(stdout) }).toEqual({
    code: 0,
    report: {
      server: 'primary',
      kind: 'physical-slot',
      name: 'standby_1',
      steps: ["drop slot 'standby_1'"],
      attributes: {},
    },
  });
});

test('tells on stderr what the server warns of while it drops', async () => {
  const admin = await pg.client();
  await admin.query(
    `CREATE FUNCTION warn() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'it stays'; END $$; CREATE EVENT TRIGGER warn ON sql_drop EXECUTE FUNCTION warn()`,
  );
  await run(['apply'], { kind: 'canary', readers: [] });
  const { code, stdout, stderr } = await run(['drop'], { kind: 'canary', readers: [] });
  await admin.query('DROP EVENT TRIGGER warn; DROP FUNCTION warn()');
  await admin.end();
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: 'pontoon: warning of the server: it stays\n',
  });
  expect(stdout).toMatch(/^done: drop .*\n$/);
});

test('shows no secret, neither in a plan nor in a failure', async () => {
  await run(['apply'], { kind: 'ledger' });
  const planned = await run(['apply', '--plan', '--json'], ROLE);
  expect({ code: planned.code, report: JSON.parse(planned.stdout) }).toEqual({
    code: 0,
    report: {
      server: 'primary',
      kind: 'role',
      name: 'copier',
      plan: [
        {
          title: 'create role "copier"',
          statement: `CREATE ROLE "copier" LOGIN REPLICATION PASSWORD '***'`,
        },
        expect.objectContaining({ title: 'grant CONNECT on the database to "copier"' }),
      ],
    },
  });
  const all = [
    planned,
    await run(['apply'], ROLE),
    await run(['apply', '--owner', 'x', '--debug'], ROLE),
  ];
  expect(all.map(({ code }) => code)).toEqual([0, 0, 1]);
  for (const { stdout, stderr } of all) {
    expect(stdout + stderr).not.toContain('not to be seen');
    expect(stdout + stderr).not.toContain('SCRAM-SHA-256$');
  }
  expect((await run(['drop'], ROLE)).code).toBe(0);
});

test('takes a login from a file that only its owner may read', async () => {
  const file = join(directory, 'login.json');
  const { user, password } = pg.server.superuser;
  writeFileSync(file, JSON.stringify({ username: user, password }));
  chmodSync(file, 0o644);
  const secret = `file:${file}`;
  expect(await run(['apply'], { kind: 'ledger' }, { secret })).toEqual({
    code: 1,
    stdout: '',
    stderr: `pontoon: secret '${secret}' must be readable by its owner only, got mode 0644; run chmod 0600 on it\n`,
  });
  chmodSync(file, 0o600);
  expect((await run(['apply'], { kind: 'ledger' }, { secret })).code).toBe(0);
});

test('says which file of a certificate cannot be read', async () => {
  expect(await run(['apply'], SLOT, { caCertificateFile: 'gone.pem' })).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'pontoon: \'caCertificateFile\' must be a readable file, got "gone.pem"; correct its name\n',
  });
});

test('understands the objects of pglogical, also where it is not installed', async () => {
  const node = { kind: 'pglogical-node', name: 'blue', readers: [] };
  const { code, stderr } = await run(['apply', '--plan'], node);
  expect(code).toBe(1);
  expect(stderr).toBe(
    'pontoon: pglogical node "blue" requires pglogical in shared_preload_libraries, got a server that has not loaded it; install its package, add it there (in oci.admin_enabled_extensions on OCI) and restart the server\n',
  );
});
