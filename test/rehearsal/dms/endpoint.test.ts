import {
  DmsFault,
  type DmsOperations,
  type DmsTaskResource,
  dmsEndpoint,
} from '../../../lib/rehearsal/dms';
import { startTestServer, type TestServer } from '../../servers';
import { behaviour } from './behaviour';
import { eventually, Pair } from './task';

const ARNS = {
  sourceEndpointArn: 'arn:aws:dms:eu-west-1:000000000000:endpoint:SOURCE',
  targetEndpointArn: 'arn:aws:dms:eu-west-1:000000000000:endpoint:TARGET',
};
const ARN = 'arn:aws:dms:eu-west-1:000000000000:task:ONE';
const INSTANCE = 'arn:aws:dms:eu-west-1:000000000000:rep:INSTANCE';
const CONFIG = 'arn:aws:dms:eu-west-1:000000000000:replication-config:TWO';

let pg: TestServer;
let pair: Pair;
let dms: DmsOperations;

beforeAll(async () => {
  pg = await startTestServer({ settings: { wal_level: 'logical' } });
});
beforeEach(async () => {
  pair = await Pair.create(pg, 'CREATE TABLE orders (id int PRIMARY KEY, name text)');
  const task: DmsTaskResource = {
    arn: ARN,
    identifier: 'one',
    migrationType: 'full-load-and-cdc',
    instanceArn: INSTANCE,
    tags: { Owner: 'pontoon' },
    engine: pair.task(),
    ...ARNS,
  };
  const serverless: DmsTaskResource = {
    ...task,
    arn: CONFIG,
    identifier: 'two',
    engine: pair.task(),
  };
  dms = dmsEndpoint({
    tasks: [task, { ...task, arn: `${ARN}-2`, identifier: 'other' }],
    replications: [serverless],
  });
});
afterEach(() => pair.close());
afterAll(() => pg.stop());

async function call(operation: string, input: object): Promise<unknown> {
  const handler = dms[operation];
  if (handler === undefined) throw new Error(`no operation ${operation}`);
  return handler(input);
}

async function fault(operation: string, input: object): Promise<{ type: string; message: string }> {
  try {
    await call(operation, input);
  } catch (error) {
    if (error instanceof DmsFault) return { type: error.__type, message: error.message };
    throw error;
  }
  throw new Error(`${operation} did not fail`);
}

async function becomes(status: string): Promise<void> {
  const Filters = [{ Name: 'replication-task-arn', Values: [ARN] }];
  await eventually(async () =>
    expect(await call('DescribeReplicationTasks', { Filters })).toMatchObject({
      ReplicationTasks: [{ Status: status }],
    }),
  );
}

behaviour('answers the DMS API like the service, with its states', async () => {
  const ReplicationTaskArn = ARN;
  const start = (StartReplicationTaskType: string): object => ({
    ReplicationTaskArn,
    StartReplicationTaskType,
  });
  await becomes('ready');
  expect(await fault('StopReplicationTask', { ReplicationTaskArn })).toEqual({
    type: 'InvalidResourceStateFault',
    message: 'Replication Task cannot be stopped, invalid state: ready',
  });
  expect(await fault('StartReplicationTask', start('resume-processing'))).toEqual({
    type: 'InvalidParameterCombinationException',
    message: 'Start Type : RESUME_PROCESSING, not valid for tasks that have not been started',
  });
  expect(await call('StartReplicationTask', start('start-replication'))).toMatchObject({
    ReplicationTask: { Status: 'starting' },
  });
  expect(await fault('StartReplicationTask', start('start-replication'))).toEqual({
    type: 'InvalidResourceStateFault',
    message: expect.stringMatching(
      /^Replication Task cannot be started, invalid state: (starting|running)$/,
    ),
  });
  await becomes('running');
  expect(await fault('ModifyReplicationTask', { ReplicationTaskArn, TableMappings: '{}' })).toEqual(
    {
      type: 'InvalidResourceStateFault',
      message: 'Replication Task cannot be modified, invalid state: running',
    },
  );
  await pair.source.query("INSERT INTO orders VALUES (1, 'one')");
  await pair.same('SELECT * FROM orders');
  await eventually(async () =>
    expect(await call('DescribeTableStatistics', { ReplicationTaskArn })).toMatchObject({
      ReplicationTaskArn,
      TableStatistics: [
        { SchemaName: 'public', TableName: 'orders', TableState: 'Table completed' },
      ],
    }),
  );
  expect(await call('StopReplicationTask', { ReplicationTaskArn })).toMatchObject({
    ReplicationTask: { Status: 'stopping' },
  });
  await becomes('stopped');
  expect(await fault('StartReplicationTask', start('start-replication'))).toEqual({
    type: 'InvalidParameterCombinationException',
    message: 'Start Type : START_REPLICATION, valid only for tasks running for the first time',
  });
  expect(
    await fault('ModifyReplicationTask', { ReplicationTaskArn, TableMappings: '{"rules": []}' }),
  ).toEqual({
    type: 'InvalidParameterValueException',
    message:
      "DMS table mappings: 'tableMappings.rules' must include a table, got no selection rule that does; add a selection rule",
  });
  await call('StartReplicationTask', start('resume-processing'));
  await becomes('running');
});

