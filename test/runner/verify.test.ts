import type { Client } from 'pg';
import type { Connection, TableSelection } from '../../lib/postgres';
import { FilterOperator } from '../../lib/postgres';
import {
  staticSecrets,
  type Verification,
  type VerifyOptions,
  verifyTables,
} from '../../lib/runner';
import { startTestServer, type TestServer } from '../servers';

const SELECTION: TableSelection = { schemas: ['app'] };

/** One schema in many databases would be dear; each test makes its own schema on both servers. */
let servers: readonly [TestServer, TestServer];
let source: Client;
let target: Client;

beforeAll(async () => {
  servers = await Promise.all([
    startTestServer({ name: 'onPremises', major: 14 }),
    startTestServer({ name: 'aurora', major: 18 }),
  ]);
  [source, target] = await Promise.all([servers[0].client(), servers[1].client()]);
});
afterAll(() => Promise.all(servers.map((server) => server.stop())));

beforeEach(async () => {
  for (const client of [source, target]) {
    await client.query(
      'DROP SCHEMA IF EXISTS app CASCADE; CREATE SCHEMA app; SET search_path = app',
    );
  }
});

function connectionTo(server: TestServer, database = 'postgres'): Connection {
  return {
    server: server.server.name,
    host: '127.0.0.1',
    port: server.server.port,
    database,
    secret: server.server.name,
    sslMode: 'verify-full',
    caCertificate: server.server.caCertificate,
  };
}

function secretsOf(...all: readonly TestServer[]) {
  return staticSecrets(
    Object.fromEntries(
      all.map(({ server: { name, superuser } }) => [
        name,
        { username: superuser.user, password: superuser.password },
      ]),
    ),
  );
}

async function verify(
  selection: TableSelection = SELECTION,
  options: Partial<VerifyOptions> = {},
): Promise<Verification> {
  return verifyTables({
    source: connectionTo(servers[0]),
    target: connectionTo(servers[1]),
    secrets: secretsOf(...servers),
    selection,
    settleMs: 0,
    ...options,
  });
}

async function both(text: string): Promise<void> {
  await Promise.all([source.query(text), target.query(text)]);
}

/** Results without times and counts, by table name. */
function outcomes({ tables }: Verification): Record<string, string> {
  return Object.fromEntries(
    tables.map(({ table, status, reason }) => [
      table.name,
      reason === undefined ? status : `${status}: ${reason}`,
    ]),
  );
}

test('equal tables are the same, in whatever order their rows and columns are', async () => {
  await source.query(`
    CREATE TABLE t (id bigint PRIMARY KEY, gone int, name text, price numeric(10,2));
    ALTER TABLE t DROP COLUMN gone;
    INSERT INTO t SELECT g, 'name ' || g, g * 1.5 FROM generate_series(1, 1000) g`);
  await target.query(`
    CREATE TABLE t (price numeric(10,2), name text, id bigint PRIMARY KEY);
    INSERT INTO t SELECT g * 1.5, 'name ' || g, g FROM generate_series(1000, 1, -1) g`);
  await both('CREATE TABLE empty (id int); CREATE TABLE "no columns" ()');

  const verification = await verify();

  expect(verification).toEqual({
    status: 'same',
    seconds: expect.any(Number),
    tables: [
      ['empty', 0],
      ['no columns', 0],
      ['t', 1000],
    ].map(([name, rows]) => ({
      table: { schema: 'app', name },
      status: 'same',
      sourceRows: rows,
      targetRows: rows,
      seconds: expect.any(Number),
    })),
  });
});

