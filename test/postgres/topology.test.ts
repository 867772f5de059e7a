import { Lazy, Token } from 'aws-cdk-lib';
import {
  createTopology,
  isManaged,
  LinkKind,
  linksFrom,
  linksInto,
  namesOf,
  Platform,
  plainTopology,
  primaryOf,
  readTopology,
  serverOf,
  slotNameOf,
  standbyLinkInto,
  type TopologyLink,
  type TopologyProps,
  type TopologyServer,
  topologyProblems,
  topologyWarnings,
  ValidationError,
  WalLevel,
} from '../../lib/postgres';

const selection = { schemas: ['public'] };

function server(given: Partial<TopologyServer> = {}): TopologyServer {
  return { platform: Platform.SELF_MANAGED, majorVersion: 17, database: 'shop', ...given };
}

const SERVERS = {
  onPremises: server({ walLevel: WalLevel.LOGICAL }),
  standby: server({ platform: Platform.EC2 }),
  aurora: server({ platform: Platform.AURORA }),
};
const PHYSICAL: TopologyLink = { kind: LinkKind.PHYSICAL, from: 'onPremises', to: 'standby' };
const NATIVE: TopologyLink = { kind: LinkKind.NATIVE, from: 'standby', to: 'aurora', selection };
const DMS: TopologyLink = { ...NATIVE, kind: LinkKind.DMS };

/** The hybrid chain, with other servers or links. */
function chain(
  servers: Record<string, TopologyServer> = {},
  links: TopologyLink[] = [PHYSICAL, DMS],
): TopologyProps {
  return { servers: { ...SERVERS, ...servers }, links };
}

/** Both servers of the chain before Aurora, changed alike. */
function source(given: Partial<TopologyServer>): Record<string, TopologyServer> {
  return {
    onPremises: { ...SERVERS.onPremises, ...given },
    standby: { ...SERVERS.standby, ...given },
  };
}

/** What no program of types would write, but a file or JavaScript may. */
function untyped(value: unknown): never {
  return value as never;
}

test.each([
  ['the chain by DMS', chain()],
  ['the native chain', chain({}, [PHYSICAL, NATIVE])],
  [
    'a promoted standby of PostgreSQL 14',
    chain(source({ majorVersion: 14, walLevel: WalLevel.REPLICA }), [
      { ...PHYSICAL, promoted: true },
    ]),
  ],
  [
    'decoding on a promoted standby of PostgreSQL 14',
    chain(source({ majorVersion: 14, walLevel: undefined }), [
      { ...PHYSICAL, promoted: true },
      DMS,
    ]),
  ],
  ['a single server', { servers: { one: server() }, links: [] }],
  [
    'two links from one server',
    chain({ other: server({ platform: Platform.RDS }) }, [PHYSICAL, DMS, { ...DMS, to: 'other' }]),
  ],
  [
    'a standby of a standby',
    chain({ far: server() }, [PHYSICAL, { ...PHYSICAL, from: 'standby', to: 'far' }]),
  ],
])('accepts %s', (_what, props) => {
  expect(topologyProblems(props)).toEqual([]);
  expect(createTopology(props)).toEqual({ ...props, checked: true });
});

