import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { AwsEndpointStandIn, SecretStore } from '../../../lib/rehearsal/aws-endpoint';

const ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf';
const FIRST = '11111111-1111-4111-8111-111111111111';
const SECOND = '22222222-2222-4222-8222-222222222222';
let endpoint: AwsEndpointStandIn;
let store: SecretStore;
let client: SecretsManagerClient;

beforeEach(async () => {
  endpoint = await AwsEndpointStandIn.start();
  store = new SecretStore();
  store.put(ARN, 'zero');
  endpoint.register(store.operations());
  client = new SecretsManagerClient({
    endpoint: endpoint.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
});

afterEach(() => endpoint.close());

const put = (SecretString: string, ClientRequestToken: string, VersionStages?: string[]) =>
  client.send(
    new PutSecretValueCommand({
      SecretId: 'db',
      SecretString,
      ClientRequestToken,
      ...(VersionStages === undefined ? {} : { VersionStages }),
    }),
  );

const move = (MoveToVersionId: string, RemoveFromVersionId?: string) =>
  client.send(
    new UpdateSecretVersionStageCommand({
      SecretId: 'db',
      VersionStage: 'AWSCURRENT',
      MoveToVersionId,
      RemoveFromVersionId,
    }),
  );

test('versions are written once for each token, and become current by their stage', async () => {
  const zero = store.find('db')?.versionId ?? '';
  await put('one', FIRST);
  expect(await put('one', FIRST)).toMatchObject({
    VersionId: FIRST,
    VersionStages: ['AWSCURRENT'],
  });
  await put('two', SECOND, ['MINE']);
  expect(store.find('db')).toMatchObject({ value: 'one', versionId: FIRST });
  const described = await client.send(new DescribeSecretCommand({ SecretId: 'db' }));
  expect(described.VersionIdsToStages).toEqual({
    [zero]: ['AWSPREVIOUS'],
    [FIRST]: ['AWSCURRENT'],
    [SECOND]: ['MINE'],
  });
  const mine = { SecretId: 'db', VersionStage: 'MINE' };
  expect(await client.send(new GetSecretValueCommand(mine))).toMatchObject({
    SecretString: 'two',
    VersionId: SECOND,
  });
  await expect(put('other', FIRST)).rejects.toMatchObject({ name: 'ResourceExistsException' });
  expect(store.values()).toEqual(['zero', 'one', 'two']);
});

test('a stage is moved only from the version that has it', async () => {
  const zero = store.find('db')?.versionId ?? '';
  await put('one', FIRST, ['MINE']);
  for (const from of [undefined, FIRST]) {
    await expect(move(FIRST, from)).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: `Staging label AWSCURRENT is currently attached to version ${zero}, so you must explicitly reference that version in RemoveFromVersionId.`,
    });
  }
  await expect(move(SECOND, zero)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  await move(FIRST, zero);
  expect(store.find('db')?.value).toBe('one');
});