test('finds tasks by filters and pages through them', async () => {
  const first = await call('DescribeReplicationTasks', { MaxRecords: 1 });
  expect(first).toMatchObject({
    ReplicationTasks: [{ ReplicationTaskIdentifier: 'one' }],
    Marker: '1',
  });
  const second = await call('DescribeReplicationTasks', { MaxRecords: 1, Marker: '1' });
  expect(second).toMatchObject({ ReplicationTasks: [{ ReplicationTaskIdentifier: 'other' }] });
  expect(second).not.toHaveProperty('Marker');
  const Filters = [{ Name: 'replication-task-id', Values: ['nobody'] }];
  expect(await fault('DescribeReplicationTasks', { Filters })).toEqual({
    type: 'ResourceNotFoundFault',
    message: 'No Tasks found matching the search criteria.',
  });
  expect(await call('ListTagsForResource', { ResourceArn: ARN })).toEqual({
    TagList: [{ Key: 'Owner', Value: 'pontoon' }],
  });
  expect(await fault('StopReplicationTask', { ReplicationTaskArn: 'arn:nothing' })).toEqual({
    type: 'ResourceNotFoundFault',
    message: 'no resource of the DMS stand-in has the ARN arn:nothing',
  });
});

test('tests connections for real', async () => {
  const EndpointArn = ARNS.sourceEndpointArn;
  expect(
    await call('TestConnection', { ReplicationInstanceArn: INSTANCE, EndpointArn }),
  ).toMatchObject({ Connection: { Status: 'testing' } });
  const Filters = [{ Name: 'endpoint-arn', Values: [EndpointArn] }];
  await eventually(async () =>
    expect(await call('DescribeConnections', { Filters })).toMatchObject({
      Connections: [{ EndpointArn, Status: 'successful' }],
    }),
  );
});

test('starts and stops a serverless replication', async () => {
  const ReplicationConfigArn = CONFIG;
  const status = async (wanted: string): Promise<void> =>
    eventually(async () =>
      expect(await call('DescribeReplications', {})).toMatchObject({
        Replications: [{ ReplicationConfigArn, Status: wanted }],
      }),
    );
  await status('created');
  await call('StartReplication', {
    ReplicationConfigArn,
    StartReplicationType: 'start-replication',
  });
  await status('running');
  await eventually(async () =>
    expect(
      await call('DescribeReplicationTableStatistics', { ReplicationConfigArn }),
    ).toMatchObject({
      ReplicationConfigArn,
      ReplicationTableStatistics: [
        { SchemaName: 'public', TableName: 'orders', TableState: 'Table completed' },
      ],
    }),
  );
  await call('StopReplication', { ReplicationConfigArn });
  await status('stopped');
});
