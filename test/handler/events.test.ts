import type { CloudFormationEvent } from '../../lib/handler/cloudformation';
import { handler } from '../../lib/handler/index';
import { AwsEndpointStandIn, SecretStore } from '../../lib/rehearsal/aws-endpoint';
import { ResponseServer } from '../../lib/rehearsal/cloudformation/response-server';
import { startTestServer, type TestServer } from '../servers';

const ADMIN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:admin-AbCdEf';
const READER = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:reader-AbCdEf';
const OLD = { ...process.env };

let pg: TestServer;
let endpoint: AwsEndpointStandIn;
let responses: ResponseServer;
const secrets = new SecretStore();
let log = '';
let requests = 0;

beforeAll(async () => {
  pg = await startTestServer({ settings: { wal_level: 'logical' } });
  endpoint = await AwsEndpointStandIn.start(secrets.operations());
  responses = await ResponseServer.start();
  const { user, password } = pg.server.superuser;
  secrets.put(ADMIN, JSON.stringify({ username: user, password }));
  secrets.put(READER, JSON.stringify({ username: 'reader', password: 'the reader’s password' }));
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint.url,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'STANDIN',
    AWS_SECRET_ACCESS_KEY: 'stand-in',
  });
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    log += String(text);
    return true;
  });
  await send({ spec: { kind: 'ledger' }, type: 'Ledger' });
});
afterAll(async () => {
  jest.restoreAllMocks();
  process.env = OLD;
  await Promise.all([pg.stop(), endpoint.close(), responses.close()]);
});

interface Sent {
  readonly spec?: object;
  readonly type?: string;
  readonly request?: CloudFormationEvent['RequestType'];
  readonly requestId?: string;
  readonly physicalId?: string;
  readonly properties?: object;
  readonly url?: string;
}

function eventOf(given: Sent, url: string): CloudFormationEvent {
  const { host, port, caCertificate } = pg.server;
  const connection = {
    server: 'a',
    host,
    port: String(port),
    database: 'postgres',
    secret: ADMIN,
    caCertificate,
  };
  requests += 1;
  return {
    RequestType: given.request ?? 'Create',
    ResponseURL: url,
    StackId: 'stack',
    RequestId: given.requestId ?? `request-${requests}`,
    ResourceType: `Custom::Pontoon${given.type ?? 'PhysicalSlot'}`,
    LogicalResourceId: 'Thing',
    ...(given.physicalId === undefined ? {} : { PhysicalResourceId: given.physicalId }),
    ResourceProperties: {
      ServiceToken: 'arn:function',
      ServiceTimeout: '60',
      ...(given.properties ?? { server: 'a', connection, spec: given.spec }),
    },
  };
}

/** Sends one event to the handler and gives its answer. */
async function send(given: Sent): Promise<Record<string, unknown>> {
  const awaited = responses.expect(['stack', 'Thing', String(requests)]);
  await handler(eventOf(given, awaited.url), { getRemainingTimeInMillis: () => 60_000 });
  const answer: Record<string, unknown> = JSON.parse(await awaited.body);
  return answer;
}

async function slots(): Promise<readonly string[]> {
  const client = await pg.client();
  const { rows } = await client.query('SELECT slot_name FROM pg_replication_slots ORDER BY 1');
  return rows.map(({ slot_name }) => slot_name);
}

const slot = (name: string) => ({ kind: 'physical-slot', name });

test('creates, replaces and deletes', async () => {
  expect(await send({ spec: slot('one'), requestId: 'create' })).toEqual({
    Status: 'SUCCESS',
    PhysicalResourceId: 'a/postgres/physical-slot/one',
    Data: {},
    StackId: 'stack',
    RequestId: 'create',
    LogicalResourceId: 'Thing',
  });
  const updated = await send({
    request: 'Update',
    spec: slot('two'),
    physicalId: 'a/postgres/physical-slot/one',
  });
  expect(updated.PhysicalResourceId).toBe('a/postgres/physical-slot/two');
  expect(await slots()).toEqual(['one', 'two']);
  await send({ request: 'Delete', spec: slot('one'), physicalId: 'a/postgres/physical-slot/one' });
  expect(await slots()).toEqual(['two']);
  await send({ request: 'Delete', spec: slot('two'), physicalId: 'a/postgres/physical-slot/two' });
  expect(await slots()).toEqual([]);
});

test('answers a duplicate alike, and a late one without bringing anything back', async () => {
  const first = await send({ spec: slot('dup'), requestId: 'same' });
  expect(await send({ spec: slot('dup'), requestId: 'same' })).toEqual(first);
  await send({ request: 'Delete', spec: slot('dup'), physicalId: 'a/postgres/physical-slot/dup' });
  expect(await send({ spec: slot('dup'), requestId: 'same' })).toEqual(first);
  expect(await slots()).toEqual([]);
});

