import { execFileSync, spawnSync } from 'node:child_process';
import {
  createTopology,
  describeLoss,
  holdsAcknowledged,
  LinkKind,
  LOST_STEPS,
  leadsTo,
  liftDatabases,
  lossAfter,
  memberSlot,
  mostAdvanced,
  PLANNED_STEPS,
  Platform,
  parseConninfo,
  parsePromotion,
  parseWaitedFor,
  plainTopology,
  quorumOf,
  RejoinMode,
  renderPromotionRunbook,
  renderRejoin,
  repointConninfo,
} from '../../lib/postgres';

const vm = { platform: Platform.OCI_VM, majorVersion: 16, database: 'shop' };
const topology = createTopology({
  servers: {
    primary: { ...vm, synchronous: { quorum: 1, standbys: ['one', 'two'] } },
    one: vm,
    two: vm,
    three: vm,
  },
  links: ['one', 'two', 'three'].map((to) => ({ kind: LinkKind.PHYSICAL, from: 'primary', to })),
});

const connection = (server: string) => ({
  server,
  host: `${server}.example`,
  port: 5432,
  database: 'shop',
  secret: `env:${server}`,
  caCertificate: '',
});
const connections = Object.fromEntries(
  ['primary', 'one', 'two', 'three'].map((name) => [name, connection(name)]),
);

test('the primary of the topology is replaced unless another one is named', () => {
  const read = parsePromotion({ topology: plainTopology(topology), connections });
  expect(read).toMatchObject({ from: 'primary' });
  expect(read).not.toHaveProperty('to');
});

test('refuses everything that is wrong with the input at once', () => {
  const given = {
    topology: plainTopology(topology),
    connections: {
      ...connections,
      one: { ...connection('one'), database: 'other' },
      two: undefined,
    },
    to: 'primary',
    lost: ['two', 'four'],
    lastKnown: 'yesterday',
  };
  expect(() => parsePromotion(JSON.parse(JSON.stringify(given)))).toThrow(
    [
      'the promotion has 5 problems:',
      "- 'lastKnown': a log position must look like '16/B374D848', got \"yesterday\"; take it from pg_current_wal_lsn()",
      "- 'to' must be another server of the cluster of 'primary', got 'primary'; known are one, two, three",
      "- 'lost' must name servers of the cluster beside 'from' and 'to', got 'four'; known are one, two, three",
      "- 'connections.one.database' must be 'shop', as in the topology, got 'other'; what a primary has noted is looked for in one database only",
      "- 'connections' must have 'two', which belongs to the cluster, got primary, one, three; add it, also for a server that is lost",
    ].join('\n'),
  );
});

test('only a streaming cluster is promoted', () => {
  const single = createTopology({ servers: { alone: vm }, links: [] });
  expect(() => parsePromotion({ topology: plainTopology(single), connections: {} })).toThrow(
    "the promotion: 'from' must be a host of ours with a physical standby, or one of these, got nothing; only a streaming cluster is promoted",
  );
});

test('the old primary takes the place of the promoted one among those that are waited for', () => {
  expect(quorumOf(topology, 'primary')).toEqual({ quorum: 1, standbys: ['one', 'two'] });
  expect(quorumOf(topology, 'one')).toEqual({ quorum: 1, standbys: ['primary', 'two'] });
  expect(quorumOf(topology, 'three')).toEqual({ quorum: 1, standbys: ['one', 'two'] });
  expect(memberSlot(topology, 'one')).toBe('pontoon_one');
  expect(memberSlot(topology, 'primary')).toBe('pontoon_primary');
});

test('a quorum shares a server with those who answer', () => {
  const quorum = { quorum: 2, standbys: ['one', 'two', 'three'] };
  expect(holdsAcknowledged(quorum, ['one'])).toBe(false);
  expect(holdsAcknowledged(quorum, ['one', 'primary'])).toBe(false);
  expect(holdsAcknowledged(quorum, ['one', 'three'])).toBe(true);
});

test('a newer timeline goes before a later position, and a synchronous standby first among equals', () => {
  const preference = { synchronous: ['two'], members: ['primary', 'one', 'two'] };
  const at = (server: string, timeline: number, position: string) => ({
    server,
    timeline,
    position,
  });
  const chosen = (...standbys: ReturnType<typeof at>[]) =>
    mostAdvanced(standbys, preference)?.server;
  expect(chosen(at('one', 1, '0/9'), at('two', 2, '0/5'))).toBe('two');
  expect(chosen(at('one', 1, '1/0'), at('two', 1, '0/FFFFFFFF'))).toBe('one');
  expect(chosen(at('one', 1, '0/5'), at('two', 1, '0/5'))).toBe('two');
  expect(chosen()).toBeUndefined();
});

