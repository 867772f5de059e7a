import { DmsApi } from './dms-api';
import { type DmsProperties, readDmsProperties } from './dms-properties';
import {
  type Clock,
  clockOf,
  type DmsReplication,
  ignoreState,
  instanceTask,
  serverlessReplication,
  stopAndWait,
  waitUntilSettled,
} from './dms-replication';
import type { DmsHandlerOptions } from './dms-task';
import type { ResourceHandler } from './resource';

/** Says to which replication of this library a task belongs. */
const REPLICATION_TAG = 'pontoon:replication';

/** The last request that stopped the task, so that a request that comes twice stops once. */
const PAUSE_TAG = 'pontoon:paused-by';

/** Marks an id whose request stopped a running task. */
const STOPPED = '/stopped/';

/**
 * Stops a DMS replication before what it consists of is changed, since AWS DMS changes neither tasks nor endpoints
 * while they run. It finds the task by its tag, because task and endpoints wait for this resource.
 *
 * A request that stopped the task answers with a new id. So CloudFormation deletes the old id after a successful
 * update, when the task's own resource has resumed it, and the new id after a failed one, when nobody else would: that
 * Delete resumes the task.
 */
export function dmsPauseHandler({ pollMs = 1000 }: DmsHandlerOptions = {}): ResourceHandler {
  return async (event, context) => {
    const properties = readDmsProperties(event.properties);
    const initial = `dms-pause/${properties.replication}`;
    const known = event.physicalResourceId ?? initial;
    if (event.requestType === 'Create') return { physicalResourceId: initial, data: {} };
    const api = await DmsApi.load();
    const clock = clockOf(context, pollMs);
    if (event.requestType === 'Delete') {
      if (known.includes(STOPPED)) await resume(await findAll(api, [properties]), clock);
      return { physicalResourceId: known, data: {} };
    }
    const before = readDmsProperties(event.oldProperties ?? event.properties);
    if (before.watch === properties.watch) return { physicalResourceId: known, data: {} };
    const found = await findAll(api, [properties, before]);
    const stopped = await pause(api, found, event.requestId, clock);
    // Rolling back finds the task stopped; going back to the first id has the other one deleted, and so the task resumed.
    const physicalResourceId = stopped ? `${initial}${STOPPED}${event.requestId}` : initial;
    return { physicalResourceId, data: {} };
  };
}

/** Stops what runs. Says whether this request, or an earlier delivery of it, did. */
async function pause(
  api: DmsApi,
  replications: readonly DmsReplication[],
  requestId: string,
  clock: Clock,
): Promise<boolean> {
  let stopped = false;
  for (const replication of replications) {
    if ((await api.tag(replication.arn, PAUSE_TAG)) === requestId) stopped = true;
    else if (await stopAndWait(replication, clock)) {
      await api.setTag(replication.arn, PAUSE_TAG, requestId);
      stopped = true;
    }
  }
  return stopped;
}

async function resume(replications: readonly DmsReplication[], clock: Clock): Promise<void> {
  for (const replication of replications) {
    const { phase, fresh } = await waitUntilSettled(replication, clock);
    if (phase !== 'idle' || fresh) continue;
    clock.log(`${replication.arn}: resume-processing after an update that failed`);
    await replication.prepare(clock);
    await replication.start('resume-processing').catch(ignoreState);
  }
}

/** The replications of this library that `properties` lead to; those of others on the same instance are left alone. */
async function findAll(
  api: DmsApi,
  properties: readonly DmsProperties[],
): Promise<DmsReplication[]> {
  const found = new Map<string, DmsReplication>();
  for (const { replication, instance, configName } of properties) {
    for (const candidate of await candidates(api, instance, configName)) {
      if ((await api.tag(candidate.arn, REPLICATION_TAG)) === replication)
        found.set(candidate.arn, candidate);
    }
  }
  return [...found.values()];
}

async function candidates(
  api: DmsApi,
  instance: string | undefined,
  configName: string | undefined,
): Promise<DmsReplication[]> {
  if (instance !== undefined) {
    const tasks = await api.tasks('replication-instance-arn', instance);
    return tasks.flatMap(({ ReplicationTaskArn: arn }) =>
      arn === undefined ? [] : [instanceTask(api, arn)],
    );
  }
  const replications = await api.replications('replication-config-id', configName ?? '');
  return replications.flatMap(({ ReplicationConfigArn: arn }) =>
    arn === undefined ? [] : [serverlessReplication(api, arn)],
  );
}
