import { DIGEST_SESSION, digestSql, FilterOperator } from '../../../lib/postgres';

test('the bytes of every column are hashed, then the row’s hash, and the sum is order-free', () => {
  expect(
    digestSql({
      table: { schema: 'app', name: 'a "b"' },
      only: true,
      columns: [
        { name: 'id', send: 'pg_catalog.int8send' },
        { name: 'Note "x"', send: 'pg_catalog.textsend' },
        { name: 'shape' },
      ],
      rowFilters: [{ column: 'id', operator: FilterOperator.AT_LEAST, values: ["1'"] }],
    }).text,
  ).toBe(
    `SELECT pg_catalog.count(*) AS rows, pg_catalog.sum(pg_catalog.hash_record_extended(ROW(pg_catalog.int8send(pg_catalog.hash_record_extended(ROW(pg_catalog.int8send("id"), pg_catalog.textsend("Note ""x"""), ROW("shape")::text), 0))), 0)) AS checksum FROM ONLY "app"."a ""b""" WHERE ("id" >= '1''')`,
  );
});

test('a partitioned table is read with its partitions, and a table without columns is counted', () => {
  expect(
    digestSql({
      table: { schema: 'app', name: 'events' },
      only: false,
      columns: [],
      rowFilters: [],
    }).text,
  ).toBe(
    'SELECT pg_catalog.count(*) AS rows, pg_catalog.sum(pg_catalog.hash_record_extended(ROW(pg_catalog.int8send(pg_catalog.hash_record_extended(ROW(), 0))), 0)) AS checksum FROM "app"."events"',
  );
});

test('a session is prepared in one round trip', () => {
  expect(DIGEST_SESSION.text).toBe(
    "SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; SET bytea_output = 'hex'; SET extra_float_digits = 1; SET lc_monetary = 'C'; SET quote_all_identifiers = off; SET search_path = pg_catalog; SET row_security = off; SET max_parallel_workers_per_gather = 0; SET jit = off",
  );
});
