import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { runCommandLine } from '../../lib/cli';
import { eventually } from '../rehearsal/servers/eventually';
import { ClusterLab, PRIMARY } from '../runner/promotion/lab';
import { pontoon } from './command-line';

let lab: ClusterLab;
let directory: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pontoon-cli-'));
  lab = await ClusterLab.open({ major: 17, standbys: 2 });
});
afterEach(async () => {
  await lab?.close();
  rmSync(directory, { recursive: true });
});

/** Writes what `pontoon promote` reads of a file, and returns the environment with its logins. */
function writeFile(more: object = {}): Record<string, string> {
  const { connections, ...rest } = lab.json();
  const known = Object.entries(connections as Record<string, object>);
  const named = known.map(([name, connection]) => [name, { ...connection, secret: 'env:ROOT_' }]);
  const file = { ...rest, ...more, connections: Object.fromEntries(named) };
  writeFileSync(join(directory, 'promotion.json'), JSON.stringify(file));
  const { user, password } = lab.server(PRIMARY).superuser;
  return { ROOT_USER: user, ROOT_PASSWORD: password };
}

/** Has `pontoon promote` ask at a terminal, and agrees to what it asks once `meanwhile` has ended. */
async function agreeAfter(meanwhile: () => Promise<unknown>) {
  const environment = writeFile();
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  let said = '';
  stderr.on('data', (data: Buffer) => {
    said += data.toString();
  });
  const ended = runCommandLine(['promote', '--file', 'promotion.json'], {
    stdin,
    stdout,
    stderr,
    environment,
    directory,
  });
  await eventually(async () => said.includes('Type replica1 to go on'));
  await meanwhile();
  stdin.write('replica1\n');
  const code = await ended;
  return { code, outcome: (stdout.read() as Buffer | null)?.toString(), said };
}

async function promoteByHand(server: string): Promise<void> {
  await lab.ask(server, 'SELECT pg_promote()');
  await lab.ask(PRIMARY, 'INSERT INTO t SELECT n, 1 FROM generate_series(1, 99) n');
}

async function expectOpen(): Promise<void> {
  const limits = 'SELECT DISTINCT datconnlimit AS "limit" FROM pg_database WHERE datallowconn';
  expect(await lab.ask(PRIMARY, limits)).toEqual([{ limit: -1 }]);
}

test('promotes nobody else than was agreed to', async () => {
  const { code, outcome, said } = await agreeAfter(() => lab.server('replica1').stop());
  expect({ code, outcome }).toEqual({ code: 1, outcome: 'NO_CANDIDATE\n' });
  expect(said).toMatch(
    /\npontoon: 'replica1' must answer to be promoted, got none: 'replica1': server "replica1" .*; make it reachable\n$/,
  );
  expect(await lab.ask('replica2', 'SELECT pg_is_in_recovery() AS it')).toEqual([{ it: true }]);
  await expectOpen();
});

test('gives up nothing for another one that was promoted while it asked', async () => {
  const { code, outcome, said } = await agreeAfter(() => promoteByHand('replica2'));
  expect({ code, outcome }).toEqual({ code: 1, outcome: 'PROMOTED_ANOTHER\n' });
  expect(said).toContain(
    "\npontoon: 'to' must be the primary that is there, got 'replica1', and 'replica2' was promoted; 'primary' takes writes, too, so stop 'replica2', rejoin it, and run this again, or, if clients write to 'replica2', give that as 'to', and say --accept-loss, which gives up what was written to 'primary' since\n",
  );
  await expectOpen();
});

test('gives up nothing for the same one that was promoted while it asked', async () => {
  const { code, outcome, said } = await agreeAfter(() => promoteByHand('replica1'));
  expect({ code, outcome }).toEqual({ code: 1, outcome: 'PROMOTED_MEANWHILE\n' });
  expect(said).toContain(
    "\npontoon: 'primary' must not be given up for a server that was promoted since it was asked, got 'replica1' promoted, and 'primary' takes writes; run this again, which says what they lose, or, if clients are to stay with 'primary', stop 'replica1', and rejoin it\n",
  );
  await expectOpen();
});

test('gives up a primary that works for nobody who is not named, and the loss accepted, whoever says --yes', async () => {
  await promoteByHand('replica1');
  const walk = async (more: object, ...args: string[]) => {
    const environment = writeFile(more);
    const command = ['promote', '--file', 'promotion.json', '--yes', ...args];
    return await pontoon(command, { environment, directory });
  };
  for (const [more, ...args] of [[{}], [{ to: 'replica1' }], [{}, '--accept-loss']] as const) {
    const { code, stdout, stderr } = await walk(more, ...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'NOT_GIVEN_UP\n' });
    expect(stderr).toMatch(
      /\npontoon: 'primary' must be given up for 'replica1' by name, since no promotion of ours is noted to have put that in its place, got .*; if clients are to stay with 'primary', stop 'replica1', and rejoin it, otherwise give 'to' as 'replica1', and say --accept-loss\n$/,
    );
    await expectOpen();
  }
  // It has what is given up, and could follow nobody else.
  await lab.server('replica2').stop();
  const { code, stdout } = await walk({ to: 'replica1' }, '--accept-loss');
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^'replica1' was the primary already, on timeline 2 from (\S+) on\nwhat 'primary' wrote after \1 is lost, acknowledged or not: [1-9]\d+ bytes of log as far as it was seen\n/,
  );
});
