// The file that the template ships, in a process of its own as Lambda runs it, under CloudFormation's events.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { stackIdentity } from '../../lib/rehearsal/assembly';
import { LambdaStandIn } from '../../lib/rehearsal/lambda';
import { requireBundle } from './bundle';
import { CustomResources, READER, type Sent } from './custom-resources';

const DIRECTORY = requireBundle();
const BUCKET = 'assets';

let lab: CustomResources;
let functions: LambdaStandIn;

beforeAll(async () => {
  lab = await CustomResources.start();
  functions = new LambdaStandIn({ endpointUrl: lab.endpoint.url });
  const created = await functions.players['AWS::Lambda::Function']?.create({
    stack: stackIdentity('App', '123456789012', 'eu-central-1'),
    logicalId: 'Fn',
    type: 'AWS::Lambda::Function',
    properties: {
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Timeout: 60,
      Code: { S3Bucket: BUCKET, S3Key: 'handler.zip' },
    },
    assets: [{ path: DIRECTORY, packaging: 'zip', bucketName: BUCKET, objectKey: 'handler.zip' }],
  });
  lab.invoke = async (event) => {
    const { error } = await functions.invoke(String(created?.attributes.Arn), event);
    if (error !== undefined) throw new Error(error);
  };
  await lab.send({ spec: { kind: 'ledger' }, type: 'Ledger' });
});
afterAll(async () => {
  await functions.close();
  await lab.stop();
});

const slot = (name: string) => ({ kind: 'physical-slot', name });
const idOf = (name: string) => `a/postgres/physical-slot/${name}`;
const send = (given: Sent) => lab.send(given);
const remove = (name: string, requestId?: string) =>
  send({
    request: 'Delete',
    spec: slot(name),
    physicalId: idOf(name),
    ...(requestId === undefined ? {} : { requestId }),
  });

test('creates, updates in place, replaces and deletes', async () => {
  expect(await send({ spec: slot('one'), requestId: 'create' })).toEqual({
    Status: 'SUCCESS',
    PhysicalResourceId: idOf('one'),
    Data: {},
    StackId: 'stack',
    RequestId: 'create',
    LogicalResourceId: 'Thing',
  });
  const same = await send({ request: 'Update', spec: slot('one'), physicalId: idOf('one') });
  expect(same).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: idOf('one') });
  const other = await send({ request: 'Update', spec: slot('two'), physicalId: idOf('one') });
  expect(other).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: idOf('two') });
  expect(await lab.slots()).toEqual(['one', 'two']);
  await remove('one');
  expect(await lab.slots()).toEqual(['two']);
  await remove('two');
  expect(await lab.slots()).toEqual([]);
});

test('does once what is delivered twice, at once or late', async () => {
  const created = { spec: slot('dup'), requestId: 'same' };
  const [first, second] = await Promise.all([send(created), send(created)]);
  expect(second).toEqual(first);
  expect(await lab.slots()).toEqual(['dup']);
  await remove('dup', 'gone');
  expect(await send(created)).toEqual(first);
  expect(await remove('dup', 'gone')).toMatchObject({ Status: 'SUCCESS' });
  expect(await lab.slots()).toEqual([]);
});

test('tries again in a new process when its first was killed', async () => {
  const blocker = await lab.pg.client();
  await blocker.query('BEGIN; LOCK TABLE pontoon.requests');
  const killed = expect(send({ spec: slot('again'), requestId: 'again' })).rejects.toThrow();
  await lab.until(
    `SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'pontoon objects' AND wait_event_type = 'Lock'`,
    1,
  );
  await functions.kill('arn:aws:lambda:eu-central-1:123456789012:function:App-Fn');
  await killed;
  await blocker.query('ROLLBACK');
  expect(await send({ spec: slot('again'), requestId: 'again' })).toMatchObject({
    Status: 'SUCCESS',
    PhysicalResourceId: idOf('again'),
  });
  await remove('again');
  expect(await lab.slots()).toEqual([]);
});

test('fails with the reason, and leaves an id whose deletion does nothing', async () => {
  await lab.client.query(`SELECT pg_create_physical_replication_slot('foreign_one')`);
  const failed = await send({ spec: slot('foreign_one'), requestId: 'failing' });
  expect(failed).toMatchObject({
    Status: 'FAILED',
    PhysicalResourceId: 'failed/failing',
    Reason: `physical-slot 'foreign_one' on 'a' cannot be created, got one that somebody else made; drop it, choose another name, or adopt it with 'adopt: true'`,
  });
  const deleted = { request: 'Delete', spec: slot('foreign_one') } as const;
  expect(await send({ ...deleted, physicalId: 'failed/failing' })).toMatchObject({
    Status: 'SUCCESS',
  });
  expect(await lab.slots()).toEqual(['foreign_one']);
  await lab.client.query(`SELECT pg_drop_replication_slot('foreign_one')`);
});

test('sets a password, also a rotated one, and tells no secret', async () => {
  const role = { spec: { kind: 'role', name: 'reader', secret: READER }, type: 'Role' };
  const verifier = () => lab.column(`SELECT rolpassword FROM pg_authid WHERE rolname = 'reader'`);
  const created = await send(role);
  const before = await verifier();
  lab.secrets.put(READER, JSON.stringify({ username: 'reader', password: 'the rotated password' }));
  const physicalId = String(created.PhysicalResourceId);
  await send({ ...role, request: 'Update', physicalId });
  expect(await verifier()).not.toEqual(before);
  const said = functions.logs.map(({ line }) => line).join('\n');
  expect(said).toContain('set the password of role "reader"');
  for (const value of ['the reader’s password', 'the rotated password', 'SCRAM-SHA-256$'])
    expect(said).not.toContain(value);
});

test('knows the certificates of Amazon RDS, which did not sign the one of this server', async () => {
  const connection = { ...lab.connection(), caCertificate: 'aws-rds' };
  const properties = { server: 'a', connection, spec: slot('rds') };
  const { Status, Reason } = await send({ properties, requestId: 'rds' });
  expect(Status).toBe('FAILED');
  expect(Reason).toContain(
    'give the authority that issued the server’s certificate as caCertificate',
  );
});

test('is no larger than is loaded quickly', () => {
  // Beyond it, see what came along by esbuild's metafile, and whether the function needs it.
  expect(statSync(join(DIRECTORY, 'index.js')).size).toBeLessThanOrEqual(400 * 1024);
  expect(statSync(join(DIRECTORY, 'cutover.js')).size).toBeLessThanOrEqual(400 * 1024);
  expect(statSync(join(DIRECTORY, 'saslprep.js')).size).toBeLessThanOrEqual(12 * 1024);
  expect(statSync(join(DIRECTORY, 'rds-certificates.gz')).size).toBeLessThanOrEqual(80 * 1024);
});
