import type { Client } from 'pg';
import {
  FilterOperator,
  quoteQualified,
  type RowFilter,
  rowFilterSql,
  type SelectedTable,
} from '../../../lib/postgres';
import { sampleTables } from '../../../lib/rehearsal/workload/sample-tables';
import { startTestServer, type TestServer } from '../../servers';

let server: TestServer;
let client: Client;
beforeAll(async () => {
  server = await startTestServer({});
  client = await server.client();
});
afterAll(() => server.stop());

/** Makes and fills `table` and counts its rows inside and outside of the selection. */
async function counts(
  table: Omit<SelectedTable, 'schema' | 'name'>,
): Promise<{ inside: number; outside: number }> {
  const name = { schema: 'public', name: 'a "table"' };
  const [sample] = sampleTables({ tables: [{ ...name, ...table }] });
  if (sample === undefined) throw new Error('a named table has no sample');
  await client.query(`DROP TABLE IF EXISTS ${quoteQualified(name)}`);
  await client.query(sample.ddl);
  await client.query(sample.fill(200));
  const filters = table.rowFilters ?? [];
  const where = filters.length === 0 ? 'true' : rowFilterSql(filters);
  const { rows } = await client.query<{ inside: number; outside: number }>(
    `SELECT count(*) FILTER (WHERE ${where})::int AS inside, count(*) FILTER (WHERE (${where}) IS NOT TRUE)::int AS outside FROM ${quoteQualified(name)}`,
  );
  return rows[0] ?? { inside: 0, outside: 0 };
}

async function columns(): Promise<unknown[]> {
  const { rows } = await client.query(
    `SELECT attname AS name, format_type(atttypid, NULL) AS type, coalesce(attnum = ANY (indkey), false) AS key
     FROM pg_attribute LEFT JOIN pg_index ON indrelid = attrelid AND indisprimary
     WHERE attrelid = '"a ""table"""'::regclass AND attnum > 0 ORDER BY attnum`,
  );
  return rows;
}

const { EQUAL, NOT_EQUAL, AT_LEAST, AT_MOST, BETWEEN, NOT_BETWEEN, IS_NULL, IS_NOT_NULL } =
  FilterOperator;

test.each<[FilterOperator, string[]]>([
  [EQUAL, ['-7']],
  [EQUAL, ['5', '900000']],
  [EQUAL, ["it's", 'b']],
  [NOT_EQUAL, ['1', '2', '3']],
  [NOT_EQUAL, ['new', 'paid']],
  [AT_LEAST, ['1000000']],
  [AT_LEAST, ['2024-01-01']],
  [AT_MOST, ['-1000000']],
  [AT_MOST, ['m']],
  [BETWEEN, ['5000', '6000']],
  [BETWEEN, ['b', 'c']],
  [NOT_BETWEEN, ['-5', '999999999999999999']],
  [NOT_BETWEEN, ['b', 'c']],
  [IS_NULL, []],
])('half of the rows meet %s %j', async (operator, values) => {
  const rowFilters: RowFilter[] = [{ column: 'Region', operator, values }];
  expect(await counts({ rowFilters })).toEqual({ inside: 5, outside: 5 });
});

test('every row meets IS_NOT_NULL, whose column is part of the key', async () => {
  const rowFilters = [{ column: 'region', operator: IS_NOT_NULL }];
  expect(await counts({ rowFilters })).toEqual({ inside: 10, outside: 0 });
  expect(await columns()).toEqual([
    { name: 'id', type: 'bigint', key: true },
    { name: 'region', type: 'text', key: true },
    { name: 'payload', type: 'text', key: false },
  ]);
});

test('rows meet all filters on several columns, and several on one', async () => {
  const rowFilters = [
    { column: 'region', operator: AT_LEAST, values: ['10'] },
    { column: 'region', operator: NOT_EQUAL, values: ['10', '11'] },
    { column: 'region', operator: AT_MOST, values: ['12'] },
    { column: 'state', operator: EQUAL, values: ['new'] },
    { column: 'deleted', operator: IS_NULL },
  ];
  expect(await counts({ rowFilters })).toEqual({ inside: 5, outside: 5 });
  expect(await columns()).toContainEqual({ name: 'deleted', type: 'text', key: false });
});

test.each([
  ['text', 'abc'],
  ['bigint', '-4'],
])('a filter on id makes it %s, and another column counts the rows', async (type, value) => {
  const rowFilters = [{ column: 'id', operator: EQUAL, values: [value] }];
  expect(await counts({ rowFilters })).toEqual({ inside: 5, outside: 5 });
  expect(await columns()).toEqual([
    { name: 'row', type: 'bigint', key: true },
    { name: 'id', type, key: true },
    { name: 'payload', type: 'text', key: false },
  ]);
});

test('listed columns hold the key and are filled, also one called payload', async () => {
  expect(await counts({ columns: ['number', 'payload', 'note'] })).toEqual({
    inside: 10,
    outside: 0,
  });
  expect(await columns()).toEqual([
    { name: 'number', type: 'bigint', key: true },
    { name: 'payload', type: 'text', key: false },
    { name: 'note', type: 'text', key: false },
    { name: 'payload_', type: 'text', key: false },
  ]);
  const { rows } = await client.query('SELECT * FROM "a ""table""" ORDER BY number LIMIT 1');
  expect(rows).toEqual([{ number: '1', payload: 'row 1', note: 'row 1', payload_: 'row 1' }]);
});

test('listed columns that all have filters are the key, each value once', async () => {
  const rowFilters = [{ column: 'region', operator: EQUAL, values: ['a', 'b'] }];
  expect(await counts({ columns: ['region'], rowFilters })).toEqual({ inside: 2, outside: 3 });
});
