import { startTestServer, type TestServer } from '../../servers';
import { behaviour } from './behaviour';
import { Pair, selecting, settings } from './task';

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

function rule(action: string, table: string, further: object = {}): object {
  return {
    'rule-type': 'selection',
    'rule-action': action,
    'object-locator': { 'schema-name': 'public', 'table-name': table },
    ...further,
  };
}

function transform(target: string, action: string, further: Record<string, string> = {}): object {
  const { column, table = '%', ...rest } = further;
  const locator = {
    'schema-name': 'public',
    'table-name': table,
    ...(column === undefined ? {} : { 'column-name': column }),
  };
  return {
    'rule-type': 'transformation',
    'rule-target': target,
    'rule-action': action,
    'object-locator': locator,
    ...rest,
  };
}

behaviour('selects tables by include, exclude and explicit rules', async () => {
  const names = ['app_a', 'app_b', 'app_old', 'other', 'wanted'];
  pair = await Pair.create(
    pg,
    names.map((name) => `CREATE TABLE ${name} (id int PRIMARY KEY)`).join(';'),
  );
  const mappings = selecting('app%', rule('exclude', '%_old'), rule('explicit', 'wanted'));
  const task = await pair.loaded(pair.task({ tableMappings: JSON.stringify(mappings) }));
  expect(task.state().tables.map(({ tableName }) => tableName)).toEqual([
    'app_a',
    'app_b',
    'wanted',
  ]);
});

behaviour('filters rows by alternatives within a filter and by all filters together', async () => {
  pair = await Pair.create(
    pg,
    'CREATE TABLE t (id int PRIMARY KEY, size int, kind char(3)); ALTER TABLE t REPLICA IDENTITY FULL',
  );
  const filters = [
    {
      'filter-type': 'source',
      'column-name': 'size',
      'filter-conditions': [
        { 'filter-operator': 'ste', value: '10' },
        { 'filter-operator': 'between', 'start-value': '20', 'end-value': '30' },
      ],
    },
    {
      'filter-type': 'source',
      'column-name': 'kind',
      'filter-conditions': [{ 'filter-operator': 'noteq', value: 'bad' }],
    },
    {
      'filter-type': 'source',
      'column-name': 'size',
      'filter-conditions': [{ 'filter-operator': 'noteq', value: '5' }],
    },
  ];
  const rows = [
    [10, 'ok'],
    [11, 'ok'],
    [20, 'ok'],
    [31, 'ok'],
    [25, 'bad'],
    [1, null],
    [5, 'ok'],
  ];
  const values = (from: number): string =>
    rows
      .map(([size, kind], at) => `(${from + at}, ${size}, ${kind === null ? 'NULL' : `'${kind}'`})`)
      .join(', ');
  await pair.source.query(`INSERT INTO t VALUES ${values(1)}`);
  const tableMappings = {
    rules: [{ 'rule-id': 1, 'rule-name': 'r', ...rule('include', 't', { filters }) }],
  };
  const task = await pair.loaded(pair.task({ tableMappings }));
  await pair.source.query(`INSERT INTO t VALUES ${values(11)}`);
  await pair.source.query(
    'UPDATE t SET size = size + 100 WHERE id = 1; UPDATE t SET size = 21 WHERE id = 3',
  );
  await pair.source.query('DELETE FROM t WHERE id = 13');
  await pair.targetHas('SELECT id, size FROM t ORDER BY id', [
    { id: 1, size: 10 },
    { id: 3, size: 21 },
    { id: 11, size: 10 },
  ]);
  expect(task.state().tables[0]).toMatchObject({
    fullLoadRows: 2,
    inserts: 2,
    updates: 1,
    deletes: 1,
    exceptions: 0,
  });
});

behaviour('drops a filtered DELETE whose filter column is not in the key', async () => {
  pair = await Pair.create(pg, 'CREATE TABLE t (id int PRIMARY KEY, size int)');
  const filters = [
    {
      'filter-type': 'source',
      'column-name': 'size',
      'filter-conditions': [{ 'filter-operator': 'gte', value: '5' }],
    },
  ];
  await pair.source.query('INSERT INTO t VALUES (1, 5), (2, 4)');
  const tableMappings = { rules: [{ 'rule-id': '1', ...rule('include', 't', { filters }) }] };
  await pair.loaded(pair.task({ tableMappings }));
  await pair.source.query('DELETE FROM t; INSERT INTO t VALUES (3, 6)');
  await pair.targetHas('SELECT id FROM t ORDER BY id', [{ id: 1 }, { id: 3 }]);
});

