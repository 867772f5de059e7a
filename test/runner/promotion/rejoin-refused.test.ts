import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RejoinMode } from '../../../lib/postgres';
import { findClientTool, LOOPBACK_HBA } from '../../../lib/rehearsal/servers';
import { run } from '../../../lib/rehearsal/servers/run';
import { promote, rejoin } from '../../../lib/runner';
import { eventually } from '../../rehearsal/servers/eventually';
import { ClusterLab, PRIMARY } from './lab';

/** The only major whose client programs Debian 12 has. */
const MAJOR = 15;
let binDirectory: string;
let lab: ClusterLab;

const present = existsSync(`/usr/lib/postgresql/${MAJOR}/bin/pg_rewind`);
if (!present) process.stderr.write('rejoining: not run, PostgreSQL 15 is not installed\n');
const onHost = present ? test : test.skip;

beforeAll(async () => {
  if (!present) return;
  const program = await findClientTool(MAJOR, 'pg_rewind');
  if (program === undefined) throw new Error('pg_rewind of PostgreSQL 15 must be found');
  binDirectory = dirname(program);
});

afterEach(async () => await lab?.close());

const MODES = [RejoinMode.REWIND, RejoinMode.COPY];

onHost.each(MODES)(
  'the script of a %s that is run on the new primary’s host stops nothing there',
  async (mode) => {
    lab = await ClusterLab.open({ major: MAJOR, standbys: 1 });
    await promote({ input: lab.input() }, lab);
    const script = await scriptFor(PRIMARY, { mode, host: 'replica1' });
    await expect(runOnHost(script, { host: 'replica1' })).rejects.toThrow(
      `rejoin: '${dataOf('replica1')}' must be the data of 'primary', got that of a server which keeps its log for it, such as the new primary 'replica1'; run this on the host of 'primary'`,
    );
    expect(await isStandby('replica1')).toBe(false);
  },
);

onHost(
  'one that was promoted beside the new primary is copied, never rewound: both write one timeline, and differ',
  async () => {
    lab = await ClusterLab.open({ major: MAJOR, standbys: 2 });
    await lab.ask(PRIMARY, 'CHECKPOINT');
    await lab.untilReplayed(PRIMARY, ['replica1', 'replica2']);
    await lab.server(PRIMARY).kill();
    for (const [by, name] of [
      [1, 'replica1'],
      [2, 'replica2'],
    ] as const) {
      await promoteByHand(name);
      // pg_rewind compares the checkpoints only, and takes logs of one length for the same.
      await lab.ask(name, `INSERT INTO t SELECT n, ${by} FROM generate_series(1, 10) n`);
      await lab.server(name).stop();
    }
    await lab.server('replica1').start();
    const rewind = await scriptFor('replica2', { mode: RejoinMode.REWIND });
    const copy = await scriptFor('replica2', { mode: RejoinMode.COPY });
    await lab.server('replica2').start();
    await expect(runOnHost(rewind, { host: 'replica2' })).rejects.toThrow(
      `rejoin: '${dataOf('replica2')}' must end on an earlier timeline than the new primary 'replica1' writes, got a primary's data on the same one; copy afresh, by --fresh-copy`,
    );
    expect(await isStandby('replica2')).toBe(false);
    await runOnHost(copy, { host: 'replica2' });
    await follows('replica2', 'replica1');
    const rows = 'SELECT by, count(*) FROM t GROUP BY 1';
    expect(await lab.ask('replica2', rows)).toEqual([{ by: 1, count: '10' }]);
  },
);

onHost('a later timeline is thrown away only by who says so', async () => {
  lab = await ClusterLab.open({ major: MAJOR, standbys: 2 });
  await promoteByHand('replica1');
  await lab.ask('replica1', 'INSERT INTO t VALUES (1, 1)');
  await lab.server('replica1').stop();
  for (const mode of MODES) {
    const script = await scriptFor('replica1', { mode });
    await expect(runOnHost(script, { host: 'replica1' })).rejects.toThrow(
      `rejoin: '${dataOf('replica1')}' must not be of a later timeline than the new primary 'primary' writes, which is 1, got a primary's data of timeline 2: it was promoted since; rejoin 'primary' instead, or, if all that was written on timeline 2 may go, run this with GIVE_UP=2`,
    );
  }
  const script = await scriptFor('replica1', { mode: RejoinMode.COPY });
  await runOnHost(script, { host: 'replica1', env: { GIVE_UP: '2' } });
  await follows('replica1', PRIMARY);
  expect(await lab.rows('replica1')).toEqual([]);
});

