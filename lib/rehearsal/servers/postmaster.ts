import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PontoonError } from '../../postgres';
import { cleanEnvironment } from './run';
import { hasCode } from './tree';
import type { Workspace } from './workspace';

const POLL_MS = 20;
const LOG_TAIL_LINES = 12;

/** What a postmaster is started with. */
export interface PostmasterOptions {
  /** The `postgres` program. */
  readonly program: string;
  readonly dataDirectory: string;
  readonly logFile: string;
  /** Settings for its command line, which nothing overrides. */
  readonly settings: Readonly<Record<string, string>>;
  /** Until when it must accept connections, in milliseconds since the epoch. */
  readonly deadline: number;
}

/** Why a start failed, as far as trying again can help. */
export type Obstacle = 'port-taken' | 'memory-in-use';

/** A postmaster that accepts connections, or what kept it from starting. */
export type Started = { readonly process: ChildProcess } | { readonly obstacle: Obstacle };

/** Starts a postmaster. Throws a PontoonError with code SERVER_NOT_STARTED and the end of its log. */
export async function startPostmaster(
  workspace: Workspace,
  options: PostmasterOptions,
): Promise<Started> {
  const { size } = await stat(options.logFile);
  const log = await open(options.logFile, 'a');
  const child = workspace.spawn(options.program, postmasterArguments(options), {
    ...workspace.account,
    env: cleanEnvironment(),
    stdio: ['ignore', log.fd, log.fd],
    stopSignal: 'SIGQUIT',
  });
  await log.close();
  if (child.pid === undefined) throw await once(child, 'error').then(([error]) => error);
  await untilReadyOrGone(child, options);
  if (child.exitCode === null && child.signalCode === null) return { process: child };
  const said = (await readFile(options.logFile, 'utf8')).slice(size);
  const obstacle = obstacleIn(said);
  if (obstacle !== undefined) return { obstacle };
  throw notStarted(said);
}

/** Sends `signal` to a postmaster and waits until it is gone. */
export async function stopPostmaster(
  child: ChildProcess,
  { signal, deadline }: { readonly signal: NodeJS.Signals; readonly deadline: number },
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit').then(() => true);
  child.kill(signal);
  const abort = new AbortController();
  const expired = delay(Math.max(0, deadline - Date.now()), false, { signal: abort.signal });
  const gone = await Promise.race([exited, expired.catch(() => false)]);
  abort.abort();
  if (gone) return;
  throw new PontoonError(
    'SERVER_NOT_STOPPED',
    `a server must end after ${signal}, got none until the deadline; stop it with 'immediate'`,
  );
}

function postmasterArguments({ dataDirectory, settings }: PostmasterOptions): readonly string[] {
  const given = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', dataDirectory, ...given];
}

async function untilReadyOrGone(child: ChildProcess, options: PostmasterOptions): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    if (await isReady(options.dataDirectory, child.pid)) return;
    if (Date.now() > options.deadline) {
      child.kill('SIGQUIT');
      await once(child, 'exit');
      return;
    }
    await delay(POLL_MS);
  }
}

// The first line is the postmaster's number, the eighth its state; pg_ctl reads the same.
async function isReady(dataDirectory: string, pid: number | undefined): Promise<boolean> {
  try {
    const lines = (await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8')).split('\n');
    const state = lines[7]?.trim();
    return Number(lines[0]) === pid && (state === 'ready' || state === 'standby');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

function obstacleIn(log: string): Obstacle | undefined {
  if (log.includes('could not create any TCP/IP sockets')) return 'port-taken';
  // Children of a postmaster that was killed still hold it, for as long as they need to notice.
  if (/pre-existing shared memory block .* is still in use/.test(log)) return 'memory-in-use';
  return undefined;
}

function notStarted(log: string): PontoonError {
  const tail = log.trim().split('\n').slice(-LOG_TAIL_LINES).join('\n');
  return new PontoonError(
    'SERVER_NOT_STARTED',
    `a server must accept connections before the deadline, got this in its log; correct its settings:\n${tail}`,
  );
}
