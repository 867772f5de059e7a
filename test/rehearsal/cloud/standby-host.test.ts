import { renderUserData } from '../../../lib/aws/standby/user-data';
import { stackIdentity } from '../../../lib/rehearsal/assembly';
import { SecretStore } from '../../../lib/rehearsal/aws-endpoint';
import { AddressBook } from '../../../lib/rehearsal/cloud/addresses';
import { StandbyHost } from '../../../lib/rehearsal/cloud/standby-host';
import type { ResourceOutcome } from '../../../lib/rehearsal/cloudformation';
import type { Server } from '../../../lib/rehearsal/servers';
import { asSuperuser } from '../../../lib/rehearsal/source';
import { startTestServer, type TestServer } from '../../servers';

let primary: TestServer;
let host: StandbyHost;
let standby: Server;
let ended: string[];
const addresses = new AddressBook();

beforeAll(async () => {
  primary = await startTestServer({ major: 17, settings: { wal_level: 'logical' } });
  const client = await primary.client();
  await client.query(`CREATE ROLE copier LOGIN REPLICATION PASSWORD 'copier-password'`);
  await client.query(`SELECT pg_create_physical_replication_slot('the_slot', true)`);
  const secrets = new SecretStore();
  secrets.put('arn:copier', JSON.stringify({ username: 'copier', password: 'copier-password' }));
  addresses.add('db.corp.example', primary.server);
  ended = [];
  host = new StandbyHost({
    workspace: primary.workspace,
    addresses,
    secrets,
    onStandby: (server) => {
      standby = server;
    },
    onEnd: async (server) => {
      ended.push(`${server.name} ${server.pid === undefined ? 'stopped' : 'running'}`);
    },
  });
  const launched = await play('AWS::EC2::LaunchTemplate', {
    LaunchTemplateData: { UserData: Buffer.from(userData()).toString('base64') },
  });
  await play('AWS::AutoScaling::AutoScalingGroup', {
    LaunchTemplate: { LaunchTemplateId: launched.physicalId },
  });
});
afterAll(() => primary.stop());

async function play(type: string, properties: object): Promise<ResourceOutcome> {
  const player = host.players[type];
  if (player === undefined) throw new Error(`${type} is not played`);
  const stack = stackIdentity('Test', '111111111111', 'us-east-1');
  return await player.create({
    stack,
    logicalId: 'It',
    type,
    properties: { ...properties },
    assets: [],
  });
}

function userData(): string {
  return renderUserData({
    family: 'debian',
    settings: "hot_standby_feedback = on  # why\nwork_mem = '7MB'",
    hba: '# why\nhostssl "shop" "reader" 10.0.1.0/24 scram-sha-256',
    primaryCa: primary.server.caCertificate,
    parameters: {
      REGION: 'us-east-1',
      MAJOR: '17',
      PACKAGES: 'pgdg',
      VOLUME_ID: 'vol-1',
      INTERFACE_ID: 'eni-1',
      ADDRESS: '10.0.0.9',
      SOURCE_CIDRS: '192.0.2.0/24',
      PRIMARY_HOST: 'db.corp.example',
      PRIMARY_PORT: '5432',
      PRIMARY_SSLMODE: 'verify-full',
      SECRET_ARN: 'arn:copier',
      SLOT: 'the_slot',
      LOCAL_ROLE: 'postgres',
      MAX_RATE: '',
      SIGNAL_URL: 'https://signal.invalid',
      SIGNAL_WHEN: 'streaming',
      TIMEOUT_SECONDS: '60',
    },
  });
}

const ask = async (server: Server, query: string) =>
  await asSuperuser(server, 'postgres', async (client) => (await client.query(query)).rows);

test('the settings and access rules are those of the user data', async () => {
  expect(await ask(standby, 'SHOW work_mem')).toEqual([{ work_mem: '7MB' }]);
  expect(await ask(standby, 'SHOW hot_standby_feedback')).toEqual([{ hot_standby_feedback: 'on' }]);
  expect(
    await ask(
      standby,
      `SELECT type, database, user_name, address FROM pg_hba_file_rules WHERE address = '10.0.1.0'`,
    ),
  ).toEqual([{ type: 'hostssl', database: ['shop'], user_name: ['reader'], address: '10.0.1.0' }]);
});

test('the copy is taken from the address, with the role and by the slot that the user data names', async () => {
  expect(addresses.find('10.0.0.9')).toBe(standby);
  expect(
    await ask(
      primary.server,
      `SELECT s.slot_name, r.usename FROM pg_replication_slots s JOIN pg_stat_replication r ON r.pid = s.active_pid`,
    ),
  ).toEqual([{ slot_name: 'the_slot', usename: 'copier' }]);
});

test('CloudFormation goes on only when the standby streams', async () => {
  expect(await ask(standby, 'SELECT status FROM pg_stat_wal_receiver')).toEqual([
    { status: 'streaming' },
  ]);
});

test('the certificate reaches the template by the data of the signal', async () => {
  const { attributes } = await play('AWS::CloudFormation::WaitCondition', {});
  const { standby: pem } = JSON.parse(String(attributes.Data)) as { standby: string };
  expect(pem.replaceAll('|', '\n').trim()).toBe(standby.caCertificate.trim());
});

test('the instance ends before what it depends on is deleted', async () => {
  const player = host.players['AWS::AutoScaling::AutoScalingGroup'];
  const stack = stackIdentity('Test', '111111111111', 'us-east-1');
  const request = { stack, logicalId: 'It', type: '', properties: {}, assets: [] };
  await player?.delete?.(request, { physicalId: 'asg-It', attributes: {} });
  expect(ended).toEqual(['standby running']);
  expect(standby.pid).toBeUndefined();
});