test('says what is lost', () => {
  expect(describeLoss(lossAfter('0/100', '0/180'), 'primary')).toBe(
    "what 'primary' wrote after 0/100 is lost, acknowledged or not: 128 bytes of log as far as it was seen",
  );
  expect(lossAfter('0/180', '0/100')).toMatchObject({ bytes: '0' });
  expect(describeLoss({ kind: 'nothing' }, 'primary')).toBe(
    'nothing is lost: the new primary has the whole log of the old one',
  );
  expect(describeLoss({ kind: 'nothing-acknowledged' }, 'primary')).toBe(
    'no acknowledged commit is lost: a quorum of the standbys had each of them, but for those of sessions whose synchronous_commit was off or local, or that were cancelled as they waited',
  );
  expect(describeLoss({ kind: 'said-before', after: '0/100' }, 'primary')).toBe(
    "it was promoted before, at 0/100; what 'primary' wrote after that is not there",
  );
});

const CONNINFO = String.raw`host = 'old host' hostaddr=10.0.0.1 port=5433 user='o\'dd' passfile=/etc/pass\\file sslmode=verify-full`;

test('only where a standby streams from changes', () => {
  const to = { host: "new'host", port: 5432, applicationName: 'one' };
  const changed = repointConninfo(CONNINFO, 'one', to);
  expect(Object.fromEntries(parseConninfo(changed, 'one'))).toEqual({
    host: "new'host",
    port: '5432',
    user: "o'dd",
    passfile: '/etc/pass\\file',
    sslmode: 'verify-full',
    application_name: 'one',
  });
});

test.each([
  ['host=one.example port=5433', true],
  ["host='name' hostaddr=one.example port=5433", true],
  ['host=two.example,one.example port=5432,5433', true],
  ['host=two.example,one.example port=5433', true],
  ['host=one.example', false],
  ['host=one.example,two.example port=5432,5433', false],
  ['', false],
  ['postgresql://user:p%40ss@one.example:5433/shop?sslmode=verify-full', true],
  ['postgres://two.example:5432,one.example:5433', true],
  ['postgresql://one.example/', false],
  ['postgresql:///?host=one.example&port=5433', true],
  ['postgresql://one.example:5432,two.example:5433/', false],
])('whether %j leads to a server', (conninfo, leads) => {
  expect(leadsTo(conninfo, 'two', { host: 'one.example', port: 5433 })).toBe(leads);
});

test.each([
  ['', 'nothing'],
  ['postgres://host/db', 'something else'],
  ["host='open", 'something else'],
])('refuses the primary_conninfo %j', (conninfo, got) => {
  expect(() => parseConninfo(conninfo, 'one')).toThrow(
    `'primary_conninfo' on 'one' must be written as name=value pairs, got ${got}; set it there, and run this again`,
  );
});

const REJOIN = {
  server: 'primary',
  binDirectory: '/usr/pgsql-16/bin',
  dataDirectory: "/data/it's",
  configFile: '/data/postgresql.conf',
  conninfo: CONNINFO,
  slot: 'pontoon_primary',
  primary: 'one',
  timeline: 2,
  database: 'shop',
};

test.each([RejoinMode.REWIND, RejoinMode.COPY])('the script of a %s is sound', (mode) => {
  const input = renderRejoin({ ...REJOIN, mode });
  expect(input).toMatchSnapshot();
  execFileSync('bash', ['-n'], { input });
  const { error, stdout } = spawnSync('shellcheck', ['-e', 'SC1003', '-'], {
    input,
    encoding: 'utf8',
  });
  if (error === undefined) expect(stdout).toBe('');
  else if (process.env.PONTOON_NO_SKIPS === 'true') throw error;
});

test('who is let in again leaves no note of a successor, whenever that was written', () => {
  const fenced = { name: 'shop', limit: 0, before: 7, replaced: null };
  const open = { ...fenced, before: null };
  expect(liftDatabases([fenced, open]).map(({ text }) => text)).toEqual([
    'ALTER DATABASE "shop" CONNECTION LIMIT 7',
    'ALTER DATABASE "shop" RESET pontoon.limit_before',
    'ALTER DATABASE "shop" RESET pontoon.replaced_by',
  ]);
});

test.each([
  ['', undefined],
  ['one, "t""wo"', { quorum: 1, standbys: ['one', 't"wo'] }],
  ['*', { quorum: 1, standbys: ['*'] }],
  ['2 (one,two)', { quorum: 2, standbys: ['one', 'two'] }],
  ['first 2 ( one, "two three" )', { quorum: 2, standbys: ['one', 'two three'] }],
  ['ANY 1("one")', { quorum: 1, standbys: ['one'] }],
])('whom synchronous_standby_names = %j asks for', (names, asked) => {
  expect(parseWaitedFor(names)).toEqual(asked);
});

test('the operator’s page of a promotion', () => {
  const page = renderPromotionRunbook(topology, 'two');
  expect(page).toMatchSnapshot();
  for (const { title } of [...PLANNED_STEPS, ...LOST_STEPS]) expect(page).toContain(title);
  const alone = createTopology({ servers: { primary: vm }, links: [] });
  expect(renderPromotionRunbook(alone, 'primary')).toBe('');
});

test('a script holds no password', () => {
  const conninfo = "host=a password='secret'";
  expect(() => renderRejoin({ ...REJOIN, conninfo, mode: RejoinMode.COPY })).toThrow(
    "'primary_conninfo' must name a password file to rejoin 'primary', got a password; put it into a file that only PostgreSQL may read, and set 'passfile'",
  );
});
