import {
  createTopology,
  deriveFlows,
  deriveHba,
  type HbaRule,
  LinkKind,
  Platform,
  renderHba,
  type TopologyLink,
  ValidationError,
  WalLevel,
} from '../../../lib/postgres';
import { hybridChain } from '../hybrid-chain';

const selection = { schemas: ['public'] };

function topology(links: TopologyLink[]) {
  const majorVersion = 17;
  const database = 'shop';
  const walLevel = WalLevel.LOGICAL;
  return createTopology({
    servers: {
      a: { platform: Platform.SELF_MANAGED, majorVersion, database, walLevel },
      b: { platform: Platform.EC2, majorVersion, database },
    },
    links,
  });
}

const RUNNER = ['a', 'b'].map((to) => ({
  from: { program: 'runner' },
  to,
  physical: false,
  purpose: 'objects, preflight and metrics',
}));

test.each<[string, TopologyLink[], object[]]>([
  ['no links: the runner reaches every server', [], []],
  [
    'a standby pulls from its primary',
    [{ kind: LinkKind.PHYSICAL, from: 'a', to: 'b' }],
    [{ from: { server: 'b' }, to: 'a', physical: true, purpose: 'base backup and streaming' }],
  ],
  [
    'a promoted standby pulls no more',
    [{ kind: LinkKind.PHYSICAL, from: 'a', to: 'b', promoted: true }],
    [],
  ],
  [
    'a subscriber pulls from its publisher',
    [{ kind: LinkKind.NATIVE, from: 'a', to: 'b', selection }],
    [{ from: { server: 'b' }, to: 'a', physical: false, purpose: 'subscription' }],
  ],
  [
    'DMS reaches both ends',
    [{ kind: LinkKind.DMS, from: 'a', to: 'b', selection }],
    [
      { from: { program: 'dms' }, to: 'a', physical: false, purpose: 'full load and decoding' },
      { from: { program: 'dms' }, to: 'b', physical: false, purpose: 'apply' },
    ],
  ],
])('%s', (_what, links, flows) => {
  expect(deriveFlows(topology(links))).toEqual([...RUNNER, ...flows]);
});

test.each([LinkKind.NATIVE, LinkKind.DMS] as const)(
  'the source pulls from the target after a cutover, by %s and past its standby',
  (kind) => {
    const chain = hybridChain({ kind });
    const added = deriveFlows(chain, { wayBack: true }).slice(deriveFlows(chain).length);
    expect(added).toEqual([
      {
        from: { server: 'onPremises' },
        to: 'aurora',
        physical: false,
        purpose: 'subscription, after a cutover',
      },
    ]);
  },
);

test('a subscriber logs in to the database, as the reader', () => {
  const made = topology([{ kind: LinkKind.NATIVE, from: 'a', to: 'b', selection }]);
  const addresses = { runner: ['10.0.1.0/24'], b: ['fd00::7/128'] };
  expect(
    renderHba(deriveHba(made, 'a', { administrator: 'admin', addresses })),
  ).toBe(`# runner: objects, preflight and metrics
hostssl "shop" "admin" 10.0.1.0/24 scram-sha-256
# b: subscription
hostssl "shop" "pontoon_reader" fd00::7/128 scram-sha-256
`);
});

test.each([LinkKind.NATIVE, LinkKind.DMS] as const)(
  'the schema goes by a %s link from the machine of a standby of ours to the target',
  (kind) => {
    const copies = (promoted?: boolean) =>
      deriveFlows(hybridChain({ kind, ...(promoted === undefined ? {} : { promoted }) })).filter(
        ({ purpose }) => purpose === 'schema copy',
      );
    const copy = { from: { hostOf: 'standby' }, to: 'aurora', physical: false };
    expect(copies()).toEqual([{ ...copy, purpose: 'schema copy' }]);
    expect(copies(true)).toEqual(copies());
  },
);