test('a failed creation leaves an id whose deletion does nothing', async () => {
  const client = await pg.client();
  await client.query(`SELECT pg_create_physical_replication_slot('foreign_one')`);
  const failed = await send({ spec: slot('foreign_one'), requestId: 'failing' });
  expect(failed).toEqual({
    Status: 'FAILED',
    PhysicalResourceId: 'failed/failing',
    Reason: `physical-slot 'foreign_one' on 'a' cannot be created, got one that somebody else made; drop it, choose another name, or adopt it with 'adopt: true'`,
    StackId: 'stack',
    RequestId: 'failing',
    LogicalResourceId: 'Thing',
  });
  const deleted = await send({
    request: 'Delete',
    spec: slot('foreign_one'),
    physicalId: 'failed/failing',
  });
  expect(deleted.Status).toBe('SUCCESS');
  expect(await slots()).toEqual(['foreign_one']);
  await client.query(`SELECT pg_drop_replication_slot('foreign_one')`);
});

test('names every type that it knows when asked for another', async () => {
  expect((await send({ type: 'Bridge' })).Reason).toBe(
    `a resource's type must be one of Custom::PontoonConnectionGuard, Custom::PontoonDmsPause, Custom::PontoonDmsTask, Custom::PontoonHeartbeat, Custom::PontoonLedger, Custom::PontoonLogicalSlot, Custom::PontoonPhysicalSlot, Custom::PontoonPreflight, Custom::PontoonPublication, Custom::PontoonRole, Custom::PontoonSchemaCopy, Custom::PontoonServerSettings, Custom::PontoonSubscription, got Custom::PontoonBridge; deploy the function and the resource with one version of pontoon`,
  );
});

test('lists everything that is wrong with the properties', async () => {
  const connection = {
    server: 'a',
    host: '/tmp',
    port: '0',
    database: '',
    secret: 's',
    caCertificate: 'x',
  };
  expect(
    (await send({ properties: { connection, adopt: 'perhaps', spec: {}, more: '1' } })).Reason,
  ).toBe(
    [
      'the resource has 8 problems:',
      `- 'spec.kind' must be one of 'connection-guard', 'heartbeat', 'ledger', 'logical-slot', 'physical-slot', 'publication', 'role', 'server-settings', 'subscription', got nothing; pick one`,
      `- 'properties.server' must be given, got nothing; add it`,
      `- 'properties.connection.port' must be a whole number of at least 1, got "0"; correct it`,
      `- 'properties.connection.database' must not be empty, got ''; give a name`,
      `- 'properties.connection.host' must be a host name or an IP address, got "/tmp"; connections go through TCP with TLS, never through a socket`,
      `- 'properties.connection.caCertificate' must be certificates in PEM or 'aws-rds', got "x"; give the text of the file, not its name`,
      `- 'properties.adopt' must be true or false, got "perhaps"; correct it`,
      `- 'properties.more' is not known here; remove it or correct its name`,
    ].join('\n'),
  );
});

test('cuts a long reason so that the whole answer fits', async () => {
  const spec = {
    kind: 'server-settings',
    name: 'x'.repeat(10),
    settings: { [`"\\é${'"'.repeat(6000)}`]: '1' },
  };
  const awaited = responses.expect(['long']);
  await handler(eventOf({ spec, type: 'ServerSettings' }, awaited.url), {
    getRemainingTimeInMillis: () => 60_000,
  });
  const body = await awaited.body;
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(4096);
  expect(JSON.parse(body).Status).toBe('FAILED');
});

test('throws when the answer is not taken, so that Lambda tries again', async () => {
  const nowhere = responses.expect(['gone']).url.replace('X-Amz-Signature=', 'X-Amz-Signature=0');
  await expect(
    handler(eventOf({ spec: slot('lost') }, nowhere), { getRemainingTimeInMillis: () => 60_000 }),
  ).rejects.toThrow(
    `the answer to CloudFormation must be taken, got HTTP 403; check that the function's subnets reach Amazon S3`,
  );
  await send({
    request: 'Delete',
    spec: slot('lost'),
    physicalId: 'a/postgres/physical-slot/lost',
  });
});

const READER_ROLE = { kind: 'role', name: 'reader', secret: READER, replication: 'true' };
const ROLE_ID = 'a/postgres/role/reader';

test('sets a password, and tells no secret', async () => {
  const answer = await send({ spec: READER_ROLE, type: 'Role' });
  expect(answer.PhysicalResourceId).toBe(ROLE_ID);
  for (const value of ['the reader’s password', pg.server.superuser.password]) {
    expect(log + JSON.stringify(answer)).not.toContain(value);
  }
});

test('sets a rotated password although the function is warm', async () => {
  const client = await pg.client();
  const verifier = async () =>
    (await client.query(`SELECT rolpassword FROM pg_authid WHERE rolname = 'reader'`)).rows[0];
  const before = await verifier();
  secrets.put(READER, JSON.stringify({ username: 'reader', password: 'the rotated password' }));
  await send({ request: 'Update', spec: READER_ROLE, type: 'Role', physicalId: ROLE_ID });
  expect(await verifier()).not.toEqual(before);
});