describe('the bridge on a standby and the bridge by promotion', () => {
  const promote =
    "promote 'standby' and replicate from it as a primary ('promoted: true' on its physical link)";

  test('decoding on a standby of PostgreSQL 15 names the promotion', () => {
    expect(
      topologyProblems(chain(source({ majorVersion: 15, walLevel: WalLevel.LOGICAL }))),
    ).toEqual([
      `'links[1].from' requires PostgreSQL 16 or later to decode on a standby, got 15; ${promote}`,
    ]);
  });

  test.each([
    ['replica', WalLevel.REPLICA, '"replica"'],
    ['no', undefined, 'nothing'],
  ])('a primary with %s wal_level names both ways', (_what, walLevel, got) => {
    expect(topologyProblems(chain({ onPremises: server({ walLevel }) }))).toEqual([
      `'servers.onPremises.walLevel' must be 'logical' for its standby 'standby' to decode, got ${got}; set wal_level = logical there and say so, or ${promote}`,
    ]);
  });

  test('the promotion asks nothing of the first primary', () => {
    const servers = { onPremises: server({ walLevel: WalLevel.REPLICA }) };
    expect(topologyProblems(chain(servers, [{ ...PHYSICAL, promoted: true }, DMS]))).toEqual([]);
  });

  test('a standby of a standby asks the primary at the top', () => {
    const servers = { onPremises: server(), far: server() };
    const links = [PHYSICAL, { ...PHYSICAL, from: 'standby', to: 'far' }, { ...DMS, from: 'far' }];
    expect(topologyProblems(chain(servers, links))).toEqual([
      `'servers.onPremises.walLevel' must be 'logical' for its standby 'far' to decode, got nothing; set wal_level = logical there and say so, or promote 'far' and replicate from it as a primary ('promoted: true' on its physical link)`,
    ]);
  });
});