test('the machine of a sender logs in as the administrator', () => {
  const made = topology([{ kind: LinkKind.NATIVE, from: 'b', to: 'a', selection }]);
  const addresses = { runner: ['10.0.1.0/24'], b: ['10.0.3.7/32'], 'b.host': ['10.0.3.8/32'] };
  expect(
    renderHba(deriveHba(made, 'a', { administrator: 'admin', addresses })),
  ).toBe(`# runner: objects, preflight and metrics
hostssl "shop" "admin" 10.0.1.0/24 scram-sha-256
# b.host: schema copy
hostssl "shop" "admin" 10.0.3.8/32 scram-sha-256
`);
});

function line(given: Partial<HbaRule> = {}): HbaRule {
  return {
    database: 'shop',
    physical: false,
    user: 'reader',
    address: '10.0.1.0/24',
    purpose: 'a reason',
    ...given,
  };
}

test.each<[string, HbaRule, string]>([
  ['a keyword', line({ database: 'all', user: 'all' }), '"all" "all"'],
  ['a database called replication', line({ database: 'replication' }), '"replication" "reader"'],
  [
    'the replication protocol',
    line({ database: 'replication', physical: true }),
    'replication "reader"',
  ],
  ['quotes, commas and signs', line({ user: 'a"b, +c #d @e' }), '"shop" "a""b, +c #d @e"'],
])('%s is written so that it means itself', (_what, rule, names) => {
  expect(renderHba([rule])).toBe(`# a reason\nhostssl ${names} 10.0.1.0/24 scram-sha-256\n`);
});

test('an address may be an expression of a binding', () => {
  const address = '${Token[TOKEN.12]}/32';
  expect(renderHba([line({ address })])).toContain(` ${address} scram-sha-256`);
});

const RE =
  'cannot start with \'/\', which PostgreSQL 16 takes for a regular expression, got "/^.*$"; rename it';

test.each<[Partial<HbaRule>, string]>([
  [{ database: '' }, "'hba[0].database' must not be empty, got ''; give a name"],
  [{ user: 'a\0' }, '\'hba[0].user\' cannot contain a NUL character, got "a\\u0000"; remove it'],
  [
    { user: 'x'.repeat(64) },
    `'hba[0].user' must be at most 63 bytes in UTF-8, got 64 ("${'x'.repeat(64)}"); shorten it`,
  ],
  [
    { user: 'a\nhost all all all trust' },
    '\'hba[0].user\' cannot contain a line break, got "a\\nhost all all all trust"; rename it',
  ],
  [{ database: 'a\r' }, '\'hba[0].database\' cannot contain a line break, got "a\\r"; rename it'],
  [{ database: '/^.*$' }, `'hba[0].database' ${RE}`],
  [{ user: '/^.*$' }, `'hba[0].user' ${RE}`],
  [
    { purpose: 'x\nhost all all all trust' },
    '\'hba[0].purpose\' must be one line that does not end in a backslash, got "x\\nhost all all all trust"; shorten it',
  ],
  [
    { purpose: 'x\\' },
    '\'hba[0].purpose\' must be one line that does not end in a backslash, got "x\\\\"; shorten it',
  ],
  [
    { address: '0.0.0.0/0' },
    "'hba[0].address' cannot admit every address, got '0.0.0.0/0'; name the subnet",
  ],
  [{ address: '::/0' }, "'hba[0].address' cannot admit every address, got '::/0'; name the subnet"],
  [{ address: 'all' }, "'hba[0].address' cannot admit every address, got 'all'; name the subnet"],
  [
    { address: '10.0.1.0 255.255.255.0' },
    '\'hba[0].address\' must be one network as CIDR, got "10.0.1.0 255.255.255.0"; write it like 10.0.1.0/24',
  ],
  [
    { address: '"all"' },
    '\'hba[0].address\' must be one network as CIDR, got "\\"all\\""; write it like 10.0.1.0/24',
  ],
])('refuses %j', (given, problem) => {
  expect(() => renderHba([line(given)])).toThrow(new ValidationError('pg_hba.conf', [problem]));
});

test('names the wrong line among right ones, and all that is wrong', () => {
  expect(() => renderHba([line(), line({ user: '/x', address: 'all' })])).toThrow(
    new Error(`pg_hba.conf has 2 problems:
- 'hba[1].user' cannot start with '/', which PostgreSQL 16 takes for a regular expression, got "/x"; rename it
- 'hba[1].address' cannot admit every address, got 'all'; name the subnet`),
  );
});
