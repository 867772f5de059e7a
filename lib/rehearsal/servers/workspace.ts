import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  realpath,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PontoonError } from '../../postgres';
import { type Account, serverAccount } from './account';
import { startWatchdog, type Watchdog } from './watchdog';

/** How long a process may take to end after it was asked to, in milliseconds. */
const STOP_TIMEOUT_MS = 10_000;

const open = new Set<Workspace>();

/**
 * One temporary directory with everything that a rehearsal starts and writes. It is cleared away by
 * {@link dispose}, by SIGINT and SIGTERM, and by a watchdog when this process ends in any other way.
 */
export class Workspace {
  private readonly children = new Map<
    number,
    { child: ChildProcess; stopSignal: NodeJS.Signals }
  >();
  private readonly watchdog: Watchdog;
  private disposal: Promise<void> | undefined;
  private directories = 0;

  private constructor(
    /** The temporary directory. */
    public readonly directory: string,
    /** Whom the servers run as; undefined stands for our own account. */
    public readonly account: Account | undefined,
  ) {
    this.watchdog = startWatchdog(directory);
  }

  /** Makes a temporary directory below `parent` (default: the system's). */
  public static async open(parent: string = tmpdir()): Promise<Workspace> {
    const account = serverAccount();
    if (account !== undefined) await requireEnterable(await realpath(parent));
    const directory = await mkdtemp(join(await realpath(parent), 'pontoon-'));
    // The unprivileged account must be able to pass through; what is inside protects itself.
    if (account !== undefined) await chmod(directory, 0o711);
    await mkdir(join(directory, 'processes'), { mode: 0o700 });
    const workspace = new Workspace(directory, account);
    open.add(workspace);
    listenForSignals();
    return workspace;
  }

  /** Makes a directory that belongs to the servers' account. */
  public async makeDirectory(kind: string): Promise<string> {
    this.directories += 1;
    const path = join(this.directory, `${kind}-${this.directories}`);
    await mkdir(path, { mode: 0o700 });
    await this.giveAway(path);
    return path;
  }

  /** Hands `path` to the servers' account. */
  public async giveAway(path: string): Promise<void> {
    if (this.account !== undefined) await chown(path, this.account.uid, this.account.gid);
  }

  /** Starts a process that does not outlive this workspace; `stopSignal` is what ends it. */
  public spawn(
    command: string,
    args: readonly string[],
    {
      stopSignal = 'SIGTERM',
      ...options
    }: SpawnOptions & { readonly stopSignal?: NodeJS.Signals } = {},
  ): ChildProcess {
    // Its own group: Ctrl-C in a terminal reaches us only, and we end it in order.
    const child = spawn(command, args, { cwd: this.directory, detached: true, ...options });
    const { pid } = child;
    if (pid === undefined) return child;
    const file = join(this.directory, 'processes', String(pid));
    writeFileSync(file, stopSignal.replace('SIG', ''));
    this.children.set(pid, { child, stopSignal });
    child.once('exit', () => {
      this.children.delete(pid);
      rmSync(file, { force: true });
    });
    return child;
  }

  /** Ends every process, removes the directory. Doing it twice is doing it once. */
  public async dispose(): Promise<void> {
    this.disposal ??= this.clearAway();
    await this.disposal;
  }

  /** What is still there of this workspace: processes and the directory. Empty after {@link dispose}. */
  public async leftovers(): Promise<readonly string[]> {
    const found = [...this.children.keys()].map((pid) => `process ${pid}`);
    for (const pid of await processesIn(this.directory)) {
      if (!found.includes(`process ${pid}`)) found.push(`process ${pid}`);
    }
    if (existsSync(this.directory)) found.push(`directory ${this.directory}`);
    return found;
  }

  private async clearAway(): Promise<void> {
    await Promise.all([...this.children.values()].map(end));
    await this.watchdog.clearAway();
    // In case somebody ended the watchdog.
    await rm(this.directory, { recursive: true, force: true });
    open.delete(this);
  }
}

// The servers of root run as somebody else, who must be able to pass through.
async function requireEnterable(parent: string): Promise<void> {
  for (let directory = parent; ; directory = dirname(directory)) {
    if (((await stat(directory)).mode & 0o001) === 0) {
      throw new PontoonError(
        'DIRECTORY_CLOSED',
        `the temporary directory of a rehearsal by root must be open to the user 'nobody', got ${parent}, of which ${directory} is closed; set TMPDIR to another directory`,
      );
    }
    if (directory === dirname(directory)) return;
  }
}

/** Writes a file that only the servers' account may read. */
export async function writeOwn(workspace: Workspace, path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  await workspace.giveAway(path);
}

/** Remembers what `make` made for each workspace and key, so that it is made once. */
export function perWorkspace<Key, Made>(
  make: (workspace: Workspace, key: Key) => Promise<Made>,
): (workspace: Workspace, key: Key) => Promise<Made> {
  const made = new WeakMap<Workspace, Map<Key, Promise<Made>>>();
  return (workspace, key) => {
    const ofWorkspace = made.get(workspace) ?? new Map<Key, Promise<Made>>();
    made.set(workspace, ofWorkspace);
    const promise = ofWorkspace.get(key) ?? make(workspace, key);
    ofWorkspace.set(key, promise);
    return promise;
  };
}

async function end({ child, stopSignal }: { child: ChildProcess; stopSignal: NodeJS.Signals }) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(stopSignal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}

// Servers change into their data directory, so even a backend whose postmaster died is found by it.
async function processesIn(directory: string): Promise<readonly number[]> {
  if (process.platform !== 'linux') return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process that ended meanwhile, or another user's: not ours.
      const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
      return cwd === directory || cwd.startsWith(`${directory}/`) ? [pid] : [];
    }),
  );
  return found.flat();
}

let listening = false;

function listenForSignals(): void {
  if (listening) return;
  listening = true;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // Once: a second signal ends this process at once, and the watchdogs finish the work.
    process.once(signal, () => {
      void Promise.allSettled([...open].map((workspace) => workspace.dispose())).then(() => {
        process.kill(process.pid, signal);
      });
    });
  }
}
