import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { waitUntil } from '../../lib/runner';
import { asSuperuser, killedAt, killedWhen, nobodyWalks, watched } from '../faults/walks';
import { CutoverLab, type Side } from '../runner/cutover/lab';
import { whetherAppWrites } from './app-writes';
import type { CommandResult } from './command-line';
import { LabDirectory } from './lab-directory';

/** Switches what `active` prints; where `hold` says so it hangs instead, behind the fence, and switches nothing. */
const SWITCH = `set -eu
cd "$(dirname "$0")"
if [ "$1" = "$(cat hold)" ]; then
  : > held
  while [ -s hold ]; do sleep 0.1; done
  exit 1
fi
printf %s "$1" > active.new
mv active.new active
`;

let lab: CutoverLab;
let directory: LabDirectory;

beforeAll(async () => {
  lab = await CutoverLab.start([17, 17]);
  directory = await LabDirectory.of(lab);
  await build({
    entryPoints: [resolve(__dirname, '../../bin/pontoon.ts')],
    bundle: true,
    platform: 'node',
    external: ['pg-native', '@aws-sdk/*'],
    outfile: join(directory.path, 'pontoon.cjs'),
    logLevel: 'error',
  });
  writeFileSync(join(directory.path, 'active'), 'blue');
  writeFileSync(join(directory.path, 'hold'), '');
  writeFileSync(join(directory.path, 'switch.sh'), SWITCH);
  writeInput('cutover.json', {});
});
afterAll(async () => {
  await lab.stop();
  directory.remove();
});

function writeInput(file: string, connections: object): void {
  const input = {
    // The deadline passes when a test says so.
    plan: lab.plan({ budgetMs: 600_000 }),
    connections: { ...directory.connections, ...connections },
    endpoint: {
      kind: 'command',
      sides: { blue: 'blue', green: 'green' },
      active: ['cat', join(directory.path, 'active')],
      activate: ['sh', join(directory.path, 'switch.sh'), '{side}'],
    },
  };
  directory.write(file, input);
}

async function lift(file = 'cutover.json', ...more: string[]): Promise<CommandResult> {
  const args = ['cutover', '--lift-expired', ...more, '--file', file];
  return await directory.command(args);
}

/** What `--json` says of the fences. */
async function fences(): Promise<unknown> {
  const { code, stdout, stderr } = await lift('cutover.json', '--json');
  return { code, stderr, ...JSON.parse(stdout) };
}

/** Kills a process with -9 that switches writers, behind the fence and before anything is decided. */
async function killedBehindFence(command: 'cutover' | 'rollback', to: string): Promise<void> {
  await lab.followed();
  writeFileSync(join(directory.path, 'hold'), to);
  const args = ['pontoon.cjs', command, '--yes', '--owner', 'ops', '--file', 'cutover.json'];
  const child = spawn(process.execPath, args, {
    cwd: directory.path,
    env: { PATH: process.env.PATH ?? '', ...directory.environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const closed = once(child, 'close');
  try {
    await heldBy(child);
  } finally {
    child.kill('SIGKILL');
    writeFileSync(join(directory.path, 'hold'), '');
  }
  expect(await closed).toEqual([null, 'SIGKILL']);
  rmSync(join(directory.path, 'held'));
}

async function heldBy(child: ChildProcess): Promise<void> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8');
  });
  await waitUntil({
    what: 'the walk must be held behind the fence',
    deadlineMs: 90_000,
    probe: async () => {
      if (child.exitCode !== null) throw new Error(`it ended: ${said}`);
      return existsSync(join(directory.path, 'held'))
        ? { done: true, value: undefined }
        : { done: false, reason: said };
    },
  });
}

async function passDeadline(side: Side, more = ''): Promise<void> {
  await asSuperuser(side, `UPDATE pontoon.cutover SET deadline = fenced_at${more}`);
}

const writes = (side: Side): Promise<string> => whetherAppWrites(lab, side);

/** Of a server whose port nobody listens at; a name may stand for several addresses. */
function unreachable(server: string, address: string): string {
  const known = `server "${server}" (${address}, database "app")`;
  return `${known} must let "dbadmin" in for watch shop, got ECONNREFUSED; start the server, or correct host and port`;
}

/** What was written to stderr, without the addresses that were tried. */
function linesOf(stderr: string): readonly string[] {
  return stderr
    .replace(/got [^;]*ECONNREFUSED[^;]*;/g, 'got ECONNREFUSED;')
    .trimEnd()
    .split('\n');
}

const NO_SESSION =
  "the cutover must have a session on 'green', got none; start the server, or add its connection";
const SHUT = 'permission denied for database "app"';
const FINE = { code: 0, stderr: '', migration: 'shop' };
const QUIET: CommandResult = { code: 0, stdout: '', stderr: '' };

test('what belongs to a walk is refused', async () => {
  expect(await lift('cutover.json', '--yes', '--budget', '5000')).toEqual({
    code: 2,
    stdout: '',
    stderr:
      "pontoon: '--lift-expired' must be given without options of a walk, got '--yes', '--budget'; run it by itself, and see 'pontoon cutover --help'\n",
  });
});

test('without a fence there is nothing to say', async () => {
  expect(await lift()).toEqual(QUIET);
  expect(await fences()).toEqual({
    ...FINE,
    fences: [
      { server: 'blue', state: 'none' },
      { server: 'green', state: 'none' },
    ],
  });
});

