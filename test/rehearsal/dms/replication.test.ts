import { startTestServer, type TestServer } from '../../servers';
import { behaviour } from './behaviour';
import { eventually, Pair, selecting, settings } from './task';

let pg: TestServer;
let pair: Pair;

beforeAll(async () => {
  pg = await startTestServer({
    settings: { wal_level: 'logical', max_replication_slots: '50', max_wal_senders: '50' },
  });
});
afterEach(() => pair.close());
afterAll(() => pg.stop());

const ORDERS = 'CREATE TABLE orders (id int PRIMARY KEY, name text)';

behaviour('reads the named slot with test_decoding', async () => {
  pair = await Pair.create(pg, ORDERS);
  await pair.source.query(
    "INSERT INTO orders SELECT n, 'row ' || n FROM generate_series(1, 1000) n",
  );
  const task = await pair.loaded(pair.task());
  await pair.source.query("INSERT INTO orders VALUES (2001, 'new')");
  await pair.source.query("UPDATE orders SET name = 'changed' WHERE id < 10");
  await pair.source.query('DELETE FROM orders WHERE id BETWEEN 20 AND 29');
  await pair.same('SELECT * FROM orders ORDER BY id');
  const { rows } = await pair.source.query(
    'SELECT active FROM pg_replication_slots WHERE slot_name = $1',
    [pair.slot],
  );
  expect(rows).toEqual([{ active: true }]);
  expect(task.state().tables[0]).toMatchObject({
    state: 'Table completed',
    fullLoadRows: 1000,
    inserts: 1,
    updates: 9,
    deletes: 10,
  });
  await task.stop();
  expect(task.state()).toMatchObject({ status: 'stopped', stopReason: 'Stop Reason NORMAL' });
});

behaviour('makes its control tables in the ControlSchema', async () => {
  pair = await Pair.create(pg, ORDERS);
  await pair.target.query('CREATE SCHEMA kept');
  const task = await pair.loaded(
    pair.task({
      taskSettings: settings({
        TargetMetadata: { TaskRecoveryTableEnabled: true },
        ControlTablesSettings: { ControlSchema: 'kept' },
      }),
    }),
  );
  await eventually(async () => {
    const { rows } = await pair.target.query(
      "SELECT schemaname, tablename FROM pg_tables WHERE tablename LIKE 'awsdms%' ORDER BY 2",
    );
    expect(rows).toEqual(
      ['awsdms_apply_exceptions', 'awsdms_txn_state'].map((tablename) => ({
        schemaname: 'kept',
        tablename,
      })),
    );
  });
  await task.stop();
});

const AWKWARD = `
  CREATE TYPE mood AS ENUM ('glad', 'it''s "odd"');
  CREATE TABLE "We ird.T""x" (
    id int PRIMARY KEY, "C ol""[x]" text, tags text[], m mood, b bytea, j jsonb, bits bit varying,
    f float8, n numeric(10,2), t timestamptz, i interval, c char(5), flag boolean, big text)`;

test('keeps every value that test_decoding can print', async () => {
  pair = await Pair.create(pg, AWKWARD);
  const task = pair.task({ taskSettings: settings({ TargetMetadata: { FullLobMode: true } }) });
  const insert = `INSERT INTO "We ird.T""x" VALUES
    ($1, 'it''s "quoted" [x]: null
second line \\ end ''', ARRAY['a,b', NULL, '"', ''], 'it''s "odd"', '\\x00ff27', '{"a": "it''s"}', B'1010',
    'NaN', 12.50, '2026-11-21 01:02:03.456789+01', '1 mon -2 days 03:04:05.6', 'ab', true,
    (SELECT string_agg(md5(n::text), '''') FROM generate_series(1, 2000) n)),
    ($1 + 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'unchanged-toast-datum'),
    ($1 + 2, '', '{}', 'glad', '', 'null', B'', '-Infinity', 'NaN', 'infinity', '0', '', false, '')`;
  await pair.source.query(insert.replaceAll('$1', '1'));
  await pair.loaded(task);
  await pair.source.query(insert.replaceAll('$1', '11'));
  await pair.source.query('UPDATE "We ird.T""x" SET f = 1e-300, flag = NOT flag');
  await pair.same('SELECT md5(t::text) AS row, id, flag FROM "We ird.T""x" t ORDER BY id');
  expect(task.state().tables[0]).toMatchObject({
    fullLoadRows: 3,
    inserts: 3,
    updates: 6,
    exceptions: 0,
  });
});

