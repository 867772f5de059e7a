import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { Workspace } from '../../../lib/rehearsal/servers';
import { embeddedAlias } from '../../../lib/rehearsal/servers/packages';
import { copyTree } from '../../../lib/rehearsal/servers/tree';
import { startTestServer, withServers } from '../../servers';
import { eventually } from './eventually';

interface Told {
  readonly directory: string;
  readonly pid: number;
  readonly log: string;
}

const repository = join(__dirname, '..', '..', '..');
let checkout: string;
let program: string;

// A checkout that only its owner may enter, with a package whose install script has not run.
beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'checkout-'));
  program = join(checkout, 'one-server.js');
  await build({
    entryPoints: [join(__dirname, 'one-server.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    packages: 'bundle',
    external: ['pg-native'],
    logLevel: 'error',
  });
  const alias = join('node_modules', embeddedAlias(17));
  const listed = JSON.parse(
    await readFile(join(repository, alias, 'native', 'pg-symlinks.json'), 'utf8'),
  ) as { target: string }[];
  const links = new Set(listed.map(({ target }) => target));
  await copyTree(join(repository, alias), join(checkout, alias), {
    directoryMode: 0o700,
    include: (path) => !links.has(path),
  });
});
afterAll(() => rm(checkout, { recursive: true, force: true }));

async function start(ending: string): Promise<{ child: ChildProcess; told: Told }> {
  const child = spawn(process.execPath, [program, ending], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.stdout === null) throw new Error('no output');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, told: JSON.parse(line) as Told };
}

async function ended(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.signalCode ?? child.exitCode;
}

function isGone({ directory, pid }: Told): boolean {
  return !isAlive(pid) && !existsSync(directory);
}

/** The identifiers of the segments that there are. */
async function sharedMemory(): Promise<readonly (string | undefined)[]> {
  const { stdout } = await promisify(execFile)('ipcs', ['-m']);
  return stdout.split('\n').map((line) => line.split(/\s+/)[1]);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('a workspace of another process, in a checkout that only its owner may enter', () => {
  it('runs servers as a user without privileges', async () => {
    const { child, told } = await start('wait');
    const { stdout } = await promisify(execFile)('ps', ['-o', 'uid=', '-p', String(told.pid)]);
    child.kill('SIGTERM');
    await ended(child);
    const own = process.getuid?.();
    expect(Number(stdout)).toBe(own === 0 ? 65534 : own);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('is cleared away on %s, in order', async (signal) => {
    const { child, told } = await start('wait');
    expect(isAlive(told.pid)).toBe(true);
    child.kill(signal);
    expect(await ended(child)).toBe(signal);
    expect(isGone(told)).toBe(true);
  });

  it('ends by itself once it is disposed of', async () => {
    const { child, told } = await start('dispose');
    expect(await ended(child)).toBe(0);
    expect(isGone(told)).toBe(true);
  });

  it.each([
    ['an error that nobody caught', 'throw', 1],
    ['process.exit', 'exit', 7],
  ])('is cleared away after %s', async (_, ending, code) => {
    const { child, told } = await start(ending);
    expect(await ended(child)).toBe(code);
    await eventually(async () => isGone(told));
  });

  it('is cleared away after SIGKILL', async () => {
    const { child, told } = await start('wait');
    child.kill('SIGKILL');
    expect(await ended(child)).toBe('SIGKILL');
    await eventually(async () => isGone(told));
  });
});

describe('a workspace', () => {
  it('says what is left of it', async () => {
    const workspace = await Workspace.open();
    const { server } = await startTestServer({ workspace });
    const { pid } = server;
    expect(await workspace.leftovers()).toEqual(
      expect.arrayContaining([`process ${pid}`, `directory ${workspace.directory}`]),
    );
    await workspace.dispose();
    await workspace.dispose();
    expect(await workspace.leftovers()).toEqual([]);
  });

  it('does not disturb another', async () => {
    await withServers([{ major: 17 }], async ([kept]) => {
      const other = await startTestServer();
      await other.stop();
      expect(await other.workspace.leftovers()).toEqual([]);
      const client = await kept?.client();
      expect((await client?.query('SELECT 1 AS one'))?.rows).toEqual([{ one: 1 }]);
    });
  });

  it('is cleared away after a server was killed, with the memory that it left', async () => {
    const test = await startTestServer();
    const pidFile = await readFile(join(test.server.dataDirectory, 'postmaster.pid'), 'utf8');
    const segment = pidFile.split('\n')[6]?.trim().split(/ +/)[1];
    expect(await sharedMemory()).toContain(segment);
    await test.server.kill();
    await test.stop();
    await eventually(async () => (await test.workspace.leftovers()).length === 0);
    expect(await sharedMemory()).not.toContain(segment);
  });

  it('clears away a directory that links elsewhere, and not what it links to', async () => {
    const workspace = await Workspace.open();
    await symlink(dirname(__filename), join(workspace.directory, 'elsewhere'));
    await workspace.dispose();
    expect(existsSync(__filename)).toBe(true);
  });

  // Only root's servers run under another account, to which a place may be closed.
  const byRoot = process.getuid?.() === 0;
  if (!byRoot) process.stderr.write('workspace: one test is skipped, which needs root\n');
  (byRoot ? it : it.skip)('refuses a place that its servers could not enter', async () => {
    await expect(Workspace.open(checkout)).rejects.toThrow(
      `the temporary directory of a rehearsal by root must be open to the user 'nobody', got ${checkout}, of which ${checkout} is closed; set TMPDIR to another directory`,
    );
  });
});