test('a fence whose process was killed falls after its deadline, and not before', async () => {
  await killedBehindFence('cutover', 'green');
  expect(await lift()).toEqual(QUIET);
  expect(await fences()).toMatchObject({
    ...FINE,
    fences: [{ server: 'blue', state: 'in time', owner: 'ops' }, { server: 'green' }],
  });
  expect(await writes(lab.blue)).toBe(SHUT);
  const shut = await directory.command(['status', '--ways', '--file', 'cutover.json']);
  expect({ code: shut.code, rows: shut.stdout.split('\n') }).toEqual({
    code: 1,
    rows: expect.arrayContaining(['writer     none: applications cannot write']),
  });
  await passDeadline(lab.blue);
  expect(await lift()).toEqual({
    ...QUIET,
    stdout:
      "'blue' is open again: the fence of 'shop', by 'ops', was lifted, since its deadline had passed\n",
  });
  expect([await writes(lab.blue), await writes(lab.green)]).toEqual(['written', SHUT]);
  expect(readFileSync(join(directory.path, 'active'), 'utf8')).toBe('blue');
  expect(await lift()).toEqual(QUIET);
});

test('what a process made ready that was killed before its fence is taken back at once', async () => {
  await killedAt(lab, lab.plan(), { step: 'prepare', edge: 'after' });
  await nobodyWalks(lab);
  const { stdout } = await directory.command(['status', '--ways', '--file', 'cutover.json']);
  expect(stdout).toContain(
    '\nleft       slot pontoon_fence_shop on blue keeps WAL for a walk that was cut off: pontoon cutover --lift-expired takes it back, and moves no writer\n',
  );
  expect(await lift()).toEqual({
    ...QUIET,
    stdout:
      "'blue' keeps nothing any more for a walk of 'shop' that was cut off: what it had made ready was taken back\n",
  });
  expect(await lift()).toEqual(QUIET);
});

test('the same is said of one that held something, and had no slot yet', async () => {
  await killedWhen(lab, lab.plan(), (services, die) =>
    watched(services, async (work, text = '') =>
      text.startsWith('ALTER SUBSCRIPTION "backward" REFRESH') ? await die() : await work(),
    ),
  );
  await nobodyWalks(lab);
  expect(await asSuperuser(lab.blue, 'SELECT slot_name FROM pg_replication_slots')).toEqual([
    { slot_name: 'forward' },
  ]);
  expect(await lift()).toEqual({
    ...QUIET,
    stdout:
      "'blue' keeps nothing any more for a walk of 'shop' that was cut off: what it had made ready was taken back\n",
  });
  expect(await lift()).toEqual(QUIET);
});

test('a new writer that is gone keeps nobody locked out, and what is left there is an error', async () => {
  await killedBehindFence('cutover', 'green');
  await passDeadline(lab.blue);
  await lab.green.server.kill();
  try {
    const { code, stdout, stderr } = await lift();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    const gone = unreachable('green', `localhost:${lab.green.server.port}`);
    expect(linesOf(stderr)).toEqual([
      gone,
      `pontoon: what could not be taken back: the way forward: ${NO_SESSION}; what was held: ${NO_SESSION}; 'blue' is open again; run it again as soon as the servers answer, so that the rest is taken back`,
      `pontoon: ${gone}`,
    ]);
    expect(await writes(lab.blue)).toBe('written');
  } finally {
    await lab.green.server.start();
  }
  expect(await lift()).toMatchObject({ code: 0, stderr: '' });
  expect(await asSuperuser(lab.blue, 'SELECT FROM pontoon.cutover')).toEqual([]);
});

test('a server that cannot be asked is not fine', async () => {
  const blue = { ...directory.connections.blue, host: '127.0.0.1', port: 1 };
  writeInput('lost.json', { blue });
  const { code, stdout, stderr } = await lift('lost.json');
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(linesOf(stderr)).toEqual([`pontoon: ${unreachable('blue', '127.0.0.1:1')}`]);
});

test('behind the fence of a cutover that opened nothing changes', async () => {
  await lab.followed();
  const args = ['cutover', '--yes', '--file', 'cutover.json'];
  const { code, stderr } = await directory.command(args);
  if (code !== 0) throw new Error(stderr);
  await passDeadline(lab.blue);
  expect(await lift()).toEqual(QUIET);
  expect(await fences()).toMatchObject({
    ...FINE,
    fences: [{ server: 'blue', state: 'open' }, { server: 'green' }],
  });
  expect([await writes(lab.blue), await writes(lab.green)]).toEqual([SHUT, 'written']);
});

test('the fence of a rollback falls too, unless it was decided to open', async () => {
  await killedBehindFence('rollback', 'blue');
  await passDeadline(lab.green, ', decided_at = clock_timestamp()');
  expect(await lift()).toEqual({
    code: 1,
    stdout: '',
    stderr:
      "pontoon: the fence on 'green', by 'ops', cannot be lifted once it was decided to open 'blue', got no opening before its deadline; run the rollback again, which opens 'blue'\n",
  });
  expect(await writes(lab.green)).toBe(SHUT);
  await passDeadline(lab.green, ', decided_at = NULL');
  expect(await lift()).toEqual({
    ...QUIET,
    stdout:
      "'green' is open again: the fence of 'shop', by 'ops', was lifted, since its deadline had passed\n",
  });
  expect([await writes(lab.blue), await writes(lab.green)]).toEqual([SHUT, 'written']);
  expect(readFileSync(join(directory.path, 'active'), 'utf8')).toBe('green');
});
