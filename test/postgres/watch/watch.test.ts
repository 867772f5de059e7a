import {
  createTopology,
  deriveAlarms,
  deriveWatchPoints,
  LinkKind,
  Platform,
  Problems,
  Reader,
  readMetrics,
  readNothing,
  readWatchPoint,
  type Topology,
  WalLevel,
  type WatchPoint,
  type WatchRow,
  watchSql,
} from '../../../lib/postgres';
import { hybridChain } from '../hybrid-chain';

function chain(kind: LinkKind, major = 17): Topology {
  const server = { majorVersion: major, database: 'shop' };
  return createTopology({
    servers: {
      onPremises: { ...server, platform: Platform.SELF_MANAGED, walLevel: WalLevel.LOGICAL },
      standby: { ...server, platform: Platform.EC2 },
      aurora: { ...server, platform: Platform.AURORA },
      alone: { ...server, platform: Platform.RDS },
    },
    links: [
      { kind: LinkKind.PHYSICAL, from: 'onPremises', to: 'standby', slotName: 'b' },
      { kind, from: 'standby', to: 'aurora', slotName: 'c', selection: { schemas: ['shop'] } },
    ],
  });
}

function pointOf(name: string, kind = LinkKind.DMS): WatchPoint {
  const point = deriveWatchPoints(chain(kind)).find(({ server }) => server === name);
  if (point === undefined) throw new Error(name);
  return point;
}

const PHYSICAL = { from: 'onPremises', to: 'standby', kind: 'physical', slotName: 'b' };
const NATIVE = { from: 'standby', to: 'aurora', kind: 'native', slotName: 'c' };
const NOTHING: WatchRow = {
  slots: null,
  subscriptions: null,
  beatAge: null,
  longestTransaction: 0,
  dataBytes: null,
};
const SLOT = {
  name: 'c',
  active: true,
  state: 'streaming',
  lost: false,
  retained: 300,
  behind: 200,
  seconds: 1.5,
};

test('each server that changes flow to or from is a watch point, from its own side', () => {
  expect(deriveWatchPoints(chain(LinkKind.NATIVE))).toEqual([
    { server: 'onPremises', majorVersion: 17, sends: [PHYSICAL], subscribes: [], disk: true },
    {
      server: 'standby',
      majorVersion: 17,
      sends: [NATIVE],
      subscribes: [],
      follows: PHYSICAL,
      disk: true,
    },
    { server: 'aurora', majorVersion: 17, sends: [], subscribes: [NATIVE], disk: false },
  ]);
});

test('a topology with a prefix has slots and a heartbeat of its own', () => {
  const points = deriveWatchPoints(createTopology({ ...hybridChain(), namePrefix: 'orders' }));
  expect(points.map(({ sends, heartbeat }) => [sends[0]?.slotName, heartbeat])).toEqual([
    ['orders_standby', 'orders_heartbeat'],
    ['orders_aurora', 'orders_heartbeat'],
    [undefined, 'orders_heartbeat'],
  ]);
  for (const point of points) {
    const problems = new Problems();
    expect(readWatchPoint(new Reader(JSON.parse(JSON.stringify(point)), 'p', problems))).toEqual(
      point,
    );
    expect(problems.list()).toEqual([]);
    const asks = watchSql(point).text.includes('FROM "pontoon"."orders_heartbeat"');
    expect(asks).toBe(point.server === 'standby');
  }
});

test('only what a major has is asked for', () => {
  const queryOf = (major: number, server: string) => {
    const points = deriveWatchPoints(chain(LinkKind.NATIVE, major));
    const point = points.find((found) => found.server === server);
    return point === undefined ? '' : watchSql(point).text;
  };
  expect(queryOf(16, 'standby')).toContain(
    "s.wal_status = 'lost' OR s.conflicting IS TRUE AS lost",
  );
  expect(queryOf(18, 'standby')).toContain(
    "s.wal_status = 'lost' OR s.invalidation_reason IS NOT NULL AS lost",
  );
  expect(queryOf(17, 'onPremises')).toContain('NULL::float8 AS "beatAge"');
  // Aurora knows its position only with logical replication on; nothing needs it there.
  expect(queryOf(17, 'aurora')).not.toContain('wal_lsn');
});