test('each way in which a table can differ', async () => {
  const tables = ['fewer', 'more', 'changed', 'swapped', 'folded', 'doubled', 'nulled', 'emptied'];
  for (const name of tables) {
    await both(`
      CREATE TABLE "${name}" (id bigint, name text);
      INSERT INTO "${name}" VALUES (1, 'one'), (2, 'two'), (3, ''), (3, '')`);
  }
  await both('CREATE TABLE "no columns" ()');
  await source.query(`CREATE TABLE "only here" (id int); INSERT INTO "no columns" DEFAULT VALUES`);
  await target.query(`
    DELETE FROM fewer WHERE id = 1;
    INSERT INTO more VALUES (3, '');
    UPDATE changed SET name = 'One' WHERE id = 1;
    UPDATE swapped SET name = CASE name WHEN 'one' THEN 'two' ELSE 'one' END WHERE id < 3;
    UPDATE folded SET id = 4294967296 WHERE id = 1;
    UPDATE doubled SET id = 1, name = 'one' WHERE id = 2;
    UPDATE nulled SET name = NULL WHERE id = 3;
    DELETE FROM emptied;
    CREATE TABLE "only there" (id int)`);

  const verification = await verify();

  expect(verification.status).toBe('differs');
  expect(outcomes(verification)).toEqual({
    fewer: 'differs: "onPremises" has 4 rows, "aurora" has 3',
    more: 'differs: "onPremises" has 4 rows, "aurora" has 5',
    changed: 'differs: the 4 rows do not have the same contents',
    swapped: 'differs: the 4 rows do not have the same contents',
    folded: 'differs: the 4 rows do not have the same contents',
    doubled: 'differs: the 4 rows do not have the same contents',
    nulled: 'differs: the 4 rows do not have the same contents',
    emptied: 'differs: "onPremises" has 4 rows, "aurora" has 0',
    'no columns': 'differs: "onPremises" has 1 rows, "aurora" has 0',
    'only here': 'differs: it is missing on "aurora"',
    'only there': 'differs: it is missing on "onPremises"',
  });
});

test('what is equal but not the same differs', async () => {
  const cases: readonly (readonly [type: string, here: string, there: string])[] = [
    ['numeric', '1.0', '1.00'],
    ['numeric', '1.1234567', '1.123457'],
    ['float8', '0.0', "'-0.0'"],
    ['interval', "'24 hours'", "'1 day'"],
    ['jsonb', `'{"a": 1.0}'`, `'{"a": 1.00}'`],
    ['json', `'{"a": 1}'`, `'{"a":1}'`],
    ['xid', "'1'", "'2'"],
    ['money', "'1.01'", "'1.02'"],
    ['point', "'(1,2)'", "'(1,3)'"],
    ['bit(3)', "'101'", "'111'"],
    ['tsvector', "'a b'", "'a c'"],
    ['text COLLATE blind', "'Foo'", "'fOO'"],
    ['citext', "'Foo'", "'fOO'"],
    ['text', 'NULL', "'NULL'"],
    ['text', 'NULL', "''"],
    ['text[]', "'{NULL}'", `'{"NULL"}'`],
    ['pair', "'(1.0,)'", "'(1.0,NULL)'"],
    ['bit varying', "'1'", "'10'"],
    ['nummultirange', "'{[1.0,2]}'", "'{[1.00,2]}'"],
    ['time', "'24:00'", "'00:00'"],
    ['timetz', "'12:00+00'", "'13:00+01'"],
    ['name', "'a'", "'b'"],
    ['xml', "'<a/>'", "'<a></a>'"],
    ['numeric[]', "'{1.0}'", "'{1.00}'"],
    ['int[]', "'{1}'", "'[2:2]={1}'"],
    ['pair', "'(1.0,)'", `'(1.0,"")'`],
    ['pair', "'(1.0,a)'", "'(1.00,a)'"],
    ['price', '1.0', '1.00'],
    ['mood', "'good'", "'bad'"],
    ['numrange', "'[1.0,2]'", "'[1.00,2]'"],
    ['regclass', "'pg_class'", "'pg_type'"],
    ['timestamptz', "'2026-01-01 00:00:00+00'", "'2026-01-01 00:00:00.000001+00'"],
    ['bytea', "'\\x00'", "'\\x0000'"],
    ['char(3)', "'a'", "'b'"],
    ['uuid', "'00000000-0000-0000-0000-000000000000'", "'00000000-0000-0000-0000-000000000001'"],
  ];
  await both(`
    CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE EXTENSION citext;
    CREATE TYPE pair AS (amount numeric, note text);
    CREATE DOMAIN price AS numeric CHECK (VALUE > 0);
    CREATE TYPE mood AS ENUM ('good', 'bad')`);
  for (const [index, [type, here, there]] of cases.entries()) {
    await both(
      `CREATE TABLE same_${index} (v ${type}); INSERT INTO same_${index} VALUES (${here})`,
    );
    await both(`CREATE TABLE other_${index} (v ${type})`);
    await source.query(`INSERT INTO other_${index} VALUES (${here})`);
    await target.query(`INSERT INTO other_${index} VALUES (${there})`);
  }

  const found = outcomes(await verify());

  for (const [index, what] of cases.entries()) {
    expect({ what, found: found[`same_${index}`] }).toEqual({ what, found: 'same' });
    expect({ what, found: found[`other_${index}`] }).toEqual({
      what,
      found: 'differs: the 1 rows do not have the same contents',
    });
  }
});

