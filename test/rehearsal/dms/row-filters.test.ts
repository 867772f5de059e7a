import fc from 'fast-check';
import {
  compileTableMappings,
  FilterOperator,
  type RowFilter,
  rowFilterSql,
} from '../../../lib/postgres';
import { readMappingRules } from '../../../lib/rehearsal/dms/mapping-rules';
import { filterSql } from '../../../lib/rehearsal/dms/row-filter';
import { readSourceTables } from '../../../lib/rehearsal/dms/source-catalog';
import { planTables } from '../../../lib/rehearsal/dms/table-plan';
import { startTestServer, type TestServer } from '../../servers';

let pg: TestServer;
beforeAll(async () => {
  pg = await startTestServer({ settings: { wal_level: 'logical' } });
  await (await pg.client()).query(`
    CREATE TABLE t (id int PRIMARY KEY, size int, kind char(3), day date, share numeric(4, 2));
    INSERT INTO t SELECT row_number() OVER (), size, kind, day, share
      FROM unnest(ARRAY[NULL, 1, 2, 3]) size, unnest(ARRAY[NULL, 'a', 'ab', 'b']) kind,
        unnest(ARRAY[NULL, '2026-01-01', '2026-02-01']::date[]) day, unnest(ARRAY[NULL, 0, 0.5]) share`);
});
afterAll(() => pg.stop());

const VALUES = {
  size: ['1', '2', '3'],
  kind: ['a', 'ab', 'b  '],
  day: ['2026-01-01', '2026-1-31', '2026-02-01'],
  share: ['0', '0.50', '-1'],
};
const COUNTS = {
  eq: [1, 3],
  noteq: [1, 3],
  gte: [1, 1],
  ste: [1, 1],
  null: [0, 0],
  notnull: [0, 0],
};

const rowFilter: fc.Arbitrary<RowFilter> = fc
  .tuple(
    fc.constantFrom(...(Object.keys(VALUES) as (keyof typeof VALUES)[])),
    fc.constantFrom(...Object.values(FilterOperator)),
  )
  .chain(([column, operator]) => {
    const counts: Readonly<Record<string, readonly number[]>> = COUNTS;
    const [minLength = 2, maxLength = 2] = counts[operator] ?? [];
    return fc
      .array(fc.constantFrom(...VALUES[column]), { minLength, maxLength })
      .map((values) => ({ column, operator, values }));
  });

test('a mapping and a publication let the same rows pass, whatever the filters', async () => {
  const client = await pg.client();
  const [table] = (await readSourceTables(client)).filter(({ name }) => name === 't');
  if (table === undefined) throw new Error('the catalog lacks the table');
  const ids = async (condition: string): Promise<readonly unknown[]> =>
    (await client.query(`SELECT id FROM t WHERE ${condition} ORDER BY id`)).rows;
  const property = async (rowFilters: RowFilter[]): Promise<void> => {
    const selection = { tables: [{ schema: 'public', name: 't', rowFilters }] };
    const settings = { lobs: { mode: 'unlimited' }, mapBooleanAsBoolean: true } as const;
    const [plan] = planTables([table], readMappingRules(compileTableMappings(selection)), settings);
    const mapped = filterSql(plan?.filters ?? [], plan?.types ?? new Map(), (column) => column);
    await client.query(
      `DROP PUBLICATION IF EXISTS p; CREATE PUBLICATION p FOR TABLE t WHERE (${rowFilterSql(rowFilters)})`,
    );
    const { rows } = await client.query<{ published: string }>(
      "SELECT rowfilter AS published FROM pg_publication_tables WHERE pubname = 'p'",
    );
    expect(await ids(mapped)).toEqual(await ids(rows[0]?.published ?? ''));
  };
  const filters = fc.array(rowFilter, { minLength: 1, maxLength: 4 });
  await fc.assert(fc.asyncProperty(filters, property), {
    numRuns: 100,
    examples: [
      [
        [
          { column: 'size', operator: FilterOperator.EQUAL, values: ['1', '2'] },
          { column: 'size', operator: FilterOperator.NOT_EQUAL, values: ['2', '3'] },
        ],
      ],
    ],
  });
});

const only = (filters: readonly object[], ...others: readonly object[]): object => ({
  rules: [{ 'rule-action': 'include', filters }, ...others].map((rule, index) => ({
    'rule-type': 'selection',
    'rule-id': index + 1,
    'object-locator': { 'schema-name': 'public', 'table-name': 't' },
    ...rule,
  })),
});
const filter = (...conditions: readonly object[]): object => ({
  'filter-type': 'source',
  'column-name': 'size',
  'filter-conditions': conditions,
});

test('a filter with a negative operator beside another condition is refused', () => {
  const noteq = (value: string): object => ({ 'filter-operator': 'noteq', value });
  expect(() => readMappingRules(only([filter(noteq('1'), noteq('2'))]))).toThrow(
    new Error(
      'DMS table mappings: mapping rule 1: a filter with a negative operator must have one condition, got 2 on "size"; give each a filter of its own',
    ),
  );
});

test('a filter of an explicit rule, which DMS would ignore, is refused', () => {
  const rules = only([filter({ 'filter-operator': 'null' })]);
  const explicit = JSON.parse(JSON.stringify(rules).replace('include', 'explicit'));
  expect(() => readMappingRules(explicit)).toThrow(
    new Error(
      'DMS table mappings: mapping rule 1: filters require an include of one table by its exact name',
    ),
  );
});

test('a table that a filtering rule and another one select is refused', () => {
  const rules = readMappingRules(
    only([filter({ 'filter-operator': 'notnull' })], {
      'rule-action': 'include',
      'object-locator': { 'schema-name': 'pub%', 'table-name': '%' },
    }),
  );
  const size = {
    name: 'size',
    type: 'integer',
    unconstrainedNumeric: false,
    unboundedVarchar: false,
  };
  const table = { schema: 'public', name: 't', columns: [size], primaryKey: [] };
  const settings = { lobs: { mode: 'none' }, mapBooleanAsBoolean: true } as const;
  expect(() => planTables([table], rules, settings)).toThrow(
    new Error(
      'DMS table mappings: mapping rules 1 and 2 cannot both select "public"."t", of which one filters rows; keep one of them',
    ),
  );
});