test.each<[string, TopologyProps, string[]]>([
  [
    'a name that no template could hold',
    { servers: { 'on premises': server() }, links: [] },
    [
      'a server\'s name must be a letter followed by up to 39 letters, digits or hyphens, got "on premises"; rename it',
    ],
  ],
  [
    'a name of 41 letters',
    { servers: { ['a'.repeat(41)]: server() }, links: [] },
    [
      `a server's name must be a letter followed by up to 39 letters, digits or hyphens, got "${'a'.repeat(41)}"; rename it`,
    ],
  ],
  [
    'an old major',
    { servers: { one: server({ majorVersion: 13 }) }, links: [] },
    [
      "'servers.one.majorVersion' must be a whole PostgreSQL major of at least 14, got 13; upgrade the server first",
    ],
  ],
  [
    'half a major',
    { servers: { one: server({ majorVersion: 16.2 }) }, links: [] },
    [
      "'servers.one.majorVersion' must be a whole PostgreSQL major of at least 14, got 16.2; upgrade the server first",
    ],
  ],
  [
    'a database without a name',
    { servers: { one: server({ database: '' }) }, links: [] },
    ["'servers.one.database' must not be empty, got ''; give a name"],
  ],
  [
    'links between strangers',
    chain({}, [{ ...DMS, from: 'constructor', to: 'nowhere' }]),
    [
      '\'links[0].from\' must name a server, got "constructor"; known are onPremises, standby, aurora',
      '\'links[0].to\' must name a server, got "nowhere"; known are onPremises, standby, aurora',
    ],
  ],
  [
    'a link of a server to itself',
    chain({}, [{ ...NATIVE, from: 'onPremises', to: 'onPremises' }]),
    ["'links[0]' must join two servers, got 'onPremises' twice; correct 'to'"],
  ],
  [
    'a slot with upper-case letters',
    chain({}, [{ ...PHYSICAL, slotName: 'B' }]),
    [
      '\'links[0].slotName\' must consist of lower-case letters, digits and underscores, got "B"; rename the slot',
    ],
  ],
  [
    'physical replication with clouds',
    chain({ rds: server({ platform: Platform.RDS }) }, [
      { ...PHYSICAL, from: 'rds', to: 'aurora' },
    ]),
    [
      "'links[0]' cannot be physical, since 'rds' is managed by rds, which offers no physical replication; use a NATIVE or DMS link",
      "'links[0]' cannot be physical, since 'aurora' is managed by aurora, which offers no physical replication; use a NATIVE or DMS link",
    ],
  ],
  [
    'a physical copy of another major and database, and of a part',
    chain({ standby: server({ majorVersion: 16, database: 'Shop' }) }, [
      { ...PHYSICAL, selection },
    ]),
    [
      "'links[0]' must join servers of one major, got 17 and 16; a physical copy is bound to its major, so give 'standby' 17",
      '\'links[0]\' must join servers with the same database, got "shop" and "Shop"; a physical copy keeps the names',
      "'links[0].selection' cannot be given for a physical link, which copies the whole server; move it to the logical link",
    ],
  ],
  [
    'a promotion of a subscriber',
    chain({}, [PHYSICAL, { ...DMS, promoted: false }]),
    [
      "'links[1].promoted' must be left out for a dms link, got false; only a physical standby is promoted",
    ],
  ],
  [
    'changes applied to a standby',
    chain({}, [PHYSICAL, { ...NATIVE, from: 'aurora', to: 'standby' }]),
    [
      "'links[1].to' must be a server that takes writes, got the standby 'standby'; write to its primary",
    ],
  ],
  [
    'a target in the cloud that could not replicate back',
    chain({ aurora: server({ platform: Platform.AURORA, walLevel: WalLevel.REPLICA }) }),
    ["'servers.aurora.walLevel' must be 'logical' on aurora, got 'replica'; leave it out"],
  ],
  [
    'logical links that select nothing',
    chain({}, [
      PHYSICAL,
      { ...DMS, selection: undefined },
      { ...NATIVE, slotName: 'n', selection: {} },
    ]),
    [
      "'links[1].selection' must be given for a dms link, got nothing; name schemas or tables",
      "'links[2].selection' must name at least one schema or table, got none; set 'schemas' or 'tables'",
    ],
  ],
  [
    'decoding where the log does not suffice',
    chain({ onPremises: server({ walLevel: WalLevel.REPLICA }) }, [{ ...DMS, from: 'onPremises' }]),
    [
      "'servers.onPremises.walLevel' must be 'logical' to decode there, got 'replica'; set wal_level = logical and restart the server",
    ],
  ],
  [
    'decoding on a standby that is set to replica',
    chain({ standby: server({ platform: Platform.EC2, walLevel: WalLevel.REPLICA }) }),
    ["'servers.standby.walLevel' must be 'logical' to decode there, got 'replica'; leave it out"],
  ],
  [
    'parts of tables published by PostgreSQL 14',
    chain({ onPremises: server({ majorVersion: 14 }) }, [
      {
        ...NATIVE,
        from: 'onPremises',
        selection: {
          tables: [
            {
              schema: 'public',
              name: 'orders',
              columns: ['id'],
              rowFilters: [{ column: 'id', operator: untyped('notnull') }],
            },
          ],
        },
      },
    ]),
    [
      "'links[0].selection.tables.rowFilters' requires PostgreSQL 15 or later on 'onPremises', got 14; leave it out or use a DMS link",
      "'links[0].selection.tables.columns' requires PostgreSQL 15 or later on 'onPremises', got 14; leave it out or use a DMS link",
    ],
  ],
  [
    'two primaries of one standby',
    chain({ other: server() }, [PHYSICAL, { ...PHYSICAL, from: 'other' }]),
    [
      "server 'standby' must be the standby of one server, got 'onPremises' and 'other'; remove one link",
    ],
  ],
  [
    'a circle of standbys',
    chain({}, [PHYSICAL, { ...PHYSICAL, from: 'standby', to: 'onPremises' }]),
    [
      "server 'onPremises' cannot be a standby of itself, which its physical links make it; remove the link that closes the circle",
      "server 'standby' cannot be a standby of itself, which its physical links make it; remove the link that closes the circle",
    ],
  ],
  [
    'one slot for two links',
    chain({ other: server() }, [
      { ...NATIVE, from: 'onPremises', slotName: 'same' },
      { ...DMS, from: 'onPremises', to: 'other', slotName: 'same' },
    ]),
    [
      "slot 'same' on 'onPremises' must serve one link, got those to 'aurora' and 'other'; set 'slotName' on one",
    ],
  ],
  [
    'tables in two links between the same servers',
    chain({}, [
      { ...NATIVE, from: 'onPremises' },
      { ...NATIVE, from: 'onPremises', slotName: 'other' },
      {
        ...NATIVE,
        from: 'onPremises',
        part: 'orders',
        selection: { tables: [{ schema: 'public', name: 'orders' }] },
      },
    ]),
    [
      "'part' must tell 'links[0]' and 'links[1]' apart, both from 'onPremises' to 'aurora', got nothing for both; give one another name",
      `'links[0]' and 'links[1]' must share no table, got schema "public" in both; leave each to one of them`,
      `'links[0]' and 'links[2]' must share no table, got "public"."orders" in both; leave each to one of them`,
      `'links[1]' and 'links[2]' must share no table, got "public"."orders" in both; leave each to one of them`,
    ],
  ],
  [
    'parts of what is no subscription, or with names that no slot can have',
    chain({}, [PHYSICAL, { ...DMS, part: 'orders' }, { ...NATIVE, slotName: 'n', part: 'Orders' }]),
    [
      `'links[1].part' must be left out for a dms link, got "orders"; only subscriptions share tables`,
      `'links[2].part' must be a lower-case letter followed by up to 19 lower-case letters, digits or underscores, got "Orders"; names of slots end with it, so choose another one`,
    ],
  ],
  [
    'receivers whose slots would have one name',
    chain({ 'my-copy': server(), myCopy: server() }, [
      { ...PHYSICAL, to: 'my-copy' },
      { ...PHYSICAL, to: 'myCopy' },
    ]),
    [
      "slot 'pontoon_my_copy' on 'onPremises' must serve one link, got those to 'my-copy' and 'myCopy'; set 'slotName' on one",
    ],
  ],
])('refuses %s', (_what, props, problems) => {
  expect(topologyProblems(props)).toEqual(problems);
});