test('what the servers are set to does not count', async () => {
  await both(`CREATE TABLE t (id int PRIMARY KEY, at timestamptz, every interval, bytes bytea, amount money, near float8,
    times timestamptz[])`);
  await both(`INSERT INTO t SELECT g, timestamptz '2026-03-29 01:30+00' + g * interval '1 hour', g * interval '90 minutes',
    decode('00ff', 'hex'), g::numeric::money, 1.0 / g, ARRAY[timestamptz '2026-06-01 00:00+00'] FROM generate_series(1, 100) g`);
  const settings = [
    "TimeZone = 'Europe/Berlin'",
    "DateStyle = 'German, DMY'",
    "IntervalStyle = 'iso_8601'",
    "bytea_output = 'escape'",
    'extra_float_digits = 0',
    "client_encoding = 'LATIN1'",
    "search_path = 'app'",
  ];
  for (const setting of settings) await target.query(`ALTER DATABASE postgres SET ${setting}`);

  const verification = await verify();
  await target.query('ALTER DATABASE postgres RESET ALL');

  expect(outcomes(verification)).toEqual({ t: 'same' });
});

test('databases in different encodings are the same if their characters are', async () => {
  await source.query('CREATE DATABASE latin ENCODING LATIN1 LOCALE "C" TEMPLATE template0');
  const latin = await servers[0].client('latin');
  await latin.query('CREATE SCHEMA app; SET search_path = app');
  for (const client of [latin, target]) {
    await client.query(`CREATE TABLE t (name text PRIMARY KEY, notes text[]);
      INSERT INTO t VALUES ('Zoë', '{é}'), ('Zoe', NULL), ('Ümit', '{}')`);
  }
  const inLatin = { source: connectionTo(servers[0], 'latin') };

  expect(outcomes(await verify(SELECTION, inLatin))).toEqual({ t: 'same' });
  await target.query(`UPDATE t SET notes = '{e}' WHERE name = 'Zoë'`);
  const { tables } = await verify(SELECTION, inLatin);
  await latin.end();
  await source.query('DROP DATABASE latin');

  expect(tables).toMatchObject([
    { status: 'differs', differences: [{ key: ['Zoë'], on: 'both' }] },
  ]);
});

test('the column that replicas are told apart by serves as a key', async () => {
  await both(`
    CREATE TABLE t (a int, code text COLLATE "C" NOT NULL, UNIQUE (a), UNIQUE (code));
    INSERT INTO t SELECT NULL, 'c' || g FROM generate_series(1, 100) g`);
  await target.query(`UPDATE t SET a = 1 WHERE code = 'c42'`);

  expect((await verify()).tables).toMatchObject([
    { status: 'differs', differences: [{ key: ['c42'], on: 'both' }] },
  ]);
});

