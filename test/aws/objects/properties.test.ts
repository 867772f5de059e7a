import { ConnectionGuard, DdlLedger, Heartbeat, Preflight, ServerSettings } from '../../../lib/aws';
import {
  createTopology,
  LinkKind,
  Platform,
  PublisherSslMode,
  SlotPlugin,
  WalLevel,
} from '../../../lib/postgres';
import {
  connection,
  logicalSlot,
  nativeReplication,
  physicalSlot,
  publication,
  role,
  SELECTION,
  type SmallStack,
  sent,
  smallStack,
  standbySlot,
  subscription,
} from './fixture';

const PRIMARY = connection('primary', 'primary.example');
const STANDBY = connection('standby', '10.0.128.10');
const TARGET = connection('target', 'target.example');

/** What every object carries. */
const COMMON = {
  ServiceToken: { 'Fn::GetAtt': ['PontoonRunner', 'Arn'] },
  ServiceTimeout: '960',
};

type Case = readonly [
  kind: string,
  title: string,
  make: (small: SmallStack) => unknown,
  properties: Record<string, unknown>,
];

const ROLES: readonly Case[] = [
  [
    'Role',
    'a role with defaults',
    (small) => role(small, { roleName: 'Reader "1"' }),
    {
      server: 'primary',
      connection: PRIMARY,
      spec: {
        kind: 'role',
        name: 'Reader "1"',
        secret: { Ref: expect.stringMatching(/^Password/) },
        replication: true,
        memberOf: [],
        database: ['CONNECT'],
        readSchemas: [],
        writeSchemas: [],
        createInSchemas: [],
      },
    },
  ],
  [
    'Role',
    'a role with all that it may',
    (small) =>
      role(small, {
        roleName: 'writer',
        replication: false,
        memberOf: ['rds_superuser'],
        readSchemas: ['audit'],
        writeSchemas: ['shop'],
        createInDatabase: true,
        createInSchemas: ['control'],
        adopt: true,
      }),
    {
      server: 'primary',
      connection: PRIMARY,
      adopt: true,
      spec: {
        kind: 'role',
        name: 'writer',
        secret: { Ref: expect.stringMatching(/^Password/) },
        replication: false,
        memberOf: ['rds_superuser'],
        database: ['CONNECT', 'CREATE'],
        readSchemas: ['audit'],
        writeSchemas: ['shop'],
        createInSchemas: ['control'],
      },
    },
  ],
];

const OBJECTS: readonly Case[] = [
  [
    'Publication',
    'a publication',
    (small) => publication(small),
    {
      server: 'primary',
      connection: PRIMARY,
      spec: { kind: 'publication', name: 'shop', selection: SELECTION, viaPartitionRoot: true },
    },
  ],
  [
    'Publication',
    'a publication of partitions, taken over',
    (small) => publication(small, { publishViaPartitionRoot: false, adopt: true }),
    {
      server: 'primary',
      connection: PRIMARY,
      adopt: true,
      spec: { kind: 'publication', name: 'shop', selection: SELECTION, viaPartitionRoot: false },
    },
  ],
  [
    'PhysicalSlot',
    'a physical slot',
    (small) => physicalSlot(small, { slotName: 'standby_1', adopt: false }),
    {
      server: 'primary',
      connection: PRIMARY,
      spec: { kind: 'physical-slot', name: 'standby_1' },
    },
  ],
  [
    'LogicalSlot',
    'a logical slot that standbys take over',
    (small) => logicalSlot(small, { failover: true }),
    {
      server: 'primary',
      connection: PRIMARY,
      spec: { kind: 'logical-slot', name: 'shop', plugin: 'pgoutput', failover: true },
    },
  ],
  [
    'LogicalSlot',
    'a logical slot on a standby',
    (small) => standbySlot(small, { plugin: SlotPlugin.TEST_DECODING }),
    {
      server: 'standby',
      connection: STANDBY,
      primary: PRIMARY,
      spec: { kind: 'logical-slot', name: 'shop', plugin: 'test_decoding', failover: false },
    },
  ],
  [
    'ServerSettings',
    'settings',
    ({ stack, runner, primary: server }) =>
      new ServerSettings(stack, 'Object', { runner, server, settings: { wal_keep_size: '1GB' } }),
    {
      server: 'primary',
      connection: PRIMARY,
      spec: { kind: 'server-settings', name: 'settings', settings: { wal_keep_size: '1GB' } },
    },
  ],
  [
    'Heartbeat',
    'a heartbeat',
    ({ stack, runner, primary: server }) => new Heartbeat(stack, 'Object', { runner, server }),
    { server: 'primary', connection: PRIMARY, spec: { kind: 'heartbeat' } },
  ],
  [
    'ConnectionGuard',
    'a guard',
    ({ stack, runner, target: server }) =>
      new ConnectionGuard(stack, 'Object', { runner, server, keep: ['writer', 'Ünïcode'] }),
    {
      server: 'target',
      connection: TARGET,
      spec: { kind: 'connection-guard', keep: ['writer', 'Ünïcode'] },
    },
  ],
  [
    'DdlLedger',
    'a ledger of changes',
    ({ stack, runner, primary: server }) =>
      new DdlLedger(stack, 'Object', { runner, server, schemas: ['shop', 'Ünïcode'] }),
    {
      server: 'primary',
      connection: PRIMARY,
      spec: { kind: 'ddl-ledger', schemas: ['shop', 'Ünïcode'], frozen: false },
    },
  ],
];

