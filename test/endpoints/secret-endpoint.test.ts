import { openEndpoint } from '../../lib/endpoints';
import { parseEndpoint } from '../../lib/postgres';
import { type AwsOperations, AwsServiceError, SecretStore } from '../../lib/rehearsal/aws-endpoint';
import { LocalCloud } from './cloud';

const ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/db-AbCdEf';
const sides = {
  onPremises: { host: '10.1.2.3', port: 5432, database: 'shop' },
  aurora: { host: 'c.example', port: 5433, database: 'store' },
};
const spec = parseEndpoint({ kind: 'secret', secret: ARN, sides });
const login = {
  engine: 'postgres',
  username: 'app',
  password: 's3cret"',
  host: '10.1.2.3',
  port: '5432',
  dbname: 'shop',
  nested: { a: [1] },
};
let cloud: LocalCloud;
let store: SecretStore;

beforeEach(async () => {
  cloud = await LocalCloud.start();
  store = new SecretStore();
});
afterEach(() => cloud.stop());

/** Plays the secret; `before` comes before the operation that it is named after. */
function play(value: object | string, before: Readonly<Record<string, () => void>> = {}): void {
  store.put(ARN, typeof value === 'string' ? value : JSON.stringify(value));
  const operations: AwsOperations = Object.fromEntries(
    Object.entries(store.operations()).map(([name, operation]) => [
      name,
      (input: unknown) => {
        before[name.replace('secretsmanager.', '')]?.();
        return operation(input);
      },
    ]),
  );
  cloud.endpoint.register(operations);
}

const current = () => JSON.parse(store.find(ARN)?.value ?? '');

test('the address is switched there and back, and nothing else is', async () => {
  play(login);
  const endpoint = openEndpoint(spec);
  expect(await endpoint.active()).toBe('onPremises');
  await endpoint.activate('aurora');
  expect(current()).toEqual({ ...login, host: 'c.example', port: '5433', dbname: 'store' });
  expect(await endpoint.active()).toBe('aurora');
  await endpoint.activate('onPremises');
  expect(store.find(ARN)?.value).toBe(JSON.stringify(login));
});

test('activating the active side writes nothing', async () => {
  play({ ...login, port: 5432 });
  await openEndpoint(spec).activate('onPremises');
  expect(cloud.changes()).toEqual([]);
});

test('a database that is not named is neither compared nor changed', async () => {
  play({ ...login, port: 5432, dbname: 'any' });
  const nameless = parseEndpoint({
    kind: 'secret',
    secret: 'shop/db',
    sides: { a: { host: '10.1.2.3', port: 5432 }, b: { host: 'c.example', port: 5432 } },
  });
  await openEndpoint(nameless).activate('b');
  expect(current()).toEqual({ ...login, port: 5432, host: 'c.example', dbname: 'any' });
});

test('a password that is rotated meanwhile is kept', async () => {
  let rotated = false;
  play(login, {
    UpdateSecretVersionStage: () => {
      if (!rotated) store.put(ARN, JSON.stringify({ ...login, password: 'rotated' }));
      rotated = true;
    },
  });
  await openEndpoint(spec).activate('aurora');
  expect(current()).toEqual({
    ...login,
    password: 'rotated',
    host: 'c.example',
    port: '5433',
    dbname: 'store',
  });
  expect(cloud.changes()).toEqual([
    'secretsmanager.PutSecretValue',
    'secretsmanager.UpdateSecretVersionStage: InvalidParameterException',
    'secretsmanager.PutSecretValue',
    'secretsmanager.UpdateSecretVersionStage',
  ]);
});

test('a secret that changes again and again is given up', async () => {
  play(login, { UpdateSecretVersionStage: () => store.put(ARN, JSON.stringify(login)) });
  await expect(openEndpoint(spec).activate('aurora')).rejects.toMatchObject({
    code: 'ENDPOINT_NOT_SWITCHED',
    message: `the address in secret '${ARN}' must lead to 'aurora', got other versions in each of 3 attempts; somebody else changes the secret: let a rotation end, and try again`,
  });
  expect(current()).toEqual(login);
});

test('a rotation under way blocks, since it would bring the old address back', async () => {
  play(login);
  const operations = store.operations();
  await operations['secretsmanager.PutSecretValue']?.({
    SecretId: ARN,
    SecretString: JSON.stringify({ ...login, password: 'next' }),
    ClientRequestToken: 'pending-version',
    VersionStages: ['AWSPENDING'],
  });
  await expect(openEndpoint(spec).activate('aurora')).rejects.toMatchObject({
    code: 'ENDPOINT_NOT_SWITCHED',
    message: `the address in secret '${ARN}' must lead to 'aurora', got a rotation under way, version 'pending-version'; it would bring the old address back: let it end, or cancel it with secretsmanager:CancelRotateSecret`,
  });
  expect(cloud.changes()).toEqual([]);
});

test('an address of neither side is not changed, and no password is told', async () => {
  play({ ...login, host: 'other.example' });
  const error = {
    code: 'ENDPOINT_UNKNOWN_SIDE',
    message: `the address in secret '${ARN}' must lead to '10.1.2.3 5432 shop' (onPremises) or 'c.example 5433 store' (aurora), got 'other.example 5432 shop'; nothing was changed: set it to one of the two, or correct 'sides'`,
  };
  await expect(openEndpoint(spec).active()).rejects.toMatchObject(error);
  await expect(openEndpoint(spec).activate('aurora')).rejects.toMatchObject(error);
  expect(cloud.changes()).toEqual([]);
});

test.each(['s3cret: not json', '[1]', '"text"'])('%s is no login', async (value) => {
  play(value);
  await expect(openEndpoint(spec).active()).rejects.toMatchObject({
    code: 'ENDPOINT_UNAVAILABLE',
    message: `the address in secret '${ARN}' must be readable and changeable, got a value that is no JSON object; store it as {"username": "…", "password": "…", "host": "…", "port": …}`,
  });
});

test('a denial names the rights', async () => {
  play(login, {
    PutSecretValue: () => {
      throw new AwsServiceError('AccessDeniedException', 'not you');
    },
  });
  await expect(openEndpoint(spec).activate('aurora')).rejects.toThrow(
    `the address in secret '${ARN}' must be readable and changeable, got AccessDeniedException: not you; allow secretsmanager:GetSecretValue, secretsmanager:DescribeSecret, secretsmanager:PutSecretValue, secretsmanager:UpdateSecretVersionStage`,
  );
});