test('columns of another type are the same if their values read the same', async () => {
  await source.query(`
    CREATE TABLE wider (id int, tags int[], name varchar(9)); INSERT INTO wider VALUES (1, '{1,2}', 'a');
    CREATE TABLE rounded (price numeric); INSERT INTO rounded VALUES (1.5)`);
  await target.query(`
    CREATE TABLE wider (id bigint, tags bigint[], name text); INSERT INTO wider VALUES (1, '{1,2}', 'a');
    CREATE TABLE rounded (price numeric(28,6)); INSERT INTO rounded VALUES (1.5)`);

  expect(outcomes(await verify())).toEqual({
    wider: 'same',
    rounded: 'differs: the 1 rows do not have the same contents',
  });
});

test('columns that are missing on one side', async () => {
  await source.query('CREATE TABLE a (id int, note text); CREATE TABLE b (id int)');
  await target.query('CREATE TABLE a (id int); CREATE TABLE b (id int, "Extra" int)');

  expect(outcomes(await verify())).toEqual({
    a: 'differs: the column "note" is missing on "aurora"',
    b: 'differs: the column "Extra" is missing on "onPremises"',
  });
});

test('a selection of columns and rows', async () => {
  await both('CREATE TABLE orders (id int, region text, note text); CREATE TABLE skipped (id int)');
  await source.query(`INSERT INTO orders VALUES (1, 'eu', 'x'), (2, 'us', 'y'), (3, 'eu', 'z')`);
  await source.query('INSERT INTO skipped VALUES (1)');
  await target.query(`INSERT INTO orders VALUES (1, 'eu', NULL), (3, 'eu', NULL)`);
  const selection: TableSelection = {
    schemas: ['app'],
    tables: [
      {
        schema: 'app',
        name: 'orders',
        columns: ['id', 'region'],
        rowFilters: [{ column: 'region', operator: FilterOperator.EQUAL, values: ['eu'] }],
      },
    ],
    exclude: [{ schema: 'app', name: 'skipped' }],
  };

  expect(outcomes(await verify(selection))).toEqual({ orders: 'same' });

  await target.query(`INSERT INTO orders VALUES (2, 'us', 'y')`);
  expect(outcomes(await verify(selection))).toEqual({
    orders: 'differs: "onPremises" has 2 rows, "aurora" has 3',
  });
});

test('partitions are compared as one table, and children as tables of their own', async () => {
  await source.query(`
    CREATE TABLE events (id int, at date) PARTITION BY RANGE (id);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
    CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10) TO (20);
    CREATE TABLE plain (id int)`);
  await target.query(`
    CREATE TABLE events (id int, at date);
    CREATE TABLE plain (id int) PARTITION BY LIST (id);
    CREATE TABLE plain_rest PARTITION OF plain DEFAULT`);
  await both(`
    CREATE TABLE parent (id int); CREATE TABLE child () INHERITS (parent);
    INSERT INTO events VALUES (1, '2026-01-01'), (11, '2026-01-02');
    INSERT INTO plain VALUES (1), (2); INSERT INTO parent VALUES (1)`);
  await source.query('INSERT INTO child VALUES (2)');

  expect(outcomes(await verify())).toEqual({
    events: 'same',
    plain: 'same',
    parent: 'same',
    child: 'differs: "onPremises" has 1 rows, "aurora" has 0',
  });
});

test('generated columns are compared', async () => {
  await source.query('CREATE TABLE g (id int, twice int GENERATED ALWAYS AS (id * 2) STORED)');
  await target.query('CREATE TABLE g (id int, twice int GENERATED ALWAYS AS (id * 2) VIRTUAL)');
  await both('INSERT INTO g (id) VALUES (1), (2)');

  expect(outcomes(await verify())).toEqual({ g: 'same' });
});

