import type { Client } from 'pg';
import { type Connection, FilterOperator } from '../../lib/postgres';
import {
  staticSecrets,
  type Verification,
  type VerificationState,
  type VerifyOptions,
  type VerifyProgress,
  verifyTables,
  waitUntil,
} from '../../lib/runner';
import { Pace } from '../../lib/runner/verify/pace';
import { startTestServer, type TestServer } from '../servers';

let servers: readonly [TestServer, TestServer];
let source: Client;
let target: Client;

beforeAll(async () => {
  servers = await Promise.all([
    startTestServer({ name: 'onPremises', major: 14, settings: { wal_level: 'logical' } }),
    startTestServer({ name: 'aurora', major: 18 }),
  ]);
  [source, target] = await Promise.all([servers[0].client(), servers[1].client()]);
});
afterAll(() => Promise.all(servers.map((server) => server.stop())));

beforeEach(async () => {
  await both('DROP SCHEMA IF EXISTS app CASCADE; CREATE SCHEMA app; SET search_path = app');
});

async function both(text: string): Promise<void> {
  await Promise.all([source.query(text), target.query(text)]);
}

function verify(options: Partial<VerifyOptions> = {}): Promise<Verification> {
  const connectionTo = ({ server }: TestServer): Connection => ({
    server: server.name,
    host: '127.0.0.1',
    port: server.port,
    database: 'postgres',
    secret: server.name,
    sslMode: 'verify-full',
    caCertificate: server.caCertificate,
  });
  const logins = servers.map(({ server: { name, superuser } }) => [
    name,
    { username: superuser.user, password: superuser.password },
  ]);
  return verifyTables({
    source: connectionTo(servers[0]),
    target: connectionTo(servers[1]),
    secrets: staticSecrets(Object.fromEntries(logins)),
    selection: { schemas: ['app'] },
    ...options,
  });
}

async function replicate(tables: string): Promise<void> {
  const { host, port, superuser } = servers[0].server;
  await source.query(`CREATE PUBLICATION live FOR TABLE ${tables}`);
  await target.query(
    `CREATE SUBSCRIPTION live CONNECTION 'host=${host} port=${port} dbname=postgres user=${superuser.user} password=${superuser.password}' PUBLICATION live`,
  );
  await waitUntil({
    what: 'the tables must be copied',
    deadlineMs: 60_000,
    probe: async () => {
      const { rows } = await target.query(
        "SELECT count(*)::int AS left FROM pg_subscription_rel WHERE srsubstate <> 'r'",
      );
      return rows[0].left === 0
        ? { done: true, value: undefined }
        : { done: false, reason: `${rows[0].left} are left` };
    },
  });
}

async function unreplicate(): Promise<void> {
  await target.query('DROP SUBSCRIPTION live');
  await source.query('DROP PUBLICATION live');
}

/** Writes all over the tables until it is told to stop. */
function startWriter(client: Client): { stop(): Promise<number> } {
  let stopped = false;
  let writes = 0;
  const done = (async () => {
    while (!stopped) {
      await client.query(
        `UPDATE app.orders SET note = 'changed ' || ${writes} WHERE id = 1 + (${writes} * 7919) % 5000`,
      );
      await client.query(`INSERT INTO app.orders VALUES (${10_000 + writes}, 'new')`);
      await client.query(`DELETE FROM app.orders WHERE id = ${10_000 + writes - 50}`);
      await client.query(
        `UPDATE app.codes SET note = 'changed ' || ${writes} WHERE code = 'code ' || (1 + (${writes} * 7919) % 2000)`,
      );
      writes += 1;
    }
    return writes;
  })();
  return {
    stop: () => {
      stopped = true;
      return done;
    },
  };
}

test('tables are the same while writes go on, and a row that is lost is found', async () => {
  await both(`
    CREATE TABLE orders (id bigint PRIMARY KEY, note text);
    CREATE TABLE codes (code text COLLATE "C" PRIMARY KEY, note text)`);
  // On the target the codes are sorted in another way: no range of them holds the same rows.
  await target.query('ALTER TABLE codes ALTER code TYPE text COLLATE "und-x-icu"');
  await source.query(`
    INSERT INTO orders SELECT g, 'order ' || g FROM generate_series(1, 5000) g;
    INSERT INTO codes SELECT 'code ' || g, 'note' FROM generate_series(1, 2000) g`);
  await replicate('app.orders, app.codes');
  const writer = startWriter(await servers[0].client());
  try {
    const same = await verify({ chunkRows: 500, settleMs: 30_000 });
    expect(same).toMatchObject({
      status: 'same',
      tables: [{ sourceRows: 2000, targetRows: 2000 }, { status: 'same' }],
    });

    // Behind the subscription's back, where nothing will ever bring them back.
    await target.query(`
      DELETE FROM orders WHERE id = 5001 - 1;
      INSERT INTO orders VALUES (6000, 'extra');
      UPDATE codes SET note = 'other' WHERE code = 'code 1999'`);
    await source.query(`DELETE FROM codes WHERE code = 'code 1999'`);
    await target.query(`INSERT INTO codes VALUES ('code 3000', 'extra')`);
    const differs = await verify({ chunkRows: 500, settleMs: 6_000 });
    expect(differs.tables).toMatchObject([
      { status: 'differs', differences: [{ key: ['code 3000'], on: 'target' }] },
      {
        status: 'differs',
        differences: expect.arrayContaining([{ key: ['6000'], on: 'target' }]),
      },
    ]);
    for (const { differences } of differs.tables)
      expect(differences?.length).toBeLessThanOrEqual(2);
  } finally {
    expect(await writer.stop()).toBeGreaterThan(10);
    await unreplicate();
  }
});