behaviour('tolerates changes that overlap with the full load', async () => {
  pair = await Pair.create(pg, ORDERS);
  await pair.source.query("INSERT INTO orders SELECT n, 'old' FROM generate_series(1, 20000) n");
  const writer = await pg.client(String(pair.servers().source.database));
  let writing = true;
  const written = (async () => {
    for (let n = 20_001; writing || n < 20_100; n += 1) {
      await writer.query("INSERT INTO orders VALUES ($1, 'new')", [n]);
      await writer.query("UPDATE orders SET name = name || '+' WHERE id IN ($1, $2)", [
        n,
        n - 20_000,
      ]);
      await writer.query('DELETE FROM orders WHERE id = $1', [n - 10_000]);
    }
  })();
  const task = await pair.loaded(pair.task());
  writing = false;
  await written;
  await pair.same('SELECT count(*), md5(string_agg(o::text, $$,$$ ORDER BY id)) FROM orders o');
  expect(task.state().tables[0]?.exceptions).toBe(0);
});

behaviour('applies as an ordinary session without a replication origin', async () => {
  pair = await Pair.create(pg, ORDERS);
  await pair.target.query(
    "SELECT pg_create_logical_replication_slot('local_only', 'test_decoding')",
  );
  await pair.loaded(pair.task());
  await pair.source.query("INSERT INTO orders VALUES (1, 'one')");
  await pair.same('SELECT * FROM orders');
  const { rows } = await pair.target.query(
    "SELECT data FROM pg_logical_slot_get_changes('local_only', NULL, NULL, 'only-local', 'on') WHERE data LIKE 'table%'",
  );
  await pair.target.query("SELECT pg_drop_replication_slot('local_only')");
  expect(rows).toEqual([{ data: "table public.orders: INSERT: id[integer]:1 name[text]:'one'" }]);
  expect((await pair.target.query('SELECT * FROM pg_replication_origin')).rows).toEqual([]);
});

behaviour('ignores UPDATE and DELETE without a primary key', async () => {
  pair = await Pair.create(
    pg,
    'CREATE TABLE loose (id int, name text); ALTER TABLE loose REPLICA IDENTITY FULL',
  );
  await pair.source.query("INSERT INTO loose VALUES (1, 'a'), (2, 'b')");
  const task = await pair.loaded(pair.task());
  await pair.source.query("UPDATE loose SET name = 'c' WHERE id = 1");
  await pair.source.query('DELETE FROM loose WHERE id = 2');
  await pair.source.query("INSERT INTO loose VALUES (3, 'd')");
  await pair.targetHas('SELECT * FROM loose ORDER BY id', [
    { id: 1, name: 'a' },
    { id: 2, name: 'b' },
    { id: 3, name: 'd' },
  ]);
  expect(task.state().tables[0]).toMatchObject({
    inserts: 1,
    updates: 0,
    deletes: 0,
    ignoredWithoutKey: 2,
  });
});

behaviour('ignores an update of a primary key', async () => {
  pair = await Pair.create(pg, ORDERS);
  await pair.source.query("INSERT INTO orders VALUES (1, 'one')");
  const task = await pair.loaded(pair.task());
  await pair.source.query("UPDATE orders SET id = 2, name = 'two'");
  await pair.source.query("INSERT INTO orders VALUES (3, 'three')");
  await pair.targetHas('SELECT * FROM orders ORDER BY id', [
    { id: 1, name: 'one' },
    { id: 3, name: 'three' },
  ]);
  expect(task.state().tables[0]).toMatchObject({ updates: 0, exceptions: 0 });
});

behaviour('ignores TRUNCATE', async () => {
  pair = await Pair.create(pg, ORDERS);
  await pair.source.query("INSERT INTO orders VALUES (1, 'one')");
  const task = await pair.loaded(pair.task());
  await pair.source.query('TRUNCATE orders');
  await pair.source.query("INSERT INTO orders VALUES (2, 'two')");
  await pair.targetHas('SELECT id FROM orders ORDER BY id', [{ id: 1 }, { id: 2 }]);
  expect(task.state().tables[0]?.ignoredTruncates).toBe(1);
  expect(pair.progress).toContainEqual({
    type: 'warning',
    message: 'TRUNCATE of table "public"."orders" was ignored',
  });
});

