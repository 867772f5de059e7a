import type { ReplicationTask } from '@aws-sdk/client-database-migration-service';
import { PontoonError } from '../postgres';
import { type DmsApi, isFault, type ServerlessReplication, type StartType } from './dms-api';
import { ANSWER_MS, type ResourceContext } from './resource';

/** What a replication is doing, whatever AWS DMS calls it. */
export type Phase = 'idle' | 'running' | 'finished' | 'failed' | 'changing' | 'gone';

/** What was observed of a replication. */
export interface Observation {
  readonly phase: Phase;
  /** The status in the words of AWS DMS. */
  readonly status: string;
  /** Whether it never ran. */
  readonly fresh: boolean;
  /** Why it stopped or failed, in the words of AWS DMS. */
  readonly reason?: string;
}

/** A task of a replication instance, or a serverless replication. */
export interface DmsReplication {
  readonly arn: string;
  observe(): Promise<Observation>;
  start(type: StartType): Promise<void>;
  stop(signal?: AbortSignal): Promise<void>;
  /** Makes sure that the endpoints are reached, where AWS DMS does not do so itself. */
  prepare(clock: Clock): Promise<void>;
}

/** How long may be waited, and how often is looked. */
export interface Clock extends ResourceContext {
  readonly pollMs: number;
}

/** The clock of one request. */
export function clockOf(context: ResourceContext, pollMs: number): Clock {
  return {
    pollMs,
    remainingMs: () => context.remainingMs(),
    log: (line) => context.log(line),
  };
}

/** Milliseconds of the reserve that stopping what could not be started may use up. */
export const STOPPING_MS = 15_000;

/** Milliseconds that are left for stopping and answering when waiting is given up. */
const RESERVE_MS = STOPPING_MS + ANSWER_MS;

const LOADED = 'FULL_LOAD_ONLY_FINISHED';

/** The task `arn` of a replication instance. */
export function instanceTask(api: DmsApi, arn: string): DmsReplication {
  const find = async (): Promise<ReplicationTask | undefined> =>
    (await api.tasks('replication-task-arn', arn))[0];
  return {
    arn,
    observe: async () => observeTask(await find()),
    start: async (type) => await api.startTask(arn, type),
    stop: async (signal) => await api.stopTask(arn, signal),
    prepare: async (clock) => {
      const task = await find();
      const instance = task?.ReplicationInstanceArn ?? '';
      const endpoints = [task?.SourceEndpointArn, task?.TargetEndpointArn];
      await Promise.all(
        endpoints
          .filter((endpoint) => endpoint !== undefined)
          .map(async (endpoint) => await requireReachable(api, instance, endpoint, clock)),
      );
    },
  };
}

/** The serverless replication of the configuration `arn`. AWS DMS tests its endpoints when it starts. */
export function serverlessReplication(api: DmsApi, arn: string): DmsReplication {
  return {
    arn,
    observe: async () => {
      const [found] = await api.replications('replication-config-arn', arn);
      return observeServerless(found);
    },
    start: async (type) => await api.startReplication(arn, type),
    stop: async (signal) => await api.stopReplication(arn, signal),
    prepare: async () => {},
  };
}

/** What is waited for: that it runs, has stopped, or that nothing is under way any more. */
type Goal = 'run' | 'stop' | 'settle';

/** The phases that end a wait, if only because nothing better will come. */
const REACHED: Readonly<Record<Goal, readonly Phase[]>> = {
  run: ['running', 'finished', 'failed', 'idle'],
  stop: ['idle', 'finished', 'failed', 'gone'],
  settle: ['idle', 'running', 'finished', 'failed', 'gone'],
};

/** Waits until `replication` has reached `goal`. Throws a PontoonError with code DMS_TIMEOUT. */
export async function waitFor(
  replication: DmsReplication,
  goal: Goal,
  clock: Clock,
): Promise<Observation> {
  for (;;) {
    const seen = await replication.observe();
    if (REACHED[goal].includes(seen.phase)) return seen;
    if (clock.remainingMs() < RESERVE_MS + clock.pollMs) {
      throw new PontoonError(
        'DMS_TIMEOUT',
        `DMS replication '${replication.arn}' must ${goal} before the time is up, got '${seen.status}'; look at its log, wait until it has settled, and deploy again`,
      );
    }
    await sleep(clock.pollMs);
  }
}

