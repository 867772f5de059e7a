import {
  createTopology,
  deriveSettings,
  diffSettings,
  LinkKind,
  Platform,
  type ReportedSetting,
  type RequiredSetting,
  readSettings,
  renderAlterSystem,
  renderConf,
  renderParameterGroup,
  type SizingOptions,
  settingsByName,
  type Topology,
  type TopologyLink,
  type TopologyServer,
  WalLevel,
} from '../../lib/postgres';

const selection = { schemas: ['public'] };

function topology(
  majorVersion: number,
  links: TopologyLink[],
  target = Platform.AURORA,
  standby: Partial<TopologyServer> = {},
): Topology {
  const database = 'shop';
  const walLevel = WalLevel.LOGICAL;
  return createTopology({
    servers: {
      a: { platform: Platform.SELF_MANAGED, majorVersion, database, walLevel },
      b: { platform: Platform.EC2, majorVersion, database, ...standby },
      c: { platform: target, majorVersion, database },
    },
    links,
  });
}

const STANDBY: TopologyLink = { kind: LinkKind.PHYSICAL, from: 'a', to: 'b' };
const PROMOTED: TopologyLink = { ...STANDBY, promoted: true };
const DMS: TopologyLink = { kind: LinkKind.DMS, from: 'b', to: 'c', selection };
const NATIVE: TopologyLink = { ...DMS, kind: LinkKind.NATIVE };

/** Every setting on one line, without its reason. */
function lines(made: Topology, name: string, sizing?: SizingOptions): string[] {
  return deriveSettings(made, name, sizing).map(
    ({ name: setting, value, rule, restart, advised }) =>
      `${setting} = ${value} (${rule}${restart ? ', restart' : ''}${advised ? ', advised' : ''})`,
  );
}

function sender(walLevel: string, count: number, major: number, keep = '-1'): string[] {
  return [
    `wal_level = ${walLevel} (equal, restart)`,
    `max_wal_senders = ${Math.max(10, count)} (at-least, restart)`,
    `max_replication_slots = ${Math.max(10, count)} (at-least, restart)`,
    `max_slot_wal_keep_size = ${keep} (equal${keep === '-1' ? ', advised' : ''})`,
    'wal_sender_timeout = 60s (zero-or-at-least)',
    ...(major >= 18 ? ['idle_replication_slot_timeout = 0 (equal)'] : []),
  ];
}

const STREAMING = [
  'hot_standby = on (equal, restart)',
  'primary_slot_name = pontoon_b (equal)',
  'hot_standby_feedback = on (equal)',
  'max_standby_streaming_delay = 300s (equal)',
];

const RETRY = 'wal_retrieve_retry_interval = 500ms (equal, advised)';

const SECURITY = ['ssl = on (equal)', 'password_encryption = scram-sha-256 (equal)'];

function receiver(major: number, sync = 4, native = 0): string[] {
  return [
    'wal_level = logical (equal, restart)',
    `max_replication_slots = ${Math.max(10, 5 + sync)} (at-least, restart)`,
    `max_wal_senders = ${Math.max(10, 5 + sync)} (at-least, restart)`,
    `max_logical_replication_workers = ${Math.max(4, native + sync)} (at-least, restart)`,
    `max_sync_workers_per_subscription = ${sync} (at-least)`,
    `max_worker_processes = ${Math.max(16, native + sync + 8)} (at-least, restart)`,
    ...(major >= 18
      ? [`max_active_replication_origins = ${Math.max(10, 5 + sync)} (at-least, restart)`]
      : []),
  ];
}

describe.each([16, 18])('settings of PostgreSQL %i', (major) => {
  test('the primary of a standby that decodes, which takes the way back of a cutover', () => {
    expect(lines(topology(major, [STANDBY, DMS]), 'a')).toEqual([
      ...sender('logical', 5, major),
      RETRY,
      ...SECURITY,
    ]);
  });

  test('a standby that decodes for DMS', () => {
    expect(lines(topology(major, [STANDBY, DMS]), 'b')).toEqual([
      ...sender('logical', 5, major),
      ...STREAMING,
      RETRY,
      ...SECURITY,
    ]);
  });

  test('a standby that a subscription reads from needs room for its table copies', () => {
    expect(lines(topology(major, [STANDBY, NATIVE]), 'b')).toEqual([
      ...sender('logical', 9, major),
      ...STREAMING,
      RETRY,
      ...SECURITY,
    ]);
  });
});

