import {
  DatabaseMigrationServiceClient,
  StartReplicationTaskCommand,
} from '@aws-sdk/client-database-migration-service';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import {
  AwsEndpointStandIn,
  AwsServiceError,
  SecretStore,
} from '../../../lib/rehearsal/aws-endpoint';

const ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:db/admin-AbCdEf';
const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
let endpoint: AwsEndpointStandIn;

beforeEach(async () => {
  endpoint = await AwsEndpointStandIn.start();
});

afterEach(async () => {
  await endpoint.close();
});

function settings() {
  return { endpoint: endpoint.url, region: 'eu-central-1', credentials };
}

async function errorOf(promise: Promise<unknown>): Promise<[string, string]> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return [error.name, error.message];
  }
  throw new Error('nothing was thrown');
}

test('secrets are read by ARN, partial ARN and name, as the SDK reads them', async () => {
  const store = new SecretStore();
  endpoint.register(store.operations());
  const { versionId } = store.put(ARN, '{"password":"p"}');
  const client = new SecretsManagerClient(settings());
  for (const SecretId of [ARN, ARN.slice(0, -7), 'db/admin']) {
    const found = await client.send(new GetSecretValueCommand({ SecretId }));
    expect(found).toMatchObject({
      ARN,
      Name: 'db/admin',
      SecretString: '{"password":"p"}',
      VersionId: versionId,
      VersionStages: ['AWSCURRENT'],
      CreatedDate: expect.any(Date),
    });
  }
  const described = await client.send(new DescribeSecretCommand({ SecretId: ARN }));
  expect(described.VersionIdsToStages).toEqual({ [versionId]: ['AWSCURRENT'] });
  expect(described).not.toHaveProperty('SecretString');
  const missing = client.send(new GetSecretValueCommand({ SecretId: 'nope' }));
  expect(await errorOf(missing)).toEqual([
    'ResourceNotFoundException',
    "Secrets Manager can't find the specified secret.",
  ]);
  const previous = { SecretId: ARN, VersionStage: 'AWSPREVIOUS' };
  expect(await errorOf(client.send(new GetSecretValueCommand(previous)))).toEqual([
    'ResourceNotFoundException',
    "Secrets Manager can't find the specified secret value for staging label: AWSPREVIOUS",
  ]);
  expect(endpoint.calls.map(({ error }) => error)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    'ResourceNotFoundException',
    'ResourceNotFoundException',
  ]);
});

test('an unknown operation is refused, and recorded', async () => {
  const call = new SSMClient(settings()).send(
    new PutParameterCommand({ Name: 'a', Value: 'b', Type: 'String' }),
  );
  expect(await errorOf(call)).toEqual([
    'UnknownOperationException',
    'the rehearsal has no stand-in for "AmazonSSM.PutParameter"; register one',
  ]);
  const answer = await fetch(`${endpoint.url}/service/Other/operation/Put`, { method: 'POST' });
  expect([answer.status, await answer.json()]).toEqual([
    400,
    {
      __type: 'UnknownOperationException',
      message:
        'the rehearsal has no stand-in for "POST /service/Other/operation/Put"; register one',
    },
  ]);
  expect(endpoint.unknownTargets).toEqual([
    'AmazonSSM.PutParameter',
    'POST /service/Other/operation/Put',
  ]);
});

test("operations answer, and fail with the service's own errors", async () => {
  let state = 'ready';
  const operations = {
    StartReplicationTask: async (input: unknown) => {
      if (state !== 'ready')
        throw new AwsServiceError('InvalidResourceStateFault', 'task is running');
      state = 'running';
      const { ReplicationTaskArn } = input as { ReplicationTaskArn: string };
      return { ReplicationTask: { ReplicationTaskArn, Status: 'starting' } };
    },
  };
  endpoint.register(operations, 'AmazonDMSv20160101');
  const client = new DatabaseMigrationServiceClient(settings());
  const start = () =>
    client.send(
      new StartReplicationTaskCommand({
        ReplicationTaskArn: 'arn:task',
        StartReplicationTaskType: 'start-replication',
      }),
    );
  expect((await start()).ReplicationTask).toEqual({
    ReplicationTaskArn: 'arn:task',
    Status: 'starting',
  });
  expect(await errorOf(start())).toEqual(['InvalidResourceStateFault', 'task is running']);
  expect(() => endpoint.register(operations, 'AmazonDMSv20160101')).toThrow(
    'operation "AmazonDMSv20160101.StartReplicationTask" cannot be registered twice; remove one of the two',
  );
});

test('a fault of an operation is a fault of the service', async () => {
  endpoint.register({
    'X.Fail': () => {
      throw new Error('broken');
    },
  });
  const answer = await fetch(endpoint.url, {
    method: 'POST',
    headers: { 'x-amz-target': 'X.Fail' },
  });
  expect([answer.status, await answer.json()]).toEqual([
    500,
    { __type: 'InternalFailure', message: 'broken' },
  ]);
});
