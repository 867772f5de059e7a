import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findClientTool } from '../../../lib/rehearsal/servers/binaries';
import { psqlStandIn } from '../../../lib/rehearsal/ssm/psql';
import { startTestServer, type TestServer } from '../../servers';

let pg: TestServer;
let psql: string | undefined;
beforeAll(async () => {
  pg = await startTestServer({ major: 15 });
  psql = await findClientTool(15, 'psql');
});
afterAll(() => pg.stop());

/** What the stand-in answers; where psql is installed, it must write the same and end alike. */
async function run(args: readonly string[], { input = '', env = here(), compared = true } = {}) {
  const answer = await psqlStandIn(pg.server)({ args: [...OPTIONS, ...args], env, input });
  if (psql !== undefined && compared) {
    const { user, password } = pg.server.superuser;
    const own = { PGUSER: user, PGPASSWORD: password, PGPORT: String(pg.server.port) };
    const asIs = env.PGPASSFILE === undefined ? { ...own, ...env } : env;
    const { stdout, stderr, status } = spawnSync(psql, [...OPTIONS, ...args], {
      input,
      env: asIs,
      encoding: 'utf8',
    });
    // The stand-in knows no lines, no names in certificates, no libraries and no files of passwords.
    const errors = stderr
      .replace(/(psql:\S+):\d+: /, '$1: ')
      .replace(/SSL error: .*/, 'SSL error: certificate verify failed')
      .replace(/^password retrieved from file .*\n/m, '')
      .replace(
        /certificate for .* does not match host name .*/,
        'certificate does not match host name',
      );
    expect({ output: stdout, errors, status }).toEqual(answer);
  }
  return answer;
}

const OPTIONS = ['-XAtqw', '-v', 'ON_ERROR_STOP=1'];

function here(): Record<string, string> {
  return { PGHOST: pg.server.socketDirectory, PGDATABASE: 'postgres' };
}

/** Writes `texts` into files, and returns their paths. */
async function files(...texts: readonly string[]): Promise<string[]> {
  const directory = await pg.workspace.makeDirectory('files');
  const paths = texts.map((_text, index) => join(directory, `${index}.sql`));
  for (const [index, path] of paths.entries())
    await writeFile(path, texts[index] ?? '', { mode: 0o600 });
  return paths;
}

const fine = (output: string) => ({ output, errors: '', status: 0 });

test('runs the statements of its input, and writes rows unaligned, without headers', async () => {
  const input = "SELECT 1, NULL, 'a b'; CREATE TEMP TABLE t (); SELECT true; SELECT 1 AS x, 2 AS x";
  expect(await run([], { input })).toEqual(fine('1||a b\nt\n1|2\n'));
});

test('runs files in one transaction, with variables as literals', async () => {
  const [first = '', second = ''] = await files(
    "SELECT :'v'; CREATE TEMP TABLE one (xid bigint DEFAULT txid_current())",
    'INSERT INTO one DEFAULT VALUES; SELECT xid = txid_current() FROM one',
  );
  const args = ['-1', '-v', "v=it's=\\x", '-f', first, '-f', second];
  expect(await run(args)).toEqual(fine("it's=\\x\nt\n"));
});

test('replaces variables outside of strings, names, dollar quotes and comments only', async () => {
  const input = `SELECT 'a:'':''v''', E'\\':''v''', $$:'v'$$, $b$ $$ :'v'$b$, ":'v'" -- :'v'
    /* ' :'v' */ FROM (SELECT :'v', date'2026-01-01', :'v' AS a$b$, :'v' AS c$b$) AS t (":'v'")`;
  expect(await run(['-v', 'v=x'], { input })).toEqual(fine("a:':'v'|':'v'|:'v'| $$ :'v'|x\n"));
});

test('a script that fails changes nothing, is told in the words of the server, and ends with 3', async () => {
  const [file = ''] = await files(
    'CREATE TABLE never (id int PRIMARY KEY); INSERT INTO never VALUES (1), (1)',
  );
  const input = "DO $$ BEGIN RAISE 'own %', 1 USING DETAIL = 'why', HINT = 'how'; END $$";
  expect(await run([], { input })).toEqual({
    output: '',
    errors:
      'ERROR:  own 1\nDETAIL:  why\nHINT:  how\nCONTEXT:  PL/pgSQL function inline_code_block line 1 at RAISE\n',
    status: 3,
  });
  expect(await run(['-1', '-f', file])).toEqual({
    output: '',
    errors: `psql:${file}: ERROR:  duplicate key value violates unique constraint "never_pkey"\nDETAIL:  Key (id)=(1) already exists.\n`,
    status: 3,
  });
  const { rows } = await (await pg.client()).query("SELECT to_regclass('never') AS found");
  expect(rows).toEqual([{ found: null }]);
});

test('verifies the certificate of the server, and ends with 2 when it cannot connect', async () => {
  const { host, port, superuser, caCertificate } = pg.server;
  const other = await startTestServer();
  const [ca = '', otherCa = '', right = '', wrong = ''] = await files(
    caCertificate,
    other.server.caCertificate,
    `*:*:*:*:${superuser.password.replace(/[\\:]/g, '\\$&')}\n`,
    '*:*:*:*:wrong\n',
  );
  await other.stop();
  const env = {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: superuser.user,
    PGDATABASE: 'postgres',
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: ca,
    PGPASSFILE: right,
  };
  const input = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
  expect(await run([], { input, env })).toEqual(fine('t\n'));
  const failed = (place: string, why: string) => ({
    output: '',
    errors: `psql: error: connection to server ${place} failed: ${why}\n`,
    status: 2,
  });
  const there = `at "${host}", port ${port}`;
  expect(await run([], { env: { ...env, PGPASSFILE: wrong } })).toEqual(
    failed(there, `FATAL:  password authentication failed for user "${superuser.user}"`),
  );
  expect(await run([], { env: { ...env, PGSSLROOTCERT: otherCa } })).toEqual(
    failed(there, 'SSL error: certificate verify failed'),
  );
  // libpq takes it for the address; nothing else leads here on every machine, and is not in the certificate.
  const wrongName = { env: { ...env, PGHOST: '127.1' }, compared: false };
  expect(await run([], wrongName)).toEqual(
    failed(there.replace(host, '127.1'), 'server certificate does not match host name'),
  );
  expect(await run([], { input, env: { ...wrongName.env, PGSSLMODE: 'verify-ca' } })).toEqual(
    fine('t\n'),
  );
  expect(await run([], { env: { ...here(), PGDATABASE: 'none' } })).toEqual(
    failed(
      `on socket "${pg.server.socketDirectory}/.s.PGSQL.${port}"`,
      'FATAL:  database "none" does not exist',
    ),
  );
});

test('an option that it does not know is refused', async () => {
  const call = { args: ['-X', '--csv'], env: here(), input: '' };
  await expect(psqlStandIn(pg.server)(call)).rejects.toThrow(
    new Error(
      "the stand-in for psql does not know '--csv'; install the PostgreSQL client tools of this major",
    ),
  );
});