test('a row that keeps changing is neither the same nor another', async () => {
  await both('CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 0), (2, 0)');
  await target.query('UPDATE t SET n = -1 WHERE id = 1');
  const client = await servers[0].client();
  let stopped = false;
  const writing = (async () => {
    while (!stopped) await client.query('UPDATE app.t SET n = n + 1 WHERE id = 1');
  })();

  const { tables } = await verify({ settleMs: 3_000 });
  stopped = true;
  await writing;

  expect(tables).toMatchObject([
    {
      status: 'unchecked',
      reason: '1 row changed too often to be seen the same within 3 s',
    },
  ]);
});

test('a row is proven to differ once the target has caught up', async () => {
  await both(`CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 0), (2, 0)`);
  await source.query('UPDATE t SET n = 1 WHERE id = 1; UPDATE t SET n = 1 WHERE id = 2');
  let waits = 0;
  const started = performance.now();

  const { tables } = await verify({
    settleMs: 60_000,
    caughtUp: async () => {
      waits += 1;
      await target.query('UPDATE app.t SET n = 1 WHERE id = 1');
    },
  });

  expect(tables).toMatchObject([
    { status: 'differs', differences: [{ key: ['2'], on: 'both' }], sourceRows: 2, targetRows: 2 },
  ]);
  expect(waits).toBe(1);
  expect(performance.now() - started).toBeLessThan(30_000);
});

test('the first rows that differ are named, also where there are many', async () => {
  await both(`
    CREATE TABLE few (a int, b text COLLATE "C", n numeric, PRIMARY KEY (b, a));
    INSERT INTO few SELECT g % 10, 'b''' || g, g FROM generate_series(1, 3000) g;
    CREATE TABLE many (id uuid PRIMARY KEY);
    CREATE TABLE none (id int)`);
  await source.query(`
    UPDATE few SET n = 7.0 WHERE n = 7; DELETE FROM few WHERE n = 1500;
    INSERT INTO many SELECT md5(g::text)::uuid FROM generate_series(1, 30000) g;
    INSERT INTO none SELECT generate_series(1, 10)`);
  await target.query('DELETE FROM few WHERE n = 2500');

  const { tables } = await verify({ settleMs: 0, chunkRows: 1000 });

  expect(tables).toMatchObject([
    {
      sourceRows: 2999,
      targetRows: 2999,
      differences: [
        { key: ["b'1500", '0'], on: 'target' },
        { key: ["b'2500", '0'], on: 'source' },
        { key: ["b'7", '7'], on: 'both' },
      ],
    },
    { sourceRows: 30_000, targetRows: 0 },
    { sourceRows: 10, targetRows: 0 },
  ]);
  expect(tables[1]?.differences).toHaveLength(10);
  expect(tables[2]).not.toHaveProperty('differences');
});

test('partitions and row filters are read in pieces of the key', async () => {
  await source.query(`
    CREATE TABLE events (at date, id int, region text, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
    CREATE TABLE events_2 PARTITION OF events DEFAULT;
    INSERT INTO events SELECT date '2026-01-01' + g % 60, g, CASE g % 3 WHEN 0 THEN 'eu' ELSE 'us' END
      FROM generate_series(1, 3000) g`);
  await target.query(`
    CREATE TABLE events (id bigint, region varchar(9), at date, PRIMARY KEY (id, at));
    INSERT INTO events SELECT g, 'eu', date '2026-01-01' + g % 60 FROM generate_series(3, 3000, 3) g`);
  const rowFilters = [{ column: 'region', operator: FilterOperator.EQUAL, values: ['eu'] }];
  const selection = { tables: [{ schema: 'app', name: 'events', rowFilters }] };
  const options = { selection, chunkRows: 250, settleMs: 0 };

  expect((await verify(options)).tables).toMatchObject([
    { status: 'same', sourceRows: 1000, targetRows: 1000 },
  ]);
  await target.query(
    `DELETE FROM events WHERE id = 3; INSERT INTO events VALUES (1, 'us', '2026-01-02')`,
  );
  expect((await verify(options)).tables).toMatchObject([
    {
      status: 'differs',
      differences: [
        { key: ['2026-01-02', '1'], on: 'target' },
        { key: ['2026-01-04', '3'], on: 'source' },
      ],
    },
  ]);
});

