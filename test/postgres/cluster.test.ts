import {
  clusterOf,
  createTopology,
  deriveFlows,
  deriveHba,
  deriveSettings,
  deriveWatchPoints,
  LinkKind,
  Platform,
  readTopology,
  renderDiagram,
  renderHba,
  type SynchronousStandbys,
  type TopologyProps,
  topologyProblems,
  topologyWarnings,
} from '../../lib/postgres';

const database = 'shop';
const majorVersion = 16;

function cluster(synchronous?: SynchronousStandbys, replicas = 3): TopologyProps {
  const names = Array.from({ length: replicas }, (_, index) => `replica${index + 1}`);
  const vm = { platform: Platform.OCI_VM, majorVersion, database };
  return {
    servers: {
      primary: { ...vm, ...(synchronous === undefined ? {} : { synchronous }) },
      ...Object.fromEntries(names.map((name) => [name, vm])),
    },
    links: names.map((to) => ({ kind: LinkKind.PHYSICAL, from: 'primary', to })),
  };
}

function settingsOf(props: TopologyProps, name: string): Record<string, string> {
  const settings = deriveSettings(createTopology(props), name);
  return Object.fromEntries(settings.map((setting) => [setting.name, setting.value]));
}

test('a primary waits for a quorum of its standbys, each under its own name', () => {
  const settings = settingsOf(
    cluster({ quorum: 1, standbys: ['replica1', 'replica2'] }),
    'primary',
  );
  expect(settings.synchronous_standby_names).toBe('ANY 1 ("replica1", "replica2")');
  expect(settingsOf(cluster(), 'primary')).not.toHaveProperty('synchronous_standby_names');
});

test('every server of a cluster has what it needs to become its primary', () => {
  for (const name of ['primary', 'replica3']) {
    expect(settingsOf(cluster(undefined, 8), name)).toMatchObject({
      max_wal_senders: '12',
      max_replication_slots: '12',
      wal_log_hints: 'on',
      max_slot_wal_keep_size: '-1',
      wal_sender_timeout: '60s',
    });
  }
  expect(settingsOf(cluster(), 'replica2').primary_slot_name).toBe('pontoon_replica2');
});

test('each standby has a slot of its own, which is watched, and a way of its own', () => {
  const topology = createTopology(cluster());
  const [primary] = deriveWatchPoints(topology);
  expect(primary?.sends.map(({ slotName }) => slotName)).toEqual([
    'pontoon_replica1',
    'pontoon_replica2',
    'pontoon_replica3',
  ]);
  expect(renderDiagram(topology)).toContain('streaming replication<br/>slot pontoon_replica3');
});

test('any server of a cluster may be promoted: the others are let in, to stream and to rewind', () => {
  const topology = createTopology(cluster(undefined, 2));
  const addresses = {
    runner: ['10.0.9.0/24'],
    primary: ['10.0.1.1/32'],
    replica1: ['10.0.1.2/32'],
    replica2: ['10.1.1.2/32'],
  };
  expect(renderHba(deriveHba(topology, 'replica1', { administrator: 'postgres', addresses }))).toBe(
    `# runner: objects, preflight and metrics
hostssl "shop" "postgres" 10.0.9.0/24 scram-sha-256
# primary: streaming, after a promotion
hostssl replication "pontoon_standby" 10.0.1.1/32 scram-sha-256
# primary: pg_rewind, after a promotion
hostssl "shop" "pontoon_standby" 10.0.1.1/32 scram-sha-256
# replica2: streaming, after a promotion
hostssl replication "pontoon_standby" 10.1.1.2/32 scram-sha-256
# replica2: pg_rewind, after a promotion
hostssl "shop" "pontoon_standby" 10.1.1.2/32 scram-sha-256
`,
  );
  const streams = deriveFlows(topology).filter(({ to, physical }) => to === 'primary' && physical);
  expect(streams.map(({ purpose }) => purpose)).toEqual([
    'base backup and streaming',
    'base backup and streaming',
  ]);
});

test('a standby of a cloud or of EC2 belongs to no cluster', () => {
  const vm = { platform: Platform.OCI_VM, majorVersion, database };
  const topology = createTopology({
    servers: { a: vm, b: { ...vm, platform: Platform.EC2 } },
    links: [{ kind: LinkKind.PHYSICAL, from: 'a', to: 'b' }],
  });
  expect([clusterOf(topology, 'a'), clusterOf(topology, 'b')]).toEqual([[], []]);
});

test('a quorum is read from plain data', () => {
  const synchronous = { quorum: 1, standbys: ['replica1', 'replica2'] };
  const read = readTopology(JSON.parse(JSON.stringify(cluster(synchronous))));
  expect(read.servers.primary?.synchronous).toEqual(synchronous);
});

test.each<[string, SynchronousStandbys, string[]]>([
  [
    'more than there are',
    { quorum: 2, standbys: ['replica1'] },
    [
      "'servers.primary.synchronous.quorum' must be a whole number from 1 to the number of standbys, which is 1, got 2; correct it",
    ],
  ],
  [
    'somebody else',
    { quorum: 1, standbys: ['replica1', 'replica9'] },
    [
      "'servers.primary.synchronous.standbys' must name standbys that stream from 'primary', got 'replica9'; known are replica1, replica2, replica3",
    ],
  ],
  [
    'one twice',
    { quorum: 1, standbys: ['replica1', 'replica1'] },
    [
      "'servers.primary.synchronous.standbys' must name each standby once, got replica1, replica1; remove one",
    ],
  ],
])('a quorum of %s is refused', (_, synchronous, problems) => {
  expect(topologyProblems(cluster(synchronous))).toEqual(problems);
});

test('a server without standbys, or of EC2 only, waits for none', () => {
  const vm = { platform: Platform.OCI_VM, majorVersion, database };
  const synchronous = { quorum: 1, standbys: ['b'] };
  expect(topologyProblems({ servers: { a: { ...vm, synchronous }, b: vm }, links: [] })).toEqual([
    "'servers.a.synchronous.standbys' must name standbys that stream from 'a', got 'b'; it has none, so leave it out",
  ]);
  expect(
    topologyProblems({
      servers: { a: { ...vm, synchronous }, b: { ...vm, platform: Platform.EC2 } },
      links: [{ kind: LinkKind.PHYSICAL, from: 'a', to: 'b' }],
    }),
  ).toEqual([
    "'servers.a.synchronous.standbys' cannot name 'b', an instance that is replaced with its image; writes would wait for it, so leave it out",
  ]);
  const managed = { ...vm, platform: Platform.AURORA, synchronous: { quorum: 1, standbys: ['a'] } };
  expect(topologyProblems({ servers: { a: managed }, links: [] })).toContain(
    "'servers.a.synchronous' cannot be given for a server that aurora manages; leave it out",
  );
});

test('a quorum of all standbys is warned of', () => {
  expect(topologyWarnings(cluster({ quorum: 2, standbys: ['replica1', 'replica2'] }))).toEqual([
    "'servers.primary.synchronous' waits for all of 'replica1', 'replica2': one that is away stops writes; name one standby more than the quorum",
  ]);
  expect(topologyWarnings(cluster({ quorum: 1, standbys: ['replica1', 'replica2'] }))).toEqual([]);
});
