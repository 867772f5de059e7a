import {
  createTopology,
  deriveAlarms,
  deriveFlows,
  deriveSettings,
  deriveWatchPoints,
  LinkKind,
  Platform,
  readTopology,
  renderCutoverRunbook,
  renderDiagram,
  renderRunbook,
  type Topology,
} from '../../lib/postgres';

const EVENTS = { schema: 'shop', name: 'events' };
const AUDIT = { schema: 'shop', name: 'audit' };

/** Two clusters, the tables of one of which are dealt out to `parts` and the rest. */
function shared(...parts: readonly string[]): Topology {
  const server = { platform: Platform.AURORA, majorVersion: 17, database: 'shop' };
  const link = { kind: LinkKind.NATIVE, from: 'blue', to: 'green' };
  const tables = parts.map((name) => ({ schema: 'shop', name }));
  return createTopology({
    servers: { blue: server, green: server },
    links: [
      { ...link, selection: { schemas: ['shop'], exclude: tables } },
      ...tables.map((table) => ({ ...link, part: table.name, selection: { tables: [table] } })),
    ],
  });
}

test('parts are plain data', () => {
  const topology = shared('events', 'audit');
  expect(readTopology(JSON.parse(JSON.stringify({ ...topology, checked: undefined })))).toEqual({
    ...topology,
    links: [
      expect.objectContaining({ selection: expect.objectContaining({ exclude: [EVENTS, AUDIT] }) }),
      expect.objectContaining({ part: 'events' }),
      expect.objectContaining({ part: 'audit' }),
    ],
  });
});

test.each([
  [[], 10, 5],
  [['events'], 14, 10],
  [['events', 'audit'], 19, 15],
])('servers have room for the sum of %j and the rest', (parts, slots, workers) => {
  const topology = shared(...parts);
  const wantedOf = (server: string, wanted: string) =>
    deriveSettings(topology, server).find(({ name }) => name === wanted)?.value;
  for (const server of ['blue', 'green'])
    for (const name of ['max_replication_slots', 'max_wal_senders'])
      expect([server, name, wantedOf(server, name)]).toEqual([server, name, String(slots)]);
  expect(wantedOf('green', 'max_logical_replication_workers')).toBe(String(workers));
  expect(wantedOf('green', 'max_sync_workers_per_subscription')).toBe('4');
  expect(wantedOf('green', 'max_worker_processes')).toBe(String(Math.max(16, workers + 8)));
  expect(wantedOf('blue', 'max_logical_replication_workers')).toBeUndefined();
});

test('the source has workers for a way back of many parts', () => {
  const settings = deriveSettings(shared('a', 'b', 'c', 'd'), 'blue').map(
    ({ name, value, reason }) => `${name} = ${value}: ${reason}`,
  );
  expect(settings).toEqual(
    expect.arrayContaining([
      'max_logical_replication_workers = 5: 5 subscriptions of the way back',
      'max_worker_processes = 13: subscriptions of the way back, parallel queries and autovacuum',
    ]),
  );
});

test('each part is watched, and rings by its name', () => {
  const topology = shared('events');
  const [blue] = deriveWatchPoints(topology);
  expect(blue?.sends).toEqual([
    { from: 'blue', to: 'green', kind: 'native', slotName: 'pontoon_green' },
    { from: 'blue', to: 'green', kind: 'native', slotName: 'pontoon_green_events', part: 'events' },
  ]);
  const alarms = deriveAlarms(topology, { writeMiBPerSecond: 1 });
  expect(new Set(alarms.map(({ id }) => id)).size).toBe(alarms.length);
  const ofEvents = alarms.filter(({ id }) => id.startsWith('blue-green-events-'));
  expect(ofEvents.map(({ id, dimensions }) => [id, dimensions])).toEqual([
    ['blue-green-events-LagSeconds', { Link: 'blue->green/events' }],
    ['blue-green-events-LagBytes', { Link: 'blue->green/events' }],
    ['blue-green-events-Down', { Link: 'blue->green/events' }],
    ['blue-green-events-SlotLost', { Server: 'blue', Slot: 'pontoon_green_events' }],
    ['blue-green-events-SlotMissing', { Server: 'blue', Slot: 'pontoon_green_events' }],
    ['blue-green-events-SubscriptionDown', { Link: 'blue->green/events' }],
    ['blue-green-events-SubscriptionErrors', { Link: 'blue->green/events' }],
  ]);
  expect(ofEvents.find(({ metric }) => metric === 'SubscriptionDown')?.text).toBe(
    "The subscription of part 'events' on 'green' is missing, disabled or without its worker. The log of 'green' says why.",
  );
});

test('parts take the same way', () => {
  expect(deriveFlows(shared('events'), { wayBack: true })).toEqual(
    deriveFlows(shared(), { wayBack: true }),
  );
});

test('people are told of each part once', () => {
  const topology = shared('events');
  expect(renderDiagram(topology)).toContain(
    [
      '  s0 -->|"logical replication<br/>slot pontoon_green"| s1',
      '  s0 -->|"logical replication<br/>slot pontoon_green_events"| s1',
    ].join('\n'),
  );
  const preparation = renderRunbook(topology, {
    server: 'blue',
    administrator: 'pontoon',
    hba: [],
  });
  expect(preparation).toContain('It sends to `green`.');
  expect(preparation).toContain('(look for `pontoon_green`, `pontoon_green_events`)');
  const cutover = renderCutoverRunbook(topology, 'blue');
  expect(cutover.match(/^# Cut over/gm)).toHaveLength(1);
  expect(cutover).toContain(
    'forward    carrying, 312 B behind, the rest\nforward    carrying, 312 B behind, events\n',
  );
});