behaviour('renames schemas, tables and columns and leaves columns out', async () => {
  pair = await Pair.create(
    pg,
    'CREATE TABLE "Orders" ("Id" int PRIMARY KEY, old_name text, secret text, "Plain" int)',
    'CREATE SCHEMA sales; CREATE TABLE sales.orders_v1 ("Id" int PRIMARY KEY, new_name text, plain int)',
  );
  const tableMappings = selecting(
    '%',
    transform('schema', 'rename', { value: 'sales' }),
    transform('table', 'replace-prefix', { 'old-value': 'Orders', value: 'orders_v1' }),
    transform('column', 'rename', { column: 'old_name', value: 'new_name' }),
    transform('column', 'remove-column', { column: 'secret' }),
    transform('column', 'convert-lowercase', { column: 'Pl%' }),
  );
  await pair.source.query(`INSERT INTO "Orders" VALUES (1, 'a', 'hidden', 7)`);
  await pair.loaded(pair.task({ tableMappings }));
  await pair.source.query(
    `INSERT INTO "Orders" VALUES (2, 'b', 'hidden', 8); UPDATE "Orders" SET old_name = 'c' WHERE "Id" = 1`,
  );
  await pair.targetHas('SELECT * FROM sales.orders_v1 ORDER BY 1', [
    { Id: 1, new_name: 'c', plain: 7 },
    { Id: 2, new_name: 'b', plain: 8 },
  ]);
});

test('reports everything wrong with table mappings at once', async () => {
  pair = await Pair.create(pg, ORDERS);
  const tableMappings = {
    rules: [
      {
        'rule-id': '1',
        ...rule('include', '%', {
          filters: [{ 'column-name': 'id', 'filter-conditions': [{ 'filter-operator': 'null' }] }],
        }),
      },
      { 'rule-id': '1', ...rule('explicit', 'or%') },
      { 'rule-id': 'x', ...transform('column', 'data-masking-hash-mask', { column: 'id' }) },
      { 'rule-id': '4', ...transform('table', 'remove-column') },
      { 'rule-id': '5', 'rule-type': 'wishes' },
    ],
  };
  expect(() => pair.task({ tableMappings })).toThrow(
    `DMS table mappings has 7 problems:
- mapping rule 1: filters require an include of one table by its exact name
- mapping rule-id must be unique, got 1 twice; number the rules
- mapping rule 1: an explicit selection cannot contain wildcards
- mapping rule-id must be a number, got "x"; number the rules
- mapping rule x: the DMS stand-in does not reproduce the rule-action "data-masking-hash-mask"
- mapping rule 4: rule-action remove-column requires rule-target column
- mapping rule 5: rule-type must be selection, transformation or table-settings, got "wishes"`,
  );
  const twice = selecting(
    '%',
    transform('table', 'add-prefix', { value: 'a' }),
    transform('table', 'add-suffix', { value: 'b' }),
  );
  await expect(pair.task({ tableMappings: twice }).start()).rejects.toThrow(
    'DMS table mappings: mapping rules 2 and 3 cannot both transform "orders" of "public"."orders"; DMS takes one transformation for each object, so merge them',
  );
});

behaviour('refuses tasks that select no table', async () => {
  pair = await Pair.create(pg, ORDERS);
  await expect(pair.task({ tableMappings: selecting('nothing') }).start()).rejects.toThrow(
    'no table of the source matches the selection rules; correct the table mappings',
  );
});