test('says everything at once', () => {
  const props = chain({ onPremises: server({ majorVersion: 12, database: '' }) }, [
    { ...PHYSICAL, slotName: 'Slot' },
    { ...DMS, selection: undefined },
  ]);
  expect(() => createTopology(props)).toThrow(
    new ValidationError('the topology', [
      "'servers.onPremises.majorVersion' must be a whole PostgreSQL major of at least 14, got 12; upgrade the server first",
      "'servers.onPremises.database' must not be empty, got ''; give a name",
      '\'links[0].slotName\' must consist of lower-case letters, digits and underscores, got "Slot"; rename the slot',
      "'links[0]' must join servers of one major, got 12 and 17; a physical copy is bound to its major, so give 'standby' 12",
      '\'links[0]\' must join servers with the same database, got "" and "shop"; a physical copy keeps the names',
      "'links[1].selection' must be given for a dms link, got nothing; name schemas or tables",
      "'servers.onPremises.walLevel' must be 'logical' for its standby 'standby' to decode, got nothing; set wal_level = logical there and say so, or promote 'standby' and replicate from it as a primary ('promoted: true' on its physical link)",
    ]),
  );
});

test('a newer major is let through and said to be unchecked', () => {
  const props = chain({ aurora: server({ platform: Platform.AURORA, majorVersion: 19 }) });
  expect(topologyProblems(props)).toEqual([]);
  expect(topologyWarnings(props)).toEqual([
    "unchecked: server 'aurora' runs PostgreSQL 19, newer than 18, the newest that was tried",
  ]);
  expect(topologyWarnings(chain())).toEqual([]);
});