behaviour('does not capture DDL', async () => {
  pair = await Pair.create(pg, ORDERS);
  await pair.loaded(pair.task());
  await pair.source.query('ALTER TABLE orders ADD COLUMN extra text; CREATE TABLE more (id int)');
  await pair.source.query("INSERT INTO orders VALUES (1, 'one', 'extra')");
  await pair.targetHas('SELECT * FROM orders', [{ id: 1, name: 'one' }]);
  await pair.targetHas("SELECT to_regclass('more') AS more", [{ more: null }]);
});

behaviour('rounds numerics without precision to (28,6)', async () => {
  pair = await Pair.create(
    pg,
    'CREATE TABLE n (id int PRIMARY KEY, free numeric, bound numeric(20,10))',
  );
  const values = '1.23456789, 1.2345678901), ($1, -0.0000005, NULL), ($2, NULL, 0)';
  await pair.source.query(
    `INSERT INTO n VALUES (1, ${values.replace('$1', '2').replace('$2', '3')}`,
  );
  await pair.loaded(pair.task());
  await pair.source.query(
    `INSERT INTO n VALUES (11, ${values.replace('$1', '12').replace('$2', '13')}`,
  );
  const expected = [
    { free: '1.234568', bound: '1.2345678901' },
    { free: '-0.000001', bound: null },
    { free: null, bound: '0.0000000000' },
  ];
  await pair.targetHas('SELECT free, bound FROM n ORDER BY id', [...expected, ...expected]);
});

behaviour('sends booleans as the texts true and false', async () => {
  const target = 'CREATE TABLE b (id int PRIMARY KEY, as_text varchar(5), as_boolean boolean)';
  pair = await Pair.create(
    pg,
    'CREATE TABLE b (id int PRIMARY KEY, as_text boolean, as_boolean boolean)',
    target,
  );
  await pair.source.query('INSERT INTO b VALUES (1, true, true), (2, false, false)');
  await pair.loaded(pair.task());
  await pair.source.query('INSERT INTO b VALUES (3, true, true), (4, NULL, NULL)');
  await pair.targetHas('SELECT * FROM b ORDER BY id', [
    { id: 1, as_text: 'true', as_boolean: true },
    { id: 2, as_text: 'false', as_boolean: false },
    { id: 3, as_text: 'true', as_boolean: true },
    { id: 4, as_text: null, as_boolean: null },
  ]);
});

behaviour('runs AfterConnectScript in its sessions', async () => {
  const forbidding = `CREATE FUNCTION forbid() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'triggered'; END $$;
    CREATE TRIGGER forbid BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION forbid()`;
  pair = await Pair.create(pg, ORDERS, `${ORDERS}; ${forbidding}`);
  await pair.source.query("INSERT INTO orders VALUES (1, 'one')");
  await pair.loaded(
    pair.task({ targetSettings: { AfterConnectScript: "SET session_replication_role='replica'" } }),
  );
  await pair.source.query("INSERT INTO orders VALUES (2, 'two')");
  await pair.same('SELECT * FROM orders ORDER BY id');
});

test('applies a change of an idle source within 200 ms', async () => {
  pair = await Pair.create(pg, ORDERS);
  await pair.loaded(pair.task());
  for (let id = 1; id <= 20; id += 1) {
    await pair.source.query("INSERT INTO orders VALUES ($1, 'x')", [id]);
    await pair.targetHas('SELECT count(*)::int AS n FROM orders', [{ n: id }]);
  }
  const latencies = pair.progress.flatMap((one) =>
    one.type === 'committed' ? [one.latencyMs ?? Infinity] : [],
  );
  expect(Math.min(...latencies)).toBeLessThan(200);
});

test('reports lag as zero once the target has caught up', async () => {
  pair = await Pair.create(pg, ORDERS);
  const task = await pair.loaded(pair.task());
  await pair.source.query("INSERT INTO orders SELECT n, 'x' FROM generate_series(1, 5000) n");
  await pair.same('SELECT count(*) FROM orders');
  await eventually(() => expect(task.state().lag).toEqual({ bytes: 0n, milliseconds: 0 }));
});

test('leaves tables alone that no rule selects', async () => {
  pair = await Pair.create(pg, `${ORDERS}; CREATE TABLE other (id int PRIMARY KEY)`);
  const task = await pair.loaded(pair.task({ tableMappings: selecting('orders') }));
  await pair.source.query("INSERT INTO other VALUES (1); INSERT INTO orders VALUES (1, 'one')");
  await pair.same('SELECT * FROM orders');
  await pair.targetHas('SELECT * FROM other', []);
  expect(task.state().tables.map(({ tableName }) => tableName)).toEqual(['orders']);
});