behaviour('cuts large values to LobMaxSize, or fails if told so', async () => {
  pair = await Pair.create(
    pg,
    'CREATE TABLE l (id int PRIMARY KEY, t text, b bytea, v varchar(5000))',
  );
  const insert = `INSERT INTO l VALUES ($1, repeat('x', 1023) || 'é' || 'y', decode(repeat('ab', 2000), 'hex'), repeat('v', 3000))`;
  await pair.source.query(insert.replace('$1', '1'));
  const taskSettings = settings({ TargetMetadata: { LobMaxSize: 1 } });
  const task = await pair.loaded(pair.task({ taskSettings }));
  await pair.source.query(insert.replace('$1', '2'));
  const cut = { t: 1023, b: 1024, v: 3000 };
  await pair.targetHas(
    'SELECT octet_length(t) AS t, octet_length(b) AS b, length(v) AS v FROM l ORDER BY id',
    [cut, cut],
  );
  expect(pair.progress).toContainEqual({
    type: 'warning',
    message: '1 rows of table "public"."l" hold values longer than LobMaxSize, which were cut',
  });
  expect(pair.progress).toContainEqual({
    type: 'warning',
    message: 'a value of column "t" of table "public"."l" is longer than LobMaxSize and was cut',
  });
  await task.stop();

  const strict = pair.task({ taskSettings, sourceSettings: { FailTasksOnLobTruncation: 'true' } });
  await pair.source.query(insert.replace('$1', '3'));
  await strict.resume();
  await strict.ended();
  expect(strict.state().lastFailureMessage).toBe(
    `Last Error a value of column "t" of table "public"."l" is longer than LobMaxSize and 'FailTasksOnLobTruncation' is set; raise LobMaxSize Stop Reason FATAL_ERROR Error Level FATAL`,
  );
  await pair.target.query('TRUNCATE l');
  await strict.reload();
  await strict.ended();
  expect(strict.state().lastFailureMessage).toBe(
    `Last Error 3 rows of table "public"."l" hold values longer than LobMaxSize and 'FailTasksOnLobTruncation' is set; raise LobMaxSize Stop Reason FATAL_ERROR Error Level FATAL`,
  );
});

behaviour('suspends a table with an array column and no primary key', async () => {
  pair = await Pair.create(pg, 'CREATE TABLE a (tags text[]); CREATE TABLE b (id int PRIMARY KEY)');
  const task = await pair.loaded(pair.task());
  await pair.source.query("INSERT INTO a VALUES ('{x}'); INSERT INTO b VALUES (1)");
  await pair.same('SELECT * FROM b');
  await pair.targetHas('SELECT * FROM a', []);
  expect(task.state().tables[0]).toMatchObject({
    state: 'Table error',
    error:
      'table "public"."a" has an array column but no primary key, so DMS suspends it; add a primary key',
  });
});

behaviour('prepares target tables by TargetTablePrepMode', async () => {
  pair = await Pair.create(pg, ORDERS);
  const prep = (mode: string): object =>
    settings({ FullLoadSettings: { TargetTablePrepMode: mode } });
  await pair.source.query("INSERT INTO orders VALUES (1, 'one')");
  await pair.target.query("INSERT INTO orders VALUES (9, 'stale')");
  const keeping = await pair.loaded(pair.task({ taskSettings: prep('DO_NOTHING') }));
  await pair.targetHas('SELECT id FROM orders ORDER BY id', [{ id: 1 }, { id: 9 }]);
  await keeping.stop();
  keeping.modify({ taskSettings: prep('TRUNCATE_BEFORE_LOAD') });
  await keeping.reload();
  await pair.same('SELECT * FROM orders ORDER BY id');
  expect(() => pair.task({ taskSettings: prep('DROP_AND_CREATE') })).toThrow(
    "DMS task settings: 'taskSettings.FullLoadSettings.TargetTablePrepMode' must be DO_NOTHING or TRUNCATE_BEFORE_LOAD, got DROP_AND_CREATE or nothing; the DMS stand-in does not reproduce tables that DMS creates, so copy the schema first",
  );
  await pair.source.query(
    'CREATE TABLE extra (id int PRIMARY KEY); ALTER TABLE orders ADD COLUMN more int',
  );
  await expect(pair.task().start()).rejects.toThrow(`DMS target has 2 problems:
- table "public"."extra" does not exist on the target and the DMS stand-in does not reproduce its creation; copy the schema first
- table "public"."orders" lacks the columns "more" on the target; copy the schema again`);
});

behaviour('stops after the full load or the cached changes if told so', async () => {
  pair = await Pair.create(pg, ORDERS);
  await pair.source.query("INSERT INTO orders VALUES (1, 'one')");
  const stopping = (name: string): object =>
    settings({ FullLoadSettings: { [name]: true, TargetTablePrepMode: 'TRUNCATE_BEFORE_LOAD' } });
  const runs = [
    ['full-load', settings(), 'FULL_LOAD_ONLY_FINISHED'],
    ['full-load-and-cdc', stopping('StopTaskCachedChangesNotApplied'), 'STOPPED_AFTER_FULL_LOAD'],
    ['full-load-and-cdc', stopping('StopTaskCachedChangesApplied'), 'STOPPED_AFTER_CACHED_EVENTS'],
  ] as const;
  for (const [migrationType, taskSettings, reason] of runs) {
    const task = pair.task({ migrationType, taskSettings });
    await task.start();
    await task.ended();
    expect(task.state()).toMatchObject({
      status: 'stopped',
      stopReason: `Stop Reason ${reason}`,
      fullLoadPercent: 100,
    });
  }
  await pair.same('SELECT * FROM orders');
});