onHost('also that of a standby, which may have the last copy of it', async () => {
  lab = await ClusterLab.open({ major: MAJOR });
  await lab.server('replica3').stop();
  await lab.server(PRIMARY).stop();
  await promote({ input: lab.input({ to: 'replica1' }), declareLost: true }, lab);
  await lab.ask('replica1', 'INSERT INTO t VALUES (1, 1)');
  await lab.untilReplayed('replica1', ['replica2']);
  await lab.server('replica2').stop();
  await lab.server('replica1').stop();
  for (const name of [PRIMARY, 'replica3']) await lab.server(name).start();
  for (const mode of MODES) {
    const script = await scriptFor('replica2', { mode });
    await expect(runOnHost(script, { host: 'replica2' })).rejects.toThrow(
      `rejoin: '${dataOf('replica2')}' must not be of a later timeline than the new primary 'primary' writes, which is 1, got a standby's data of timeline 2: another server was promoted since; start that one, or promote this one, and rejoin 'primary' instead, or, if all that was written on timeline 2 may go, run this with GIVE_UP=2`,
    );
  }
  const script = await scriptFor('replica2', { mode: RejoinMode.REWIND });
  await runOnHost(script, { host: 'replica2', env: { GIVE_UP: '2' } });
  await follows('replica2', PRIMARY);
  expect(await lab.rows('replica2')).toEqual([]);
});

test('one that takes writes is refused: they would go without a word', async () => {
  lab = await ClusterLab.open({ major: 17, standbys: 1 });
  await promoteByHand('replica1');
  await expect(
    rejoin({ input: lab.input(), server: PRIMARY, mode: RejoinMode.REWIND }, lab),
  ).rejects.toThrow(
    "'primary' must take no writes any more before it is rejoined, got a primary that lets clients in; run the promotion again first, which keeps them out and says what is lost, or stop 'primary'",
  );
});

const STOPPED =
  "rejoin: 'replica2' is stopped now, and does not follow 'replica1' yet; where this cannot help, copy afresh, by --fresh-copy";

onHost('a standby that was killed is not rewound, and it is said that it is stopped', async () => {
  lab = await ClusterLab.open({ major: MAJOR, standbys: 2 });
  await lab.server('replica2').kill();
  await promote({ input: lab.input({ to: 'replica1' }) }, lab);
  const script = await scriptFor('replica2', { mode: RejoinMode.REWIND });
  const failing = runOnHost(script, { host: 'replica2', env: { STOP: 'true' } });
  await expect(failing).rejects.toThrow(
    `rejoin: '${dataOf('replica2')}' must be of a server that was shut down, got a standby that was killed; start it, and run this again\n${STOPPED}`,
  );
  await lab.server('replica2').start();
  await runOnHost(script, { host: 'replica2' });
  await follows('replica2', 'replica1');
});

onHost('what pg_rewind refuses leaves the server stopped, and names the way out', async () => {
  lab = await ClusterLab.open({ major: MAJOR, standbys: 2 });
  await promote({ input: lab.input({ to: 'replica1' }) }, lab);
  const script = await scriptFor('replica2', { mode: RejoinMode.REWIND });
  await lab.server('replica1').stop();
  await expect(runOnHost(script, { host: 'replica2' })).rejects.toThrow(STOPPED);
});

async function promoteByHand(name: string): Promise<void> {
  await lab.ask(name, 'SELECT pg_promote()');
  await eventually(async () => !(await isStandby(name)));
}

async function isStandby(name: string): Promise<boolean> {
  const [row] = await lab.ask<{ it: boolean }>(name, 'SELECT pg_is_in_recovery() AS it');
  return row?.it === true;
}

function dataOf(name: string): string {
  return lab.server(name).dataDirectory;
}

/** For a server that keeps its files where `host` has them. */
async function scriptFor(
  server: string,
  { mode, host = server }: { readonly mode: RejoinMode; readonly host?: string },
): Promise<string> {
  const dataDirectory = dataOf(host);
  const places = {
    dataDirectory,
    configFile: join(dataDirectory, 'postgresql.conf'),
    binDirectory,
  };
  return (await rejoin({ input: lab.input(), server, mode, places }, lab)).script;
}

interface Host {
  readonly host: string;
  readonly env?: Readonly<Record<string, string>>;
}

async function runOnHost(script: string, { host, env }: Host): Promise<void> {
  const file = join(await lab.workspace.makeDirectory('script'), 'rejoin.sh');
  await writeFile(file, script);
  await lab.workspace.giveAway(file);
  const control = join(binDirectory, 'pg_ctl');
  const stop = `eval [ ! -e ${dataOf(host)}/postmaster.pid ] || ${control} stop -m fast -D ${dataOf(host)}`;
  await run(lab.workspace, 'bash', [file], { env: { STOP: stop, START: 'true', ...env } });
}

async function follows(standby: string, primary: string): Promise<void> {
  await lab.server(standby).setHba(LOOPBACK_HBA);
  await lab.server(standby).start();
  await lab.untilReplayed(primary, [standby]);
  expect(await isStandby(standby)).toBe(true);
}
