import { handler } from '../../lib/handler/index';
import { hybridChain } from '../postgres/hybrid-chain';
import { CustomResources, READER, type Sent } from './custom-resources';

const OLD = { ...process.env };
const CONTEXT = { getRemainingTimeInMillis: () => 60_000 };

let lab: CustomResources;
let log = '';

beforeAll(async () => {
  lab = await CustomResources.start();
  lab.invoke = async (event) => void (await handler(event, CONTEXT));
  Object.assign(process.env, lab.environment());
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    log += String(text);
    return true;
  });
  await send({ spec: { kind: 'ledger' }, type: 'Ledger' });
});
afterAll(async () => {
  jest.restoreAllMocks();
  process.env = OLD;
  await lab.stop();
});

const send = (given: Sent) => lab.send(given);
const slots = () => lab.slots();

const LINES = '# the standby\nhostssl replication "pontoon_standby" 10.0.1.7/32 scram-sha-256\n';

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
  const { client } = lab;
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
    `a resource's type must be one of Custom::PontoonCanary, Custom::PontoonConnectionGuard, Custom::PontoonDdlLedger, Custom::PontoonDmsPause, Custom::PontoonDmsTask, Custom::PontoonHeartbeat, Custom::PontoonLedger, Custom::PontoonLogicalSlot, Custom::PontoonPhysicalSlot, Custom::PontoonPreflight, Custom::PontoonPublication, Custom::PontoonRole, Custom::PontoonSchemaCopy, Custom::PontoonServerSettings, Custom::PontoonSubscription, got Custom::PontoonBridge; deploy the function and the resource with one version of pontoon`,
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
      `- 'spec.kind' must be one of 'canary', 'connection-guard', 'ddl-ledger', 'heartbeat', 'ledger', 'logical-slot', 'physical-slot', 'publication', 'role', 'server-settings', 'subscription', got nothing; pick one`,
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

const READER_ROLE = { kind: 'role', name: 'reader', secret: READER, replication: 'true' };
const ROLE_ID = 'a/postgres/role/reader';

test('sets a password, and tells no secret', async () => {
  const answer = await send({ spec: READER_ROLE, type: 'Role' });
  expect(answer.PhysicalResourceId).toBe(ROLE_ID);
  for (const value of ['the reader’s password', lab.pg.server.superuser.password]) {
    expect(log + JSON.stringify(answer)).not.toContain(value);
  }
});

test('sets a rotated password although the function is warm', async () => {
  const verifier = () => lab.column(`SELECT rolpassword FROM pg_authid WHERE rolname = 'reader'`);
  const before = await verifier();
  lab.secrets.put(READER, JSON.stringify({ username: 'reader', password: 'the rotated password' }));
  await send({ request: 'Update', spec: READER_ROLE, type: 'Role', physicalId: ROLE_ID });
  expect(await verifier()).not.toEqual(before);
});

test('updates in place what keeps its name', async () => {
  await lab.client.query(
    'CREATE TABLE one (id int PRIMARY KEY); CREATE TABLE two (id int PRIMARY KEY)',
  );
  const publication = (...names: string[]) => ({
    kind: 'publication',
    name: 'p',
    selection: { tables: names.map((name) => ({ schema: 'public', name })) },
  });
  const physicalId = (await send({ spec: publication('one'), type: 'Publication' }))
    .PhysicalResourceId;
  expect(physicalId).toBe('a/postgres/publication/p');
  const published = () => lab.column('SELECT tablename FROM pg_publication_tables ORDER BY 1');
  const [oid] = await lab.column('SELECT oid FROM pg_publication');
  const kept = { type: 'Publication', physicalId: 'a/postgres/publication/p' };
  const updated = await send({ ...kept, request: 'Update', spec: publication('one', 'two') });
  expect(updated).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: physicalId });
  expect(await published()).toEqual(['one', 'two']);
  expect(await lab.column('SELECT oid FROM pg_publication')).toEqual([oid]);
  await send({ ...kept, request: 'Delete', spec: publication('one', 'two') });
  expect(await published()).toEqual([]);
});

test('refuses what preflight refuses, with everything that is missing', async () => {
  const { servers, links } = hybridChain({ database: 'postgres', majorVersion: 16 });
  await lab.client.query('CREATE TABLE keyless (id int)');
  const topology = JSON.stringify({ servers, links });
  const properties = { server: 'onPremises', connection: lab.connection(), topology };
  const answer = await send({ type: 'Preflight', properties });
  expect(answer.Status).toBe('FAILED');
  // How many checks there are is preflight's own matter.
  expect(String(answer.Reason).replace(/\d+ (statements|passed)/g, 'N $1')).toBe(
    `Preflight of 'onPremises': N passed, 1 with warnings, 1 failed, 0 unchecked; the function's log has the whole report
FAILED     PostgreSQL version and role [version]
    error: 'servers.onPremises.majorVersion' must be the server's own, 17, got 16; correct the topology
warning    primary keys and replica identities [replica-identity]
    warning: table "public"."keyless" has no primary key, so DMS ignores its UPDATEs and DELETEs; add a primary key, unless rows are only inserted
        ALTER TABLE "public"."keyless" ADD COLUMN IF NOT EXISTS pontoon_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY;`,
  );
  const closed = await send({
    type: 'Preflight',
    properties: { ...properties, hba: LINES },
  });
  expect(String(closed.Reason)).toContain(
    `FAILED     pg_hba.conf [access]
    error: pg_hba.conf of 'onPremises' must admit "pontoon_standby" from 10.0.1.7/32 for physical replication, got no line for it; add one
        # the standby
        hostssl replication "pontoon_standby" 10.0.1.7/32 scram-sha-256
`,
  );
  // What a reason has no room for, the log has.
  expect(log).toContain('passed     server settings [settings]\n');
  const accepting = {
    ...properties,
    accept: [{ check: 'version' }, { check: 'replica-identity', object: '"public"."keyless"' }],
    acceptUnchecked: 'true',
  };
  expect(await send({ type: 'Preflight', properties: accepting })).toMatchObject({
    Status: 'SUCCESS',
    PhysicalResourceId: 'preflight/onPremises',
  });
  const id = String(answer.PhysicalResourceId);
  const deleted = await send({ type: 'Preflight', properties, request: 'Delete', physicalId: id });
  expect(deleted).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: id });
});