behaviour('obeys the apply error policies', async () => {
  pair = await Pair.create(pg, ORDERS);
  const policies = (insert: string, update: string, remove: string): object =>
    settings({
      ErrorBehavior: {
        ApplyErrorInsertPolicy: insert,
        ApplyErrorUpdatePolicy: update,
        ApplyErrorDeletePolicy: remove,
      },
    });
  const task = await pair.loaded(
    pair.task({ taskSettings: policies('LOG_ERROR', 'LOG_ERROR', 'LOG_ERROR') }),
  );
  await pair.target.query("INSERT INTO orders VALUES (1, 'there')");
  await pair.source.query("INSERT INTO orders VALUES (1, 'new'), (2, 'two'), (3, 'three')");
  await pair.target.query('SELECT 1');
  await pair.targetHas('SELECT * FROM orders ORDER BY id', [
    { id: 1, name: 'there' },
    { id: 2, name: 'two' },
    { id: 3, name: 'three' },
  ]);
  await pair.target.query('DELETE FROM orders WHERE id > 1');
  await pair.source.query(
    "UPDATE orders SET name = 'x' WHERE id = 2; DELETE FROM orders WHERE id = 3; INSERT INTO orders VALUES (4, 'four')",
  );
  await pair.targetHas('SELECT id FROM orders ORDER BY id', [{ id: 1 }, { id: 4 }]);
  expect(task.state().tables[0]).toMatchObject({
    exceptions: 3,
    inserts: 3,
    updates: 0,
    deletes: 0,
  });
  await task.stop();

  task.modify({ taskSettings: policies('INSERT_RECORD', 'UPDATE_RECORD', 'IGNORE_RECORD') });
  await task.resume();
  await pair.target.query("INSERT INTO orders VALUES (5, 'there')");
  await pair.source.query(
    "INSERT INTO orders VALUES (5, 'five'); UPDATE orders SET name = 'y' WHERE id = 2",
  );
  await pair.targetHas('SELECT * FROM orders WHERE id IN (2, 5) ORDER BY id', [
    { id: 2, name: 'y' },
    { id: 5, name: 'five' },
  ]);
  await task.stop();

  task.modify({ taskSettings: policies('STOP_TASK', 'SUSPEND_TABLE', 'IGNORE_RECORD') });
  await task.resume();
  await pair.target.query("INSERT INTO orders VALUES (6, 'there')");
  await pair.source.query("INSERT INTO orders VALUES (6, 'six')");
  await task.ended();
  expect(task.state().lastFailureMessage).toBe(
    'Last Error INSERT of a row of table "public"."orders" failed: duplicate key value violates unique constraint "orders_pkey" Stop Reason FATAL_ERROR Error Level FATAL',
  );
  await pair.target.query('DELETE FROM orders WHERE id IN (5, 6)');
  await task.resume();
  await pair.targetHas('SELECT name FROM orders WHERE id = 6', [{ name: 'six' }]);
  await pair.source.query("UPDATE orders SET name = 'z' WHERE id = 5");
  await pair.source.query('INSERT INTO orders VALUES (7)');
  await pair.progressHas(
    {
      type: 'exception',
      table: { schema: 'public', name: 'orders' },
      action: 'UPDATE',
      reason: 'no row of the target matches',
    },
    2,
  );
  expect(task.state().tables[0]).toMatchObject({
    state: 'Table error',
    error: 'UPDATE of a row failed: no row of the target matches',
  });
});

test('refuses other plugins', async () => {
  pair = await Pair.create(pg, ORDERS);
  expect(() => pair.task({ pluginName: 'pglogical' })).toThrow(
    "DMS task: 'pluginName' must be test-decoding for the DMS stand-in, got pglogical; it does not reproduce that plugin",
  );
  expect(() => pair.task({ pluginName: 'pgoutput' })).toThrow(
    'DMS task: \'pluginName\' must be test-decoding or pglogical, got "pgoutput"; other plugins are not for DMS',
  );
});
