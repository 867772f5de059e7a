import { startTestServer, type TestServer } from '../../servers';
import { behaviour } from './behaviour';
import { eventually, Pair, settings } from './task';

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
const ROWS = 'SELECT * FROM orders ORDER BY id';

behaviour('resumes where the slot stands and repeats what was not confirmed', async () => {
  pair = await Pair.create(pg, ORDERS);
  const task = await pair.loaded(pair.task());
  await pair.source.query("INSERT INTO orders VALUES (1, 'one')");
  await pair.same(ROWS);
  await task.stop();
  // What a task that was killed between its commit and its confirmation leaves behind.
  await pair.source.query(
    "INSERT INTO orders VALUES (2, 'two'); UPDATE orders SET name = 'both'; DELETE FROM orders WHERE id = 1",
  );
  await pair.target.query("INSERT INTO orders VALUES (2, 'two')");
  await task.resume();
  await pair.same(ROWS);
  expect(task.state().tables[0]?.exceptions).toBe(0);
  await task.stop();

  await pair.source.query("INSERT INTO orders VALUES (3, 'three')");
  const successor = pair.task({
    taskSettings: settings({ ErrorBehavior: { ApplyErrorInsertPolicy: 'STOP_TASK' } }),
  });
  await successor.resume();
  await pair.same(ROWS);
});

test('loses nothing when transactions commit back to back and the task stops in between', async () => {
  pair = await Pair.create(pg, ORDERS);
  const task = await pair.loaded(pair.task());
  const [one, two] = await Promise.all(
    [1, 2].map(() => pg.client(String(pair.servers().source.database))),
  );
  for (let round = 1; round <= 5; round += 1) {
    await Promise.all([one, two].map((client) => client?.query('BEGIN')));
    await one?.query('INSERT INTO orders VALUES ($1)', [round * 10]);
    await two?.query('INSERT INTO orders VALUES ($1)', [round * 10 + 1]);
    await one?.query('COMMIT');
    const seen = pair.targetHas('SELECT count(*)::int AS n FROM orders', [{ n: round * 2 - 1 }]);
    await seen;
    await task.stop();
    await two?.query('COMMIT');
    await task.resume();
    await pair.same(ROWS);
  }
});

behaviour('tries a lost connection again', async () => {
  pair = await Pair.create(pg, ORDERS);
  const task = await pair.loaded(pair.task());
  const kill =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dms stand-in'";
  for (let id = 1; id <= 3; id += 1) {
    await pair.source.query(kill);
    await pair.source.query("INSERT INTO orders VALUES ($1, 'x')", [id]);
    await pair.same(ROWS);
  }
  expect(task.state().status).toBe('running');
  await task.stop();

  const impatient = pair.task({
    taskSettings: settings({ ErrorBehavior: { RecoverableErrorCount: 0 } }),
  });
  await impatient.resume();
  await eventually(async () => {
    await pair.source.query(kill);
    expect(impatient.state().status).toBe('failed');
  });
  expect(impatient.state().lastFailureMessage).toMatch(
    /^Last Error the connection was lost 1 times: .* Stop Reason FATAL_ERROR Error Level FATAL$/,
  );
});

behaviour('fails when the slot is missing or invalidated', async () => {
  pair = await Pair.create(pg, ORDERS);
  const missing = pair.task({ slotName: 'no_such_slot' });
  const message =
    'replication slot "no_such_slot" does not exist on the source; create it with test_decoding';
  await expect(missing.start()).rejects.toThrow(message);
  expect(missing.state()).toMatchObject({
    status: 'failed',
    stopReason: 'Stop Reason FATAL_ERROR',
    lastFailureMessage: `Last Error ${message} Stop Reason FATAL_ERROR Error Level FATAL`,
  });

  await pair.source.query("SELECT pg_create_logical_replication_slot('other_plugin', 'pgoutput')");
  await expect(pair.task({ slotName: 'other_plugin' }).start()).rejects.toThrow(
    'replication slot "other_plugin" must use the plugin test_decoding, got pgoutput; create another one',
  );
  await pair.source.query("SELECT pg_drop_replication_slot('other_plugin')");

  const lost = await pair.loaded(pair.task());
  await lost.stop();
  await pg.server.configure({ max_slot_wal_keep_size: '1MB' });
  await eventually(async () => {
    await pair.source.query('SELECT pg_switch_wal()');
    await pair.source.query(
      "INSERT INTO orders SELECT n, repeat('x', 1000) FROM generate_series(1, 2000) n ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name || orders.id",
    );
    await pair.source.query('CHECKPOINT');
    const { rows } = await pair.source.query(
      'SELECT wal_status FROM pg_replication_slots WHERE slot_name = $1',
      [pair.slot],
    );
    expect(rows).toEqual([{ wal_status: 'lost' }]);
  });
  await pg.server.configure({ max_slot_wal_keep_size: '-1' });
  await expect(lost.resume()).rejects.toThrow(
    `replication slot "${pair.slot}" was invalidated on the source (wal_removed); drop it, create it again and reload the target`,
  );
  expect(lost.state().status).toBe('failed');
});

