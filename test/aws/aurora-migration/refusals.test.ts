import { SourceRoute } from '../../../lib/aws';
import { FilterOperator } from '../../../lib/postgres';
import { type Changes, refusal } from './fixture';

const REFUSALS: readonly [string, Changes, string][] = [
  [
    'a database without a name',
    { source: { databaseName: '' } },
    "'source.databaseName' must not be empty, got ''; give a name",
  ],
  [
    'a major that is too old',
    { source: { majorVersion: 13 } },
    "'source.majorVersion' must be a whole PostgreSQL major of at least 14, got 13; upgrade the server first",
  ],
  [
    'options of a new cluster for an existing one',
    { source: { cluster: { readers: 2 } } },
    "'source.cluster' must be left out for an existing cluster, got options; remove them or 'source.existing'",
  ],
  [
    'an existing source that is empty',
    { source: { filled: false } },
    "'source.filled' must be left out for an existing cluster, got false; deploy the migration once its schemas are there",
  ],
  [
    'a new source of an unknown engine',
    { source: { existing: undefined, majorVersion: 14 } },
    "'source.cluster.engineVersion' must be given for PostgreSQL 14, of which no Aurora version is known here, got nothing; take it from the Aurora release notes",
  ],
  [
    'a peering without networks',
    {
      existing: { peering: { cidrs: [], route: SourceRoute.vpcPeering('pcx-0a1b2c3d4e5f67890') } },
    },
    "'source.existing.peering.cidrs' must name the networks of the source, got none; write them like 10.1.0.0/16",
  ],
  [
    'a peering with every address',
    {
      existing: {
        peering: { cidrs: ['0.0.0.0/0'], route: SourceRoute.vpcPeering('pcx-0a1b2c3d4e5f67890') },
      },
    },
    '\'source.existing.peering.cidrs[0]\' must be a network as CIDR and not every address, got "0.0.0.0/0"; write it like 10.1.0.0/16',
  ],
  [
    'a failover slot before PostgreSQL 17',
    { replication: { failoverSlot: true } },
    "'replication.failoverSlot' requires PostgreSQL 17 or later on the source, got 16; leave it out",
  ],
  [
    'half a generation',
    { replication: { passwordGeneration: 1.5 } },
    "'replication.passwordGeneration' must be a whole number of at least 1, got 1.5; count it up by 1",
  ],
  [
    'rows that are left out with a way back',
    {
      replication: {
        selection: {
          tables: [
            {
              schema: 'shop',
              name: 'orders',
              rowFilters: [{ column: 'id', operator: FilterOperator.AT_LEAST, values: ['1'] }],
            },
          ],
        },
      },
    },
    "'replication.selection.tables.rowFilters' cannot be given where there is a way back, since rows that were left out are not on the target; remove it, or declare 'replication.wayBack: false'",
  ],
  [
    'columns that are left out by a source that is too old for it',
    {
      source: { majorVersion: 14 },
      replication: {
        selection: { tables: [{ schema: 'shop', name: 'orders', columns: ['id'] }] },
        wayBack: false,
      },
    },
    "'replication.selection.tables.columns' requires PostgreSQL 15 or later on the source, got 14; leave it out",
  ],
  [
    'a part that is not in the selection',
    { replication: { parts: [{ name: 'big', tables: [{ schema: 'audit', name: 'log' }] }] } },
    `'replication.parts[0].tables[0]' must be a table that 'replication.selection' selects, got "audit"."log"; correct it, or select it`,
  ],
  [
    'parts that leave nothing',
    { replication: { parts: [{ name: 'all', schemas: ['shop'] }] } },
    "'replication.parts' must leave something of 'replication.selection' to the rest, got parts that take everything; leave one of them out",
  ],
  [
    'columns that are left out of a part with a way back',
    {
      replication: {
        selection: {
          schemas: ['shop'],
          tables: [{ schema: 'shop', name: 'orders', columns: ['id'] }],
        },
        parts: [{ name: 'orders', tables: [{ schema: 'shop', name: 'orders' }] }],
      },
    },
    "'replication.selection.tables.columns' cannot be given where there is a way back, since columns that were left out are not on the target; remove it, or declare 'replication.wayBack: false'",
  ],
];

test.each(REFUSALS)('refuses %s', (_what, changes, problem) => {
  expect(refusal(changes)).toBe(`Aurora migration 'Migration': ${problem}`);
});

test('says everything that is wrong at once', () => {
  const message = refusal({
    source: { databaseName: '' },
    replication: { passwordGeneration: 0 },
  });
  expect(message).toContain("'source.databaseName'");
  expect(message).toContain("'replication.passwordGeneration'");
  expect(message).not.toContain('target.databaseName');
});

test('says of all parts at once what is wrong', () => {
  const orders = { schema: 'shop', name: 'orders' };
  const parts = [
    { name: 'Big', tables: [orders] },
    { name: 'more', tables: [orders] },
    { name: 'more' },
  ];
  expect(refusal({ replication: { parts } })).toBe(
    [
      "Aurora migration 'Migration' has 4 problems:",
      `- 'replication.parts[0].name' must be a lower-case letter followed by up to 19 lower-case letters, digits or underscores, got "Big"; names of slots end with it, so choose another one`,
      `- 'replication.parts' must have names of their own, got "more" twice; rename one`,
      `- 'replication.parts[1].tables[0]' must be in one part only, got "shop"."orders", of which 'replication.parts[0].tables[0]' has tables too; remove one of the two`,
      "- 'replication.parts[2]' must name at least one schema or table, got none; set 'schemas' or 'tables'",
    ].join('\n'),
  );
});