const SUBSCRIPTION = {
  kind: 'subscription',
  name: 'shop',
  publications: ['shop'],
  slotName: 'shop_slot',
  copyData: true,
  enabled: true,
  originNone: false,
  selection: { schemas: ['shop'] },
};

const publisher = (server: string, host: string): Record<string, unknown> => ({
  server,
  host,
  port: 5432,
  database: 'shop',
  secret: { Ref: expect.stringMatching(/^Password/) },
  sslMode: 'verify-full',
  sslRootCert: '/rdsdbdata/rds-metadata/ca-cert.pem',
});

const SUBSCRIPTIONS: readonly Case[] = [
  [
    'Subscription',
    'a subscription to a primary',
    (small) => subscription(small),
    {
      server: 'target',
      connection: TARGET,
      spec: { ...SUBSCRIPTION, publisher: publisher('primary', 'primary.example') },
    },
  ],
  [
    'Subscription',
    'a subscription to a standby, encrypted only and without a copy',
    (small) =>
      subscription(small, {
        publisher: small.standby,
        publisherPrimary: small.primary,
        sslMode: PublisherSslMode.REQUIRE,
        copyData: false,
      }),
    {
      server: 'target',
      connection: TARGET,
      upstream: { standby: STANDBY, primary: PRIMARY },
      spec: {
        ...SUBSCRIPTION,
        copyData: false,
        publisher: {
          ...publisher('standby', '10.0.128.10'),
          sslMode: 'require',
          sslRootCert: '',
        },
      },
    },
  ],
];

test.each([...ROLES, ...OBJECTS, ...SUBSCRIPTIONS])(
  '%s as it is sent: %s',
  (kind, _title, make, expected) => {
    const small = smallStack();
    make(small);
    expect(sent(small, kind).properties).toEqual({ ...COMMON, ...expected });
  },
);

test('what waits for a restart is told', () => {
  const { stack, runner, primary: server } = smallStack();
  const settings = new ServerSettings(stack, 'Object', {
    runner,
    server,
    settingsName: 'senders',
    settings: { max_wal_senders: '20' },
  });
  expect(stack.resolve(settings.pendingRestart)).toEqual({
    'Fn::GetAtt': [expect.stringMatching(/^Object/), 'pendingRestart'],
  });
});

test('a preflight carries the topology as text, and no ledger', () => {
  const small = smallStack();
  const { stack, runner, primary: server } = small;
  const topology = createTopology({
    servers: {
      primary: {
        platform: Platform.SELF_MANAGED,
        majorVersion: 17,
        database: 'shop',
        walLevel: WalLevel.LOGICAL,
      },
      target: { platform: Platform.AURORA, majorVersion: 17, database: 'shop' },
    },
    links: [{ kind: LinkKind.NATIVE, from: 'primary', to: 'target', selection: SELECTION }],
  });
  const accept = [{ check: 'settings', object: 'ssl' }, { check: 'sequences' }];
  new Preflight(stack, 'Check', { runner, server, topology, accept, acceptUnchecked: true });
  const { properties, needs } = sent(small, 'Preflight');
  expect(properties).toEqual({
    ...COMMON,
    server: 'primary',
    connection: PRIMARY,
    topology: JSON.stringify({ servers: topology.servers, links: topology.links }),
    accept,
    acceptUnchecked: true,
  });
  expect(needs.filter((id) => id.includes('Ledger'))).toEqual([]);
});

test('a preflight refuses to accept what no check could find', () => {
  const { stack, runner, primary: server } = smallStack();
  const topology = createTopology({
    servers: { primary: { platform: Platform.AURORA, majorVersion: 17, database: 'shop' } },
    links: [],
  });
  const accept = [{ check: 'version' }, { check: 'setings' }];
  expect(() => new Preflight(stack, 'Check', { runner, server, topology, accept })).toThrow(
    new Error(
      "preflight 'Check': 'accept[1].check' must be a check of 'primary', got \"setings\"; choose one of version, settings, privileges, statement-log",
    ),
  );
});

test('native replication from a standby publishes on its primary, and decodes on the standby', () => {
  const small = smallStack();
  nativeReplication(small, { publisher: small.standby, publisherPrimary: small.primary });
  expect(sent(small, 'Publication').properties).toMatchObject({
    connection: PRIMARY,
    spec: { name: 'pontoon' },
  });
  expect(sent(small, 'LogicalSlot').properties).toMatchObject({
    connection: STANDBY,
    primary: PRIMARY,
    spec: { name: 'pontoon', plugin: 'pgoutput', failover: false },
  });
  expect(sent(small, 'Subscription').properties).toMatchObject({
    connection: TARGET,
    upstream: { standby: STANDBY, primary: PRIMARY },
    spec: {
      name: 'pontoon',
      publications: ['pontoon'],
      slotName: 'pontoon',
      publisher: publisher('standby', '10.0.128.10'),
    },
  });
});

test('native replication from a primary needs no other server', () => {
  const small = smallStack();
  nativeReplication(small, {
    slotName: 'shop_slot',
    replicationName: 'shop',
    sslMode: PublisherSslMode.REQUIRE,
  });
  const slot = sent(small, 'LogicalSlot').properties;
  expect(slot).toMatchObject({ connection: PRIMARY, spec: { name: 'shop_slot' } });
  expect(slot).not.toHaveProperty('primary');
  const subscription = sent(small, 'Subscription').properties;
  expect(subscription).toMatchObject({
    spec: { name: 'shop', publications: ['shop'], publisher: { sslMode: 'require' } },
  });
  expect(subscription).not.toHaveProperty('upstream');
});