describe('what is known only at deployment', () => {
  const deferred = (path: string, what: string) =>
    `'${path}' must be known while the program runs, got ${what}; write the plain value, and give addresses and secrets as bindings`;
  const output = Object.assign(() => undefined, { __pulumiOutput: true });

  test.each<[string, TopologyProps, string]>([
    [
      'a text of the CDK',
      chain({ aurora: server({ database: Lazy.string({ produce: () => 'shop' }) }) }),
      deferred('servers.aurora.database', 'a CDK token'),
    ],
    [
      'a text around one of the CDK',
      chain({ aurora: server({ database: `x${Lazy.string({ produce: () => 'shop' })}` }) }),
      deferred('servers.aurora.database', 'a CDK token'),
    ],
    [
      'a number of the CDK',
      chain({ aurora: server({ majorVersion: Lazy.number({ produce: () => 17 }) }) }),
      deferred('servers.aurora.majorVersion', 'a CDK token'),
    ],
    [
      'a list of the CDK',
      chain({}, [{ ...DMS, selection: { schemas: Lazy.list({ produce: () => ['public'] }) } }]),
      deferred('links[0].selection.schemas', 'a CDK token'),
    ],
    [
      'an unencoded token of the CDK',
      chain({}, [{ ...DMS, selection: untyped(Lazy.any({ produce: () => selection })) }]),
      deferred('links[0].selection', 'a CDK token'),
    ],
    [
      'an encoded token of the CDK inside another text',
      chain({}, [{ ...DMS, slotName: Token.asString({ Ref: 'Name' }) }]),
      deferred('links[0].slotName', 'a CDK token'),
    ],
    [
      'an Output of Pulumi',
      chain({ aurora: server({ database: untyped(output) }) }),
      deferred('servers.aurora.database', 'a Pulumi Output'),
    ],
    [
      'an object like an Output of Pulumi',
      chain({ aurora: untyped({ __pulumiOutput: true, apply: () => undefined }) }),
      deferred('servers.aurora', 'a Pulumi Output'),
    ],
    [
      'an Output of Pulumi inside a text',
      chain({
        aurora: server({
          database: 'Calling [toString] on an [Output<T>] is not supported. To get the value …',
        }),
      }),
      deferred('servers.aurora.database', 'a Pulumi Output'),
    ],
    [
      'a function',
      chain({ aurora: untyped(() => server()) }),
      deferred('servers.aurora', 'a function'),
    ],
    [
      'an object of a class',
      chain({ aurora: server({ database: untyped(new Date(0)) }) }),
      deferred('servers.aurora.database', 'a Date object'),
    ],
  ])('%s is refused', (_what, props, problem) => {
    expect(topologyProblems(props)).toEqual([problem]);
  });
});

test.each([
  ['aurora', 'pontoon_aurora'],
  ['onPremises', 'pontoon_on_premises'],
  ['my-Copy2Go', 'pontoon_my_copy2_go'],
  ['DB1', 'pontoon_db1'],
])('the slot for %s is called %s', (to, slot) => {
  expect(slotNameOf({}, { kind: LinkKind.PHYSICAL, from: 'a', to })).toBe(slot);
});

test('two topologies of one server with two prefixes share no name', () => {
  const link = { kind: LinkKind.PHYSICAL, from: 'a', to: 'standby' };
  expect(slotNameOf({ namePrefix: 'orders' }, link)).toBe('orders_standby');
  expect(namesOf({ namePrefix: 'orders' })).toEqual({
    standbyRole: 'orders_standby',
    readerRole: 'orders_reader',
    writerRole: 'orders_writer',
    replication: 'orders',
    heartbeat: 'orders_heartbeat',
  });
  const usual = {
    standbyRole: 'pontoon_standby',
    readerRole: 'pontoon_reader',
    writerRole: 'pontoon_writer',
    replication: 'pontoon',
    heartbeat: 'heartbeat',
  };
  expect(namesOf({})).toEqual(usual);
  expect(namesOf({ namePrefix: 'pontoon' })).toEqual(usual);
});

test('a prefix is written down with its topology, and read again', () => {
  const props = { ...chain(), namePrefix: 'orders_2' };
  const topology = createTopology(props);
  expect(topology).toEqual({ ...props, checked: true });
  const written = JSON.parse(JSON.stringify(plainTopology(topology)));
  expect(readTopology(written)).toMatchObject({ namePrefix: 'orders_2', checked: true });
});

test.each(['', 'Orders', '1st', '_x', 'a-b', 'ä', 'pg', 'pg_x', 'a'.repeat(31)])(
  'a prefix cannot be %j',
  (namePrefix) => {
    expect(topologyProblems({ ...chain(), namePrefix })).toEqual([
      `'namePrefix' must be a lower-case letter followed by up to 29 lower-case letters, digits or underscores, and neither 'pg' nor begin with 'pg_', got ${JSON.stringify(namePrefix)}; slots cannot have other names, so choose another one`,
    ]);
  },
);

test('a slot keeps the name that it was given', () => {
  expect(slotNameOf({ namePrefix: 'x' }, { ...DMS, slotName: 'mine' })).toBe('mine');
});