test('what a slot says becomes metrics of its link, of itself and of its server', () => {
  const orphan = { ...SLOT, name: 'forgotten', active: false, retained: 900 };
  const row = { ...NOTHING, slots: [SLOT, orphan], beatAge: 2, dataBytes: 10 };
  const link = { Link: 'standby->aurora' };
  const slot = { Server: 'standby', Slot: 'c' };
  const server = { Server: 'standby' };
  expect(readMetrics(pointOf('standby'), row)).toEqual({
    unreadable: [],
    metrics: [
      { name: 'ServerDown', unit: 'Count', value: 0, dimensions: server },
      { name: 'Unreadable', unit: 'Count', value: 0, dimensions: server },
      { name: 'SlotMissing', unit: 'Count', value: 0, dimensions: slot },
      { name: 'SlotLost', unit: 'Count', value: 0, dimensions: slot },
      { name: 'RetainedWalBytes', unit: 'Bytes', value: 300, dimensions: slot },
      { name: 'LinkDown', unit: 'Count', value: 0, dimensions: link },
      { name: 'LagBytes', unit: 'Bytes', value: 200, dimensions: link },
      { name: 'LagSeconds', unit: 'Seconds', value: 1.5, dimensions: link },
      {
        name: 'LagSeconds',
        unit: 'Seconds',
        value: 2,
        dimensions: { Link: 'onPremises->standby' },
      },
      // A slot that nobody describes fills the disk as well.
      { name: 'MostRetainedWalBytes', unit: 'Bytes', value: 900, dimensions: server },
      { name: 'LongestTransactionSeconds', unit: 'Seconds', value: 0, dimensions: server },
      { name: 'DataBytes', unit: 'Bytes', value: 10, dimensions: server },
    ],
  });
});

test('what cannot be read has no value, is counted, and says why', () => {
  const hidden = { ...SLOT, state: null, seconds: null };
  const row = { ...NOTHING, slots: [hidden], longestTransaction: null };
  const { metrics, unreadable } = readMetrics(pointOf('standby'), row);
  expect(unreadable).toEqual([
    'LinkDown, LagSeconds, LongestTransactionSeconds, DataBytes: the role must be a member of pg_monitor',
    'LagSeconds: no heartbeat has arrived',
  ]);
  expect(metrics.find(({ name }) => name === 'Unreadable')?.value).toBe(5);
  expect(metrics.map(({ name }) => name)).not.toContain('LagSeconds');
});

test('a server that is down has nothing but that', () => {
  expect(
    readNothing(pointOf('aurora', LinkKind.NATIVE), { down: true, reason: 'no route' }),
  ).toEqual({
    metrics: [
      { name: 'ServerDown', unit: 'Count', value: 1, dimensions: { Server: 'aurora' } },
      { name: 'Unreadable', unit: 'Count', value: 4, dimensions: { Server: 'aurora' } },
    ],
    unreadable: [
      'SubscriptionDown, SubscriptionErrors, TablesLeft, LongestTransactionSeconds: no route',
    ],
  });
});

test('alarms tell how long the disk lasts', () => {
  const alarms = deriveAlarms(chain(LinkKind.DMS), {
    diskGiB: { standby: 100 },
    writeMiBPerSecond: 10,
    walShare: 0.5,
    maxLagSeconds: 60,
  });
  const texts = Object.fromEntries(alarms.map(({ id, text }) => [id, text]));
  expect(texts['standby-RetainedWal']).toBe(
    "Slots on 'standby' hold back more than 25 GiB of WAL, half of the 50 GiB that they may take of its 100 GiB. At 10 MiB/s the other half is full in 42.7 min; a full disk stops the server. Start the receiver again, or drop its slot.",
  );
  expect(texts['onPremises-RetainedWal']).toBe(
    "Slots on 'onPremises' hold back more than 35.2 GiB of WAL, what is written in 60 min at 10 MiB/s. Nothing is known here of the size of its disk: it stops when the disk is full. Start the receiver again, or drop its slot.",
  );
  expect(texts['standby-aurora-LagBytes']).toBe(
    'standby->aurora lags more than 600 MiB, what is written in 60 s at 10 MiB/s.',
  );
  expect(alarms.find(({ id }) => id === 'standby-RetainedWal')?.threshold).toBe(25 * 1024 ** 3);
  expect(new Set(alarms.map(({ id }) => id)).size).toBe(alarms.length);
  expect(alarms.filter((alarm) => alarm.silenceIsAlarming).map(({ metric }) => metric)).toEqual([
    'ServerDown',
    'Unreadable',
    'ServerDown',
    'Unreadable',
    'ServerDown',
    'Unreadable',
  ]);
});

test('limits out of range are refused together', () => {
  expect(() =>
    deriveAlarms(chain(LinkKind.DMS), {
      writeMiBPerSecond: 0,
      walShare: 2,
      diskGiB: { stanby: 100 },
    }),
  ).toThrow(
    [
      'the monitoring has 3 problems:',
      "- 'writeMiBPerSecond' must be above 0, got 0; give what was measured",
      "- 'walShare' must be above 0 and at most 1, got 2; 0.2 is a fifth of the disk",
      "- 'diskGiB.stanby' must name a server of the topology, which has onPremises, standby, aurora, alone; correct the name",
    ].join('\n'),
  );
});
