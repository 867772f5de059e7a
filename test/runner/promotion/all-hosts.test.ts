import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findClientTool } from '../../../lib/rehearsal/servers';
import { promote } from '../../../lib/runner';
import { ClusterLab, DATABASE, FENCED, PRIMARY } from './lab';

const MAJOR = 15;
let psql: string | undefined;
let lab: ClusterLab;

beforeAll(async () => {
  psql = await findClientTool(MAJOR, 'psql');
  if (psql === undefined) process.stderr.write('clients of libpq: not run, psql 15 is missing\n');
});

afterEach(async () => await lab?.close());

test('libpq, given all hosts, ends at the fenced primary until that is stopped, as it is said', async () => {
  if (psql === undefined) return;
  lab = await ClusterLab.open({ major: MAJOR, standbys: 2 });
  const { notFollowing } = await promote({ input: lab.input({ to: 'replica2' }) }, lab);
  expect(notFollowing).toEqual([{ server: PRIMARY, reason: FENCED, late: false }]);
  const hosts = [PRIMARY, 'replica1', 'replica2'];
  expect(await ask(psql, hosts)).toMatch(/FATAL: {2}too many connections for database "shop"\n$/);
  await lab.server(PRIMARY).stop();
  expect(await ask(psql, hosts)).toBe('writes\n');
});

/** What psql says to an application that names `hosts` in this order. */
async function ask(program: string, hosts: readonly string[]): Promise<string> {
  const trusted = join(await lab.workspace.makeDirectory('trusted'), 'ca.pem');
  const servers = hosts.map((name) => lab.server(name));
  await writeFile(trusted, servers.map(({ caCertificate }) => caCertificate).join('\n'));
  const ports = servers.map(({ port }) => port).join(',');
  const place = `host=${hosts.map(() => 'localhost').join(',')} port=${ports}`;
  const { stdout, stderr } = spawnSync(
    program,
    [
      `${place} dbname=${DATABASE} user=app sslmode=verify-full sslrootcert=${trusted} target_session_attrs=read-write`,
      '-XAtc',
      "SELECT 'writes'",
    ],
    { env: { ...process.env, PGPASSWORD: 'app' }, encoding: 'utf8' },
  );
  return stdout + stderr;
}
