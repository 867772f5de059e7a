import {
  createTopology,
  deriveCutover,
  deriveSettings,
  diffSettings,
  FilterOperator,
  LinkKind,
  Platform,
  PublisherSslMode,
  renderAlterSystem,
  type TopologyLink,
  type TopologyProps,
  topologyProblems,
  topologyWarnings,
  WalLevel,
} from '../../lib/postgres';

const selection = { schemas: ['shop'] };

function pair(
  link: Partial<TopologyLink> = {},
  majors: readonly [number, number] = [15, 17],
  platform = Platform.SELF_MANAGED,
): TopologyProps {
  const [blue, green] = majors.map((majorVersion) => ({
    platform,
    majorVersion,
    database: 'shop',
    walLevel: WalLevel.LOGICAL,
  }));
  if (blue === undefined || green === undefined) throw new Error('two majors are needed');
  return {
    servers: { blue, green },
    links: [{ kind: LinkKind.PGLOGICAL, from: 'blue', to: 'green', selection, ...link }],
  };
}

test('goes from 15 to 17, which was tried, and says of others that they were not', () => {
  expect(topologyProblems(pair())).toEqual([]);
  expect(topologyWarnings(createTopology(pair()))).toEqual([]);
  expect(topologyWarnings(createTopology(pair({}, [14, 16])))).toEqual([
    `unchecked: pglogical from 'blue' (14) to 'green' (16); it was tried from 15 to 17, so rehearse it with these majors first`,
  ]);
});

test('refuses what pglogical cannot do, each with the way out', () => {
  expect(topologyProblems(pair({}, [17, 15]))).toEqual([
    `'links[0]' must not lead to an older PostgreSQL by pglogical, got 17 and 15; pglogical of the older one makes no slot on the newer one to copy rows by, so use a NATIVE link`,
  ]);
  const tables = [
    {
      schema: 'shop',
      name: 'orders',
      columns: ['id'],
      rowFilters: [{ column: 'id', operator: FilterOperator.IS_NOT_NULL }],
    },
  ];
  expect(topologyProblems(pair({ selection: { tables } }))).toEqual([
    `'links[0].selection.tables.columns' cannot be given for pglogical, whose subscriber fails on a table that lacks columns; leave it out or use a NATIVE link`,
    `'links[0].selection.tables.rowFilters' cannot be given for pglogical, which leaves rows that no longer match where they are; leave it out or use a NATIVE link`,
  ]);
  const { servers, links } = pair({ from: 'standby' }, [17, 17]);
  const standby = { ...servers.blue, walLevel: undefined };
  expect(
    topologyProblems({
      servers: { ...servers, standby: JSON.parse(JSON.stringify(standby)) },
      links: [{ kind: LinkKind.PHYSICAL, from: 'blue', to: 'standby' }, ...links],
    }),
  ).toEqual([
    `'links[1].from' must be a server that takes writes for a pglogical link, since a node writes, got the standby 'standby'; replicate from its primary, or use a NATIVE link`,
  ]);
});

test.each(['blue', 'green'])('has %s set what a node needs', (name) => {
  const settings = deriveSettings(createTopology(pair()), name);
  const shown = settings.map(({ name: setting, value, rule }) => `${setting} ${rule} ${value}`);
  expect(shown).toEqual(
    expect.arrayContaining([
      'wal_level equal logical',
      'shared_preload_libraries includes pglogical',
      'max_worker_processes at-least 16',
      'log_error_verbosity equal terse',
      'pglogical.synchronous_commit equal on',
      'track_commit_timestamp equal on',
    ]),
  );
  expect(new Set(settings.map(({ name: setting }) => setting)).size).toBe(settings.length);
});

test('leaves what is preloaded to a cloud, and in the list what else is there', () => {
  const names = (platform: Platform): readonly string[] =>
    deriveSettings(createTopology(pair({}, [15, 17], platform)), 'blue').map(({ name }) => name);
  expect(names(Platform.OCI_POSTGRESQL)).not.toContain('shared_preload_libraries');
  const needed = deriveSettings(createTopology(pair()), 'blue').filter(
    ({ name }) => name === 'shared_preload_libraries',
  );
  const reported = (setting: string) => [
    { name: 'shared_preload_libraries', setting, unit: null, pendingRestart: false },
  ];
  expect(diffSettings(needed, reported('pg_cron, pglogical'))).toEqual([]);
  expect(renderAlterSystem(diffSettings(needed, reported('pg_cron')))).toEqual([
    `ALTER SYSTEM SET shared_preload_libraries = 'pg_cron', 'pglogical';`,
  ]);
});

test('carries both ways of a cutover', () => {
  const { forward, reverse } = deriveCutover(createTopology(pair()), {
    migration: 'shop',
    to: 'green',
    forward: { subscription: 'pontoon', publication: 'pontoon' },
    reverse: {
      subscription: 'pontoon_reverse',
      publication: 'pontoon_reverse',
      slotName: 'pontoon_reverse',
      publisher: {
        server: 'green',
        host: 'green.example',
        port: 5432,
        database: 'shop',
        secret: 'env:READER_',
        sslMode: PublisherSslMode.VERIFY_FULL,
        sslRootCert: '',
      },
    },
    transformations: [],
    keep: {},
  });
  expect([...forward, ...(reverse ?? [])].map(({ kind, decoder }) => [kind, decoder])).toEqual([
    [LinkKind.PGLOGICAL, 'blue'],
    [LinkKind.PGLOGICAL, 'green'],
  ]);
});