/** Waits until nothing is under way any more. */
export async function waitUntilSettled(
  replication: DmsReplication,
  clock: Clock,
): Promise<Observation> {
  return await waitFor(replication, 'settle', clock);
}

/** Stops `replication` if it runs, and waits until it has stopped. Says whether it ran. */
export async function stopAndWait(replication: DmsReplication, clock: Clock): Promise<boolean> {
  const before = await waitUntilSettled(replication, clock);
  if (before.phase !== 'running') return false;
  // Somebody else's stop, or the end of the task, may come in between; the wait sees that.
  await replication.stop().catch(ignoreState);
  const after = await waitFor(replication, 'stop', clock);
  clock.log(`${replication.arn}: ${after.status}`);
  return true;
}

/** Lets a refusal pass that only says that another request was faster. */
export function ignoreState(error: unknown): void {
  if (!isFault(error, 'InvalidResourceStateFault', 'ResourceNotFoundFault')) throw error;
}

function observeTask(task: ReplicationTask | undefined): Observation {
  if (task === undefined) return { phase: 'gone', status: 'gone', fresh: true };
  const { Status: status = 'unknown', StopReason: stop, LastFailureMessage: failure } = task;
  const reason = failure ?? stop;
  return {
    phase: taskPhase(status, stop),
    status,
    fresh: status === 'ready',
    ...(reason === undefined || reason === '' ? {} : { reason }),
  };
}

function taskPhase(status: string, stopReason: string | undefined): Phase {
  if (status === 'stopped') return stopReason?.includes(LOADED) === true ? 'finished' : 'idle';
  if (status === 'ready') return 'idle';
  if (status === 'running' || status === 'failed') return status;
  if (status === 'failed-move') return 'failed';
  return 'changing';
}

/** From here on AWS DMS only provides capacity, which takes longer than the function may run. */
const SERVERLESS_STARTED = new Set(['provisioning_capacity', 'replication_starting', 'running']);
const SERVERLESS_IDLE = new Set(['created', 'ready', 'deprovisioned']);

function observeServerless(replication: ServerlessReplication | undefined): Observation {
  if (replication === undefined) return { phase: 'idle', status: 'created', fresh: true };
  const {
    Status: status = 'unknown',
    StopReason: stop,
    FailureMessages: failures = [],
  } = replication;
  const reason = failures.length > 0 ? failures.join('; ') : stop;
  return {
    phase: serverlessPhase(status, stop),
    status,
    fresh: status === 'created' || status === 'ready',
    ...(reason === undefined || reason === '' ? {} : { reason }),
  };
}

function serverlessPhase(status: string, stopReason: string | undefined): Phase {
  if (SERVERLESS_STARTED.has(status)) return 'running';
  if (status === 'failed') return 'failed';
  if (status === 'stopped' || status === 'deprovisioned')
    return stopReason?.includes(LOADED) === true ? 'finished' : 'idle';
  return SERVERLESS_IDLE.has(status) ? 'idle' : 'changing';
}

/** AWS DMS refuses to start a task before a test of each endpoint succeeded, and forgets it when they change. */
async function requireReachable(
  api: DmsApi,
  instance: string,
  endpoint: string,
  clock: Clock,
): Promise<void> {
  await api.testConnection(instance, endpoint).catch(ignoreState);
  for (;;) {
    const connection = await api.connection(instance, endpoint);
    const status = connection?.Status ?? 'untested';
    if (status === 'successful') return;
    const late = clock.remainingMs() < RESERVE_MS + clock.pollMs;
    if (status === 'failed' || late) {
      throw new PontoonError(
        'DMS_UNREACHABLE',
        `DMS endpoint '${endpoint}' must be reachable from its replication instance, got '${status}'${because(connection?.LastFailureMessage)}; check address, login, certificate, security groups and routes`,
      );
    }
    await sleep(clock.pollMs);
  }
}

/** `reason` as the rest of a sentence. */
export function because(reason: string | undefined): string {
  return reason === undefined || reason === '' ? '' : ` (${reason.trim()})`;
}

async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
