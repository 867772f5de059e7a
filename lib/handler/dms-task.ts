import { PontoonError } from '../postgres';
import { DmsApi, isFault, type StartType } from './dms-api';
import { type DmsProperties, readDmsProperties } from './dms-properties';
import {
  because,
  type Clock,
  clockOf,
  type DmsReplication,
  instanceTask,
  type Observation,
  STOPPING_MS,
  serverlessReplication,
  stopAndWait,
  waitFor,
  waitUntilSettled,
} from './dms-replication';
import type { ResourceEvent, ResourceHandler } from './resource';

/** How the handlers of DMS work. */
export interface DmsHandlerOptions {
  /**
   * How often the state is looked at while waiting, in milliseconds.
   *
   * @default 1000
   */
  readonly pollMs?: number;
}

/** Which reload the task has had, so that a request that comes twice reloads once. */
const RELOAD_TAG = 'pontoon:reload';

/**
 * Starts a DMS replication on Create, resumes or reloads it on Update, stops it on Delete. The physical id is the ARN
 * of the task, or of the serverless configuration, so that a replaced task is stopped before it is deleted.
 */
export function dmsTaskHandler({ pollMs = 1000 }: DmsHandlerOptions = {}): ResourceHandler {
  return async (event, context) => {
    const api = await DmsApi.load();
    const properties = readDmsProperties(event.properties);
    const clock = clockOf(context, pollMs);
    const deletes = event.requestType === 'Delete';
    const arn = (deletes ? event.physicalResourceId : undefined) ?? arnOf(properties);
    const replication = replicationOf(api, arn);
    if (deletes) await stopAndWait(replication, clock);
    else await startFor(event, properties, replication, api, clock);
    const { status } = await replication.observe();
    return { physicalResourceId: arn, data: { status } };
  };
}

async function startFor(
  event: ResourceEvent,
  properties: DmsProperties,
  replication: DmsReplication,
  api: DmsApi,
  clock: Clock,
): Promise<void> {
  const isNew = event.requestType === 'Create' || event.physicalResourceId !== replication.arn;
  if (!isNew && (await reloadIsDue(event, properties, replication, api))) {
    await stopAndWait(replication, clock);
    await startAndWait(replication, 'reload-target', clock);
    await api.setTag(replication.arn, RELOAD_TAG, properties.reload);
    return;
  }
  const before = await waitUntilSettled(replication, clock);
  // What never ran is not mended by another start; a deployed task may fail because of what this update mends.
  if (isNew && before.phase === 'failed') throw failed(replication, before);
  if (before.phase === 'running' || before.phase === 'finished') return;
  const type = before.fresh ? 'start-replication' : 'resume-processing';
  if (isNew) await startOrGiveUp(replication, type, clock);
  else await startAndWait(replication, type, clock);
}

async function reloadIsDue(
  { oldProperties }: ResourceEvent,
  { reload }: DmsProperties,
  replication: DmsReplication,
  api: DmsApi,
): Promise<boolean> {
  if (oldProperties === undefined || readDmsProperties(oldProperties).reload === reload)
    return false;
  return (await api.tag(replication.arn, RELOAD_TAG)) !== reload;
}

/** CloudFormation deletes what could not be created, which AWS DMS refuses for a running task. */
async function startOrGiveUp(
  replication: DmsReplication,
  type: StartType,
  clock: Clock,
): Promise<void> {
  try {
    await startAndWait(replication, type, clock);
  } catch (error) {
    const patient = { ...clock, remainingMs: () => clock.remainingMs() + STOPPING_MS };
    await stopAndWait(replication, patient).catch((stopError: unknown) => {
      clock.log(`${replication.arn}: not stopped, ${String(stopError)}`);
    });
    throw error;
  }
}

async function startAndWait(
  replication: DmsReplication,
  type: StartType,
  clock: Clock,
): Promise<Observation> {
  await replication.prepare(clock);
  await start(replication, type, clock);
  const after = await waitFor(replication, 'run', clock);
  clock.log(`${replication.arn}: ${after.status}`);
  if (after.phase === 'running' || after.phase === 'finished') return after;
  throw failed(replication, after);
}

async function start(replication: DmsReplication, type: StartType, clock: Clock): Promise<void> {
  clock.log(`${replication.arn}: ${type}`);
  await replication.start(type).catch(async (error: unknown) => {
    // A delivery of the same request was faster.
    if (isFault(error, 'InvalidResourceStateFault')) {
      const { phase } = await replication.observe();
      if (phase === 'running' || phase === 'changing' || phase === 'finished') return;
    }
    // A task that failed before it ever ran looks like one that ran.
    if (type === 'resume-processing' && isFault(error, 'InvalidParameterCombinationException'))
      return await replication.start('start-replication');
    throw error;
  });
}

function failed(replication: DmsReplication, { status, reason }: Observation): PontoonError {
  return new PontoonError(
    'DMS_FAILED',
    `DMS replication '${replication.arn}' must run, got '${status}'${because(reason)}; mend what it says and deploy again`,
  );
}

function arnOf({ task, config }: DmsProperties): string {
  const arn = task ?? config;
  if (arn !== undefined) return arn;
  throw new PontoonError(
    'INVALID',
    "the DMS replication must be named by 'task' or 'config' to be started, got neither; deploy the function and the resource with one version of pontoon",
  );
}

/** The ARN tells which kind it is, also of one whose properties are gone. */
function replicationOf(api: DmsApi, arn: string): DmsReplication {
  return /:replication-config:/.test(arn)
    ? serverlessReplication(api, arn)
    : instanceTask(api, arn);
}
