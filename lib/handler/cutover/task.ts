import { PontoonError } from '../../postgres';
import type { ReplicationTask } from '../../runner';
import { DmsApi } from '../dms-api';
import {
  type Clock,
  type DmsReplication,
  ignoreState,
  instanceTask,
  serverlessReplication,
  waitFor,
  waitUntilSettled,
} from '../dms-replication';

/** The AWS DMS task or serverless replication `arn`, as a cutover stops and resumes it. */
export function cutoverTask(arn: string, clock: Clock): ReplicationTask {
  const serverless = /:replication-config:/.test(arn);
  const find = async (): Promise<DmsReplication> => {
    const api = await DmsApi.load();
    return serverless ? serverlessReplication(api, arn) : instanceTask(api, arn);
  };
  return {
    requestStop: async (signal) => {
      const replication = await find();
      const { phase } = await replication.observe();
      if (phase !== 'running' && phase !== 'changing') return;
      signal?.throwIfAborted();
      await replication.stop(signal).catch(ignoreState);
    },
    untilStopped: async () => {
      await waitFor(await find(), 'stop', clock);
    },
    resume: async () => {
      const replication = await find();
      const { phase, fresh } = await waitUntilSettled(replication, clock);
      if (phase === 'running') return;
      if (phase === 'gone' || fresh) {
        throw new PontoonError(
          'DMS_NOT_RESUMABLE',
          `DMS replication '${arn}' must have run before it is resumed, got ${phase === 'gone' ? 'none of that name' : 'one that never ran'}; deploy the migration first`,
        );
      }
      await replication.start('resume-processing').catch(ignoreState);
    },
    tables: async () => {
      const api = await DmsApi.load();
      const found = await (serverless ? api.replicationTables(arn) : api.taskTables(arn));
      return found.map(({ SchemaName = '', TableName = '', TableState = 'unknown' }) => ({
        schema: SchemaName,
        name: TableName,
        state: TableState,
      }));
    },
  };
}
