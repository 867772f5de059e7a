import { startTestServer, type TestServer } from '../../servers';
import { eventually, Pair, settings } from './task';

let pg: TestServer;
let pair: Pair | undefined;

beforeAll(async () => {
  pg = await startTestServer({
    settings: { wal_level: 'logical', max_replication_slots: '50', max_wal_senders: '50' },
  });
});
afterEach(async () => {
  await pair?.close();
  pair = undefined;
});
afterAll(() => pg.stop());

test('loads rows and replicates inserts, updates and deletes', async () => {
  pair = await Pair.create(pg, 'CREATE TABLE orders (id int PRIMARY KEY, name text)');
  await pair.source.query(
    "INSERT INTO orders SELECT n, 'row ' || n FROM generate_series(1, 1000) n",
  );
  const task = await pair.loaded(pair.task());
  await pair.source.query("INSERT INTO orders VALUES (2001, 'new')");
  await pair.source.query("UPDATE orders SET name = 'changed' WHERE id < 10");
  await pair.source.query('DELETE FROM orders WHERE id BETWEEN 20 AND 29');
  await pair.same('SELECT * FROM orders ORDER BY id');
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
second line \\\\ end ''', ARRAY['a,b', NULL, '"', ''], 'it''s "odd"', '\\\\x00ff27', '{"a": "it''s"}', B'1010',
    'NaN', 12.50, '2026-11-21 01:02:03.456789+01', '1 mon -2 days 03:04:05.6', 'ab', true, repeat('toast''', 20000)),
    ($1 + 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'unchanged-toast-datum'),
    ($1 + 2, '', '{}', 'glad', '', 'null', B'', '-Infinity', 'NaN', 'infinity', '0', '', false, '')`;
  await pair.source.query(insert.replaceAll('$1', '1'));
  await pair.loaded(task);
  await pair.source.query(insert.replaceAll('$1', '11'));
  await pair.source.query(`UPDATE "We ird.T""x" SET f = 1e-300, flag = NOT flag`);
  const all = 'SELECT md5(t::text) AS row, id, flag FROM "We ird.T""x" t ORDER BY id';
  await eventually(async () => expect((await pair?.target.query(all))?.rows[3]?.flag).toBe(false));
  await pair.same(all);
  expect(task.state().tables[0]).toMatchObject({
    fullLoadRows: 3,
    inserts: 3,
    updates: 6,
    exceptions: 0,
  });
});