describe.each([14, 16, 18])('settings of PostgreSQL %i', (major) => {
  test('a plain primary', () => {
    const made = createTopology({
      servers: {
        a: { platform: Platform.SELF_MANAGED, majorVersion: major, database: 'shop' },
        b: { platform: Platform.EC2, majorVersion: major, database: 'shop' },
      },
      links: [STANDBY],
    });
    expect(lines(made, 'a')).toEqual([...sender('replica', 5, major), ...SECURITY]);
    expect(lines(made, 'b')).toEqual([
      'wal_level = replica (equal, restart)',
      ...STREAMING,
      RETRY,
      ...SECURITY,
    ]);
  });

  test('a promoted standby is a primary that decodes, and the one above owes it nothing', () => {
    const made = topology(major, [PROMOTED, DMS]);
    expect(lines(made, 'a')).toEqual(SECURITY);
    expect(lines(made, 'b')).toEqual([...sender('logical', 5, major), RETRY, ...SECURITY]);
  });

  test('a target of DMS and a native subscriber in the cloud', () => {
    expect(lines(topology(major, [PROMOTED, DMS]), 'c')).toEqual(receiver(major));
    expect(lines(topology(major, [PROMOTED, NATIVE]), 'c')).toEqual(receiver(major, 4, 1));
  });

  test('a native subscriber of one’s own', () => {
    const made = topology(major, [PROMOTED, NATIVE], Platform.SELF_MANAGED);
    expect(lines(made, 'c')).toEqual([...receiver(major, 4, 1), RETRY, ...SECURITY]);
  });

  test('sizes follow the load', () => {
    const made = topology(major, [PROMOTED, NATIVE], Platform.AURORA, { maxSlotWalKeepMiB: 2048 });
    const sizing = { spareSlots: 4, syncWorkers: 12 };
    expect(lines(made, 'b', sizing)).toEqual([
      ...sender('logical', 17, major, '2048MB'),
      RETRY,
      ...SECURITY,
    ]);
    expect(lines(made, 'c', sizing)).toEqual(receiver(major, 12, 1));
  });
});

test('says why', () => {
  const made = topology(18, [STANDBY, NATIVE]);
  const reasons = (name: string) => deriveSettings(made, name).map(({ reason }) => reason);
  expect(reasons('a')).toEqual([
    'logical decoding on its standby',
    '1 link, 0 table copies, and room to reconnect',
    '1 link, 0 table copies, and room for another try',
    'how much WAL a slot may hold back is decided, not left to chance',
    'a busy receiver is not dropped',
    'a slot is not given up while its receiver is stopped',
    'a stream that breaks is asked for again at once',
    'every connection is encrypted',
    'no password is stored as MD5',
  ]);
  expect(reasons('b').slice(0, 1)).toEqual(['logical decoding here']);
  expect(reasons('b').slice(6, 10)).toEqual([
    'the standby answers queries',
    'the primary keeps WAL until the standby has it',
    'without it the primary removes rows that decoding needs, and the slot is lost',
    'a long read delays replay at most this long',
  ]);
  expect(reasons('b')[10]).toBe('a stream that breaks is asked for again at once');
  expect(reasons('c')).toEqual([
    'changes can flow back after the cutover',
    'replication origins and the way back',
    'the way back',
    '1 subscription and 4 table copies',
    'table copies side by side',
    'replication workers, parallel queries and autovacuum',
    'subscriptions and their table copies',
  ]);
});

function need(name: string, value: string, given: Partial<RequiredSetting> = {}): RequiredSetting {
  return { name, value, rule: 'equal', restart: false, reason: 'it is so', ...given };
}

function has(
  name: string,
  setting: string,
  unit: string | null = null,
  pendingRestart = false,
): ReportedSetting {
  return { name, setting, unit, pendingRestart };
}

test('postgresql.conf has plain words and numbers as they are, and quotes the rest', () => {
  expect(
    renderConf([
      need('wal_level', 'logical'),
      need('max_slot_wal_keep_size', '-1'),
      need('wal_sender_timeout', '60s'),
      need('random_page_cost', '1.1'),
      need('password_encryption', 'scram-sha-256'),
      need('primary_conninfo', "host='a' # b\\c"),
      need('empty', ''),
      need('primary_slot_name', '1_b'),
    ]),
  ).toBe(`wal_level = logical  # it is so
max_slot_wal_keep_size = -1  # it is so
wal_sender_timeout = 60s  # it is so
random_page_cost = 1.1  # it is so
password_encryption = scram-sha-256  # it is so
primary_conninfo = 'host=''a'' # b\\\\c'  # it is so
empty = ''  # it is so
primary_slot_name = '1_b'  # it is so
`);
});

test('postgresql.conf takes no line break', () => {
  expect(() => renderConf([need('x', "on\nssl = 'off'")])).toThrow(
    new Error(
      'a value of postgresql.conf must be one line, got "on\\nssl = \'off\'"; remove the line break',
    ),
  );
});

test('a parameter group has the settings that are Aurora’s to give, in its units', () => {
  const made = topology(18, [PROMOTED, NATIVE]);
  expect(renderParameterGroup(deriveSettings(made, 'c'))).toEqual({
    'rds.force_ssl': '1',
    'pg_stat_statements.track_utility': '0',
    'rds.logical_replication': '1',
    max_replication_slots: '10',
    max_wal_senders: '10',
    max_logical_replication_workers: '5',
    max_sync_workers_per_subscription: '4',
    max_worker_processes: '16',
    max_active_replication_origins: '10',
  });
  const guarded = topology(18, [PROMOTED, NATIVE], Platform.AURORA, { maxSlotWalKeepMiB: 512 });
  expect(renderParameterGroup(deriveSettings(guarded, 'b'))).toEqual({
    'rds.force_ssl': '1',
    'pg_stat_statements.track_utility': '0',
    'rds.logical_replication': '1',
    max_wal_senders: '10',
    max_replication_slots: '10',
    max_slot_wal_keep_size: '512',
    wal_sender_timeout: '60000',
    idle_replication_slot_timeout: '0',
    wal_retrieve_retry_interval: '500',
  });
});