test('what cannot be compared is unchecked, and the others are compared', async () => {
  await both(`
    CREATE TABLE fine (id int); CREATE TABLE hidden (id int); CREATE TABLE filtered (id int);
    CREATE VIEW looked_at AS SELECT 1 AS id; CREATE VIEW ignored AS SELECT 1 AS id;
    CREATE TABLE unfilterable (id int)`);
  await target.query(`
    DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN PASSWORD 'reader';
    GRANT USAGE ON SCHEMA app TO reader;
    GRANT SELECT ON ALL TABLES IN SCHEMA app TO reader; REVOKE ALL ON hidden FROM reader;
    ALTER TABLE filtered ENABLE ROW LEVEL SECURITY`);
  const { superuser } = servers[0].server;
  const verification = await verify(
    {
      schemas: ['app'],
      tables: [
        { schema: 'app', name: 'looked_at' },
        { schema: 'app', name: 'nowhere' },
        { schema: 'app', name: 'fine', columns: ['id', 'nothing'] },
        {
          schema: 'app',
          name: 'unfilterable',
          rowFilters: [{ column: 'other', operator: FilterOperator.IS_NULL }],
        },
      ],
    },
    {
      secrets: staticSecrets({
        onPremises: { username: superuser.user, password: superuser.password },
        aurora: { username: 'reader', password: 'reader' },
      }),
    },
  );
  await target.query('DROP OWNED BY reader; DROP ROLE reader');

  expect(verification.status).toBe('unchecked');
  expect(outcomes(verification)).toEqual({
    looked_at: 'unchecked: on "onPremises" it is a view, not a table',
    nowhere: 'unchecked: the selection names it, but it is on neither server',
    fine: 'unchecked: the selection names the column "nothing", but it is on neither server',
    unfilterable:
      'unchecked: cannot read "app"."unfilterable" on "onPremises": the server said "column "other" does not exist" [42703]',
    hidden:
      'unchecked: cannot read "app"."hidden" on "aurora": the server said "permission denied for table hidden" [42501]',
    filtered:
      'unchecked: cannot read "app"."filtered" on "aurora": the server said "query would be affected by row-level security policy for table "filtered"" [42501]',
  });
});

test('a table that takes too long is unchecked', async () => {
  await both(`
    CREATE TABLE slow (id int); INSERT INTO slow SELECT generate_series(1, 200000);
    CREATE TABLE quick (id int)`);

  expect(outcomes(await verify(SELECTION, { tableTimeoutMs: 5 }))).toEqual({
    quick: 'same',
    slow: 'unchecked: the time for it was spent before it was compared',
  });
});

test('no table at all proves nothing', async () => {
  expect(await verify()).toMatchObject({ status: 'unchecked', tables: [] });
});

test('a server that is lost ends the verification with its name', async () => {
  const lost = await startTestServer({ name: 'lost', major: 17 });
  const client = await lost.client();
  const make =
    'CREATE SCHEMA IF NOT EXISTS app; CREATE TABLE app.a (id int); CREATE TABLE app.b (id int); CREATE TABLE app.c (id int)';
  await Promise.all([client.query(make), source.query(make)]);

  // Holds the verification up until the server is gone.
  const lock = await servers[0].client();
  await lock.query('BEGIN; LOCK TABLE app.b IN ACCESS EXCLUSIVE MODE');
  const killed: Promise<unknown>[] = [];

  const verification = verify(SELECTION, {
    target: connectionTo(lost),
    secrets: secretsOf(servers[0], lost),
    concurrency: 1,
    // Its sessions end with it; those of a server that is only killed may still answer for a moment.
    onTable: () => killed.push(lost.server.stop('immediate').then(() => lock.query('ROLLBACK'))),
  });

  await expect(verification).rejects.toMatchObject({ code: 'VERIFY_INTERRUPTED' });
  await Promise.all(killed);
  await lost.stop();
});