test('goes on where it was interrupted, and counts nothing that was found in another way', async () => {
  await both(`
    CREATE TABLE a (id int PRIMARY KEY, n int); INSERT INTO a SELECT g, g FROM generate_series(1, 5000) g;
    CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b SELECT generate_series(1, 10)`);
  await source.query('UPDATE a SET n = 0 WHERE id = 10');
  const stop = new AbortController();
  const states: VerificationState[] = [];
  const chunked = { chunkRows: 500, settleMs: 200, concurrency: 1 };

  const interrupted = verify({
    ...chunked,
    first: [{ schema: 'app', name: 'b' }],
    signal: stop.signal,
    onProgress: ({ rows }) => {
      if (rows > 2_000) stop.abort(new Error('enough'));
    },
    onState: (state) => states.push(state),
  });
  await expect(interrupted).rejects.toThrow('enough');
  const resume = JSON.parse(JSON.stringify(states.at(-1))) as VerificationState;
  expect(resume.tables['"app"."b"']?.result?.status).toBe('same');
  expect(resume.tables['"app"."a"']).toMatchObject({
    rows: 1999,
    after: ['2000'],
    doubts: [{ kind: 'row', key: ['10'] }],
  });

  const progress: VerifyProgress[] = [];
  const resumed = await verify({ ...chunked, resume, onProgress: (now) => progress.push(now) });
  expect(resumed.tables).toMatchObject([
    { status: 'differs', sourceRows: 5000, targetRows: 5000, differences: [{ key: ['10'] }] },
    { status: 'same', sourceRows: 10 },
  ]);
  expect(progress.at(-1)).toMatchObject({ tablesDone: 2, tables: 2, rows: 3000, share: 1 });

  await both('ALTER TABLE b ADD note text');
  await target.query('DELETE FROM b WHERE id = 1');
  expect((await verify({ ...chunked, resume })).tables[1]?.status).toBe('differs');
});

test('a budget is spent on what comes first, then on small tables', async () => {
  await both(`
    CREATE TABLE big (id int PRIMARY KEY, pad text); CREATE TABLE chosen (id int); CREATE TABLE small (id int);
    INSERT INTO big SELECT g, repeat('x', 100) FROM generate_series(1, 20000) g`);
  await both('ANALYZE');
  const order: string[] = [];
  const lock = await servers[1].client();
  await lock.query('BEGIN; LOCK TABLE app.big IN ACCESS EXCLUSIVE MODE');

  const { status, tables } = await verify({
    budgetMs: 4_000,
    concurrency: 1,
    first: [{ schema: 'app', name: 'chosen' }],
    onTable: ({ table }) => order.push(table.name),
  });
  await lock.query('ROLLBACK');

  expect(order).toEqual(['chosen', 'small', 'big']);
  expect(status).toBe('unchecked');
  expect(tables).toMatchObject([
    { status: 'unchecked', reason: 'the time for it was spent before it was compared' },
    { status: 'same' },
    { status: 'same' },
  ]);
});

test('a table that is cut off by the budget is gone on with', async () => {
  await both('CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 50000)');
  const lock = await servers[1].client();
  let resume: VerificationState | undefined;
  let locked: Promise<unknown> | undefined;
  const { tables } = await verify({
    budgetMs: 4_000,
    chunkRows: 500,
    onProgress: ({ rows }) => {
      if (rows > 0) locked ??= lock.query('BEGIN; LOCK TABLE app.t IN ACCESS EXCLUSIVE MODE');
    },
    onState: (state) => {
      resume = state;
    },
  });
  await locked;
  await lock.query('ROLLBACK');
  expect(tables).toMatchObject([{ reason: 'the time for it was spent before it was compared' }]);

  // What was the same is not looked at again.
  await target.query('DELETE FROM t WHERE id = 1');
  const rest = await verify({ ...(resume === undefined ? {} : { resume }) });
  expect(rest.tables).toMatchObject([{ status: 'same', sourceRows: 50_000 }]);
});

test('sessions that may work a tenth of their time rest for the others', async () => {
  await both('CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 20000)');
  const rest = jest.spyOn(Pace.prototype, 'rest');
  const { status, seconds } = await verify({ chunkRows: 1000, load: 0.1 });
  const workedMs = rest.mock.calls.reduce((sum, [ms]) => sum + ms, 0);
  rest.mockRestore();

  expect(status).toBe('same');
  expect(workedMs).toBeGreaterThan(0);
  // Both servers work at the same time.
  expect(seconds * 1000).toBeGreaterThan(3 * workedMs);
});