test('a parameter group has no wal_level, and takes no units', () => {
  expect(renderParameterGroup([need('wal_level', 'replica'), need('ssl', 'on')])).toEqual({
    'rds.force_ssl': '1',
    'pg_stat_statements.track_utility': '0',
  });
  expect(() => renderParameterGroup([need('max_standby_streaming_delay', '300s')])).toThrow(
    new Error(
      "'max_standby_streaming_delay' must be a bare number or word in a parameter group, got '300s'; give it without a unit",
    ),
  );
});

test('asks for settings by name', () => {
  expect(readSettings(['wal_level', 'ssl'])).toEqual({
    text: 'SELECT name, setting, unit, pending_restart AS "pendingRestart" FROM pg_catalog.pg_settings WHERE name = ANY($1)',
    redacted:
      'SELECT name, setting, unit, pending_restart AS "pendingRestart" FROM pg_catalog.pg_settings WHERE name = ANY($1)',
    values: [['wal_level', 'ssl']],
  });
});

test.each<[RequiredSetting, ReportedSetting]>([
  [need('shared_buffers', '128MB'), has('shared_buffers', '16384', '8kB')],
  [need('max_wal_size', '1GB'), has('max_wal_size', '1024', 'MB')],
  [need('max_slot_wal_keep_size', '-1'), has('max_slot_wal_keep_size', '-1', 'MB')],
  [need('wal_sender_timeout', '60s'), has('wal_sender_timeout', '60000', 'ms')],
  [need('checkpoint_timeout', '5min'), has('checkpoint_timeout', '300', 's')],
  [need('statement_timeout', '0'), has('statement_timeout', '0', 'ms')],
  [need('max_wal_senders', '5', { rule: 'at-least' }), has('max_wal_senders', '10')],
  [
    need('wal_sender_timeout', '60s', { rule: 'zero-or-at-least' }),
    has('wal_sender_timeout', '0', 'ms'),
  ],
  [
    need('wal_sender_timeout', '60s', { rule: 'zero-or-at-least' }),
    has('wal_sender_timeout', '90000', 'ms'),
  ],
  [need('wal_level', 'logical'), has('wal_level', 'logical')],
])('%j is met by %j', (wanted, reported) => {
  expect(diffSettings([wanted], [reported])).toEqual([]);
});

test.each<[RequiredSetting, ReportedSetting, string, boolean]>([
  [need('max_wal_size', '1GB'), has('max_wal_size', '1023', 'MB'), '1023 (MB)', false],
  [need('shared_buffers', '128MB'), has('shared_buffers', '16383', '8kB'), '16383 (8kB)', false],
  [need('max_slot_wal_keep_size', '-1'), has('max_slot_wal_keep_size', '0', 'MB'), '0 (MB)', false],
  [
    need('wal_sender_timeout', '60s', { rule: 'zero-or-at-least' }),
    has('wal_sender_timeout', '9999', 'ms'),
    '9999 (ms)',
    false,
  ],
  [
    need('max_wal_senders', '5', { rule: 'at-least', restart: true }),
    has('max_wal_senders', '4'),
    '4',
    true,
  ],
  [need('wal_level', 'logical', { restart: true }), has('wal_level', 'replica'), 'replica', true],
  [need('hot_standby_feedback', 'on'), has('hot_standby_feedback', 'off', null, true), 'off', true],
  [need('primary_slot_name', 'b'), has('primary_slot_name', ''), '', false],
  [need('primary_slot_name', '007'), has('primary_slot_name', '7'), '7', false],
  [need('primary_slot_name', '1d'), has('primary_slot_name', '24h'), '24h', false],
])('%j is not met by %j', (required, reported, actual, needsRestart) => {
  expect(diffSettings([required], [reported])).toEqual([{ required, actual, needsRestart }]);
});

test('a setting that the server does not know differs', () => {
  const required = need('idle_replication_slot_timeout', '0');
  expect(diffSettings([required], [has('ssl', 'on')])).toEqual([
    { required, actual: undefined, needsRestart: false },
  ]);
});

test('ALTER SYSTEM mends what differs', () => {
  const differences = diffSettings(
    [need('wal_level', 'logical'), need('ssl', 'on'), need('archive_command', "cp '%p' x")],
    [has('wal_level', 'replica'), has('ssl', 'on'), has('archive_command', '')],
  );
  expect(renderAlterSystem(differences)).toEqual([
    "ALTER SYSTEM SET wal_level = 'logical';",
    "ALTER SYSTEM SET archive_command = 'cp ''%p'' x';",
  ]);
});

test('settings by name', () => {
  expect(settingsByName([need('ssl', 'on'), need('wal_level', 'logical')])).toEqual({
    ssl: 'on',
    wal_level: 'logical',
  });
});