test('fails a running task whose slot is dropped under it', async () => {
  pair = await Pair.create(pg, ORDERS);
  const task = await pair.loaded(pair.task());
  await pair.source.query(
    'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1',
    [pair.slot],
  );
  await eventually(async () => {
    await pair.source.query(
      'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1 AND active',
      [pair.slot],
    );
    await pair.source.query('SELECT pg_drop_replication_slot($1)', [pair.slot]);
  });
  await task.ended();
  expect(task.state().lastFailureMessage).toBe(
    `Last Error replication slot "${pair.slot}" does not exist on the source; create it with test_decoding Stop Reason FATAL_ERROR Error Level FATAL`,
  );
});

behaviour('starts a cdc task at its CdcStartPosition', async () => {
  pair = await Pair.create(pg, ORDERS);
  expect(() => pair.task({ migrationType: 'cdc' })).toThrow(
    "'cdcStartPosition' is required by a cdc task with a slot of its own, got none; take the slot's confirmed_flush_lsn",
  );
  await pair.source.query("INSERT INTO orders VALUES (1, 'before')");
  const position = String(
    (await pair.source.query('SELECT pg_current_wal_insert_lsn() AS lsn')).rows[0]?.lsn,
  );
  await pair.source.query("INSERT INTO orders VALUES (2, 'after')");
  await pair.task({ migrationType: 'cdc', cdcStartPosition: position }).start();
  await pair.targetHas(ROWS, [{ id: 2, name: 'after' }]);

  await expect(
    pair.task({ migrationType: 'cdc', cdcStartPosition: '0/1' }).start(),
  ).rejects.toThrow(
    /^'CdcStartPosition' must not lie before .*, the confirmed position of replication slot ".*", got 0\/1; start there or later$/,
  );
});

behaviour('creates and later drops a slot of its own on a primary', async () => {
  pair = await Pair.create(pg, ORDERS);
  const { source, target } = pair.servers();
  const slots = "SELECT plugin FROM pg_replication_slots WHERE slot_name LIKE 'dms_stand_in_%'";
  const task = pair.task({ source, target, slotName: undefined });
  await pair.loaded(task);
  expect((await pair.source.query(slots)).rows).toEqual([{ plugin: 'test_decoding' }]);
  await pair.source.query("INSERT INTO orders VALUES (1, 'one')");
  await pair.same(ROWS);
  await task.stop();
  await task.resume();
  await task.stop();
  await task.delete();
  expect((await pair.source.query(slots)).rows).toEqual([]);
});

behaviour('refuses a wal_sender_timeout from 1 to 9999 ms', async () => {
  pair = await Pair.create(pg, ORDERS);
  await pair.source.query(
    `ALTER DATABASE ${pair.servers().source.database} SET wal_sender_timeout = 9999`,
  );
  await expect(pair.task().start()).rejects.toThrow(
    'wal_sender_timeout of the source must be 0 or at least 10000 ms for DMS, got 9999; raise it',
  );
});

test('stops while it starts, and only from states that allow it', async () => {
  pair = await Pair.create(pg, ORDERS);
  const task = pair.task();
  await expect(task.stop()).rejects.toThrow(
    'to stop, the DMS task must be starting or running, got ready; wait for that state',
  );
  const starting = task.start();
  await task.stop();
  await starting;
  expect(task.state()).toMatchObject({ status: 'stopped', stopReason: 'Stop Reason NORMAL' });
  await expect(task.start()).rejects.toThrow(
    'to start, the DMS task must be ready, got stopped; wait for that state',
  );
});
