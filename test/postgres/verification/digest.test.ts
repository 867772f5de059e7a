import {
  bucketDigestsSql,
  DIGEST_SESSION,
  type DigestScope,
  digestSql,
  FilterOperator,
  rangeEndSql,
  rowHashesSql,
  saysItsEnd,
} from '../../../lib/postgres';

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
      key: [],
      ordered: false,
    }).text,
  ).toBe(
    `SELECT pg_catalog.count(*) AS rows, pg_catalog.sum(pg_catalog.hash_record_extended(ROW(pg_catalog.int8send(pg_catalog.hash_record_extended(ROW(pg_catalog.int8send("id"), pg_catalog.textsend("Note ""x"""), pg_catalog.textsend(ROW("shape")::text)), 0))), 0)) AS checksum FROM ONLY "app"."a ""b""" WHERE ("id" >= '1''')`,
  );
});

test('a partitioned table is read with its partitions, and a table without columns is counted', () => {
  expect(
    digestSql({
      table: { schema: 'app', name: 'events' },
      only: false,
      columns: [],
      rowFilters: [],
      key: [],
      ordered: false,
    }).text,
  ).toBe(
    'SELECT pg_catalog.count(*) AS rows, pg_catalog.sum(pg_catalog.hash_record_extended(ROW(pg_catalog.int8send(pg_catalog.hash_record_extended(ROW(), 0))), 0)) AS checksum FROM "app"."events"',
  );
});

test('a session is prepared in one round trip', () => {
  expect(DIGEST_SESSION.text).toBe(
    "SET client_encoding = 'UTF8'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; SET bytea_output = 'hex'; SET extra_float_digits = 1; SET lc_monetary = 'C'; SET quote_all_identifiers = off; SET search_path = pg_catalog; SET row_security = off; SET max_parallel_workers_per_gather = 0; SET jit = off",
  );
});

const KEYED: DigestScope = {
  table: { schema: 'app', name: 't' },
  only: true,
  columns: [{ name: 'id', as: 'value' }],
  rowFilters: [{ column: 'a', operator: FilterOperator.IS_NULL }],
  key: [{ name: 'id', type: 'pg_catalog.int8' }, { name: 'code' }],
  ordered: true,
};

test('a piece is a range of the key, which its end belongs to', () => {
  expect(
    digestSql(KEYED, { kind: 'range', after: ['1', "a'b"], upTo: ['2', 'c\\d'] }).text,
  ).toContain(
    ` FROM ONLY "app"."t" WHERE ("id", "code") > ('1'::pg_catalog.int8, 'a''b') AND ("id", "code") <= ('2'::pg_catalog.int8,  E'c\\\\d') AND ("a" IS NULL)`,
  );
});

test('rows are read in the key’s order', () => {
  expect(
    rowHashesSql(KEYED, {
      kind: 'keys',
      keys: [
        ['1', 'a'],
        ['2', 'b'],
      ],
    }).text,
  ).toBe(
    `SELECT pg_catalog.json_build_array("id"::text, "code"::text)::text AS key, pg_catalog.hash_record_extended(ROW("id"), pg_catalog.hash_record_extended(ROW("id", pg_catalog.textsend(ROW("code")::text)), 0))::text AS hash FROM ONLY "app"."t" WHERE ("id", "code") IN (('1'::pg_catalog.int8, 'a'), ('2'::pg_catalog.int8, 'b')) AND ("a" IS NULL) ORDER BY "id", "code"`,
  );
});

test('a range ends after so many rows, whether they are wanted or not', () => {
  expect(rangeEndSql(KEYED, ['1', 'a'], 500).text).toBe(
    `SELECT pg_catalog.json_build_array("id"::text, "code"::text)::text AS key FROM (SELECT "id", "code" FROM ONLY "app"."t" WHERE ("id", "code") > ('1'::pg_catalog.int8, 'a') ORDER BY "id", "code" OFFSET 499 LIMIT 1) AS last`,
  );
});

test('a head ends after so many rows, and says where if its key is a whole number', () => {
  const scope: DigestScope = {
    ...KEYED,
    columns: [{ name: 'id', as: 'value' }, { name: 'a "b"' }],
    key: [{ name: 'id', type: 'pg_catalog.int8' }],
    rowFilters: [],
  };
  const hash =
    'pg_catalog.hash_record_extended(ROW("id", pg_catalog.textsend(ROW("a ""b""")::text)), "id"::pg_catalog.int8)';

  expect(digestSql(scope, { kind: 'head', after: ['7'], rows: 500 }).text).toBe(
    `SELECT pg_catalog.count(*) AS rows, pg_catalog.sum(${hash}) AS checksum, pg_catalog.max("id")::text AS last FROM (SELECT "id", "a ""b""" FROM ONLY "app"."t" WHERE "id" > '7'::pg_catalog.int8 ORDER BY "id" LIMIT 500) AS head`,
  );
  expect(digestSql(KEYED, { kind: 'head', rows: 500 }).text).toContain(
    ' FROM (SELECT "id", "code" FROM ONLY "app"."t" WHERE ("a" IS NULL) ORDER BY "id", "code" LIMIT 500) AS head',
  );
  expect(saysItsEnd(scope)).toBe(true);
  expect(saysItsEnd({ ...scope, ordered: false })).toBe(false);
  expect(saysItsEnd({ ...scope, rowFilters: KEYED.rowFilters })).toBe(false);
  expect(saysItsEnd(KEYED)).toBe(false);
});

test('a piece is digested by buckets of its keys, and some of them are read', () => {
  const bucket =
    '(pg_catalog.hash_record_extended(ROW("id", pg_catalog.textsend(ROW("code")::text)), 0) & 7)::int';
  expect(bucketDigestsSql(KEYED, { kind: 'range' }, 8).text).toBe(
    `SELECT bucket, pg_catalog.count(*) AS rows, pg_catalog.sum(hash) AS checksum FROM (SELECT ${bucket} AS bucket, pg_catalog.hash_record_extended(ROW("id"), pg_catalog.hash_record_extended(ROW("id", pg_catalog.textsend(ROW("code")::text)), 0)) AS hash FROM ONLY "app"."t" WHERE ("a" IS NULL) OFFSET 0) AS digested GROUP BY bucket`,
  );
  expect(
    rowHashesSql(KEYED, { kind: 'range', buckets: { of: 8, numbers: [1, 5] } }).text,
  ).toContain(`WHERE ${bucket} = ANY ('{1,5}'::int[]) AND ("a" IS NULL)`);
});

test('a whole number is its own seed, which binds every value to its row', () => {
  expect(
    digestSql({
      ...KEYED,
      rowFilters: [],
      columns: [{ name: 'id', send: 'pg_catalog.int8send' }, { name: 'shape' }],
      key: [{ name: 'id', type: 'pg_catalog.int8' }],
    }).text,
  ).toBe(
    'SELECT pg_catalog.count(*) AS rows, pg_catalog.sum(pg_catalog.hash_record_extended(ROW("id", pg_catalog.textsend(ROW("shape")::text)), "id"::pg_catalog.int8)) AS checksum FROM ONLY "app"."t"',
  );
});