test('finds servers, links and primaries', () => {
  const topology = createTopology(chain());
  expect(serverOf(topology, 'aurora')).toBe(SERVERS.aurora);
  expect(() => serverOf(topology, 'toString')).toThrow(
    new Error(
      "'toString' must be a server of the topology, which has onPremises, standby, aurora; correct the name",
    ),
  );
  expect(linksFrom(topology, 'standby')).toEqual([DMS]);
  expect(linksInto(topology, 'standby')).toEqual([PHYSICAL]);
  expect(standbyLinkInto(topology, 'standby')).toBe(PHYSICAL);
  expect(primaryOf(topology, 'standby')).toBe('onPremises');
  const promoted = chain({}, [{ ...PHYSICAL, promoted: true }]);
  expect(standbyLinkInto(promoted, 'standby')).toBeUndefined();
  expect(primaryOf(promoted, 'standby')).toBe('standby');
  expect(Object.values(SERVERS).map(isManaged)).toEqual([false, false, true]);
});

test('reads what a file or a template says, where every scalar may be a text', () => {
  const read = readTopology({
    servers: {
      a: { platform: 'self-managed', majorVersion: '17', database: 'shop', walLevel: 'logical' },
      b: { platform: 'ec2', majorVersion: '17', database: 'shop' },
    },
    links: [{ kind: 'physical', from: 'a', to: 'b', promoted: 'true', slotName: 'x' }],
  });
  expect(read).toEqual({
    servers: {
      a: server({ walLevel: WalLevel.LOGICAL }),
      b: server({ platform: Platform.EC2 }),
    },
    links: [{ kind: LinkKind.PHYSICAL, from: 'a', to: 'b', promoted: true, slotName: 'x' }],
    checked: true,
  });
});

test('names everything in a file that it cannot read', () => {
  const input = {
    servers: { a: { platform: 'oracle', majorVersion: 'new', walLevel: 'max', host: 'x' } },
    links: [{ kind: 'magic', from: 'a', promoted: 'perhaps' }],
    secrets: [],
  };
  expect(() => readTopology(input)).toThrow(
    new ValidationError('the topology', [
      "'servers.a.walLevel' must be one of 'replica', 'logical', got \"max\"; pick one",
      "'servers.a.platform' must be one of 'self-managed', 'ec2', 'aurora', 'rds', 'oci-vm', 'oci-postgresql', got \"oracle\"; pick one",
      '\'servers.a.majorVersion\' must be a whole number of at least 1, got "new"; correct it',
      "'servers.a.database' must be given, got nothing; add it",
      "'servers.a.host' is not known here; remove it or correct its name",
      '\'links[0].promoted\' must be true or false, got "perhaps"; correct it',
      "'links[0].kind' must be one of 'physical', 'native', 'dms', 'pglogical', got \"magic\"; pick one",
      "'links[0].to' must be given, got nothing; add it",
      "'secrets' is not known here; remove it or correct its name",
    ]),
  );
});

test('a bad prefix hides no other problem, and a major that is none leads to no others', () => {
  const props = chain({
    onPremises: server({ majorVersion: Number.NaN, walLevel: WalLevel.LOGICAL }),
    standby: server({ platform: Platform.EC2, maxSlotWalKeepMiB: 0, dataVolumeGiB: 0.5 }),
    aurora: server({ platform: Platform.AURORA, database: '' }),
  });
  expect(topologyProblems({ ...props, namePrefix: 'Orders' })).toEqual([
    `'namePrefix' must be a lower-case letter followed by up to 29 lower-case letters, digits or underscores, and neither 'pg' nor begin with 'pg_', got "Orders"; slots cannot have other names, so choose another one`,
    "'servers.onPremises.majorVersion' must be a whole PostgreSQL major of at least 14, got NaN; upgrade the server first",
    "'servers.standby.maxSlotWalKeepMiB' must be a whole number of MiB of at least 1, got 0; leave it out for no limit of ours",
    "'servers.standby.dataVolumeGiB' must be a whole number of GiB of at least 1, got 0.5; leave it out if it is not known",
    "'servers.aurora.database' must not be empty, got ''; give a name",
  ]);
});
