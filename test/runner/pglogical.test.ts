// The objects of pglogical on real servers of two majors.
import { readFileSync } from 'node:fs';
import { PGLOGICAL_SUBSCRIPTIONS } from '../../lib/postgres';
import { waitUntil } from '../../lib/runner';
import { pglogicalObstacle, preparePglogical } from '../pglogical-servers';
import { PglogicalPair, type PglogicalSide } from './pglogical-pair';

const SCHEMA = `CREATE SCHEMA shop;
CREATE TABLE shop.orders (id int PRIMARY KEY, note text);
CREATE TABLE shop.log (line text);
CREATE TABLE shop.parted (id int, at int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE shop.parted_1 PARTITION OF shop.parted FOR VALUES FROM (0) TO (100)`;
const SELECTION = { schemas: ['shop'] };
const FORWARD = {
  kind: 'pglogical-replication-set',
  name: 'forward',
  selection: SELECTION,
  insertOnly: [{ schema: 'shop', name: 'log' }],
  canary: true,
};

const reason = pglogicalObstacle();
if (reason !== undefined) process.stderr.write(`servers with pglogical: not run, it ${reason}\n`);

(reason === undefined ? describe : describe.skip)('pglogical from 15 to 17', () => {
  let pair: PglogicalPair;
  beforeAll(async () => {
    preparePglogical();
    pair = await PglogicalPair.start();
    for (const { admin } of [pair.blue, pair.green]) await admin.query(SCHEMA);
    await pair.blue.admin.query(
      `INSERT INTO shop.orders VALUES (1, 'there before'); INSERT INTO shop.log VALUES ('there before'); INSERT INTO shop.parted VALUES (1, 1)`,
    );
    await pair.furnish();
  });
  afterAll(() => pair.stop());

  const rowsOf = async ({ admin }: PglogicalSide): Promise<string[]> => {
    const { rows } = await admin.query(
      `SELECT 'orders ' || id || ' ' || note AS row FROM shop.orders UNION ALL SELECT 'log ' || line FROM shop.log UNION ALL SELECT 'parted ' || id FROM shop.parted ORDER BY 1`,
    );
    return rows.map(({ row }) => row);
  };
  const untilRows = async (side: PglogicalSide, expected: readonly string[]): Promise<void> => {
    await waitUntil({
      what: 'the rows must arrive',
      deadlineMs: 60_000,
      probe: async () => {
        const found = await rowsOf(side);
        return JSON.stringify(found) === JSON.stringify(expected)
          ? { done: true, value: undefined }
          : { done: false, reason: JSON.stringify(found) };
      },
    });
  };

  const untilCopying = async (copying: boolean): Promise<void> => {
    const { text, values } = PGLOGICAL_SUBSCRIPTIONS.state('forward');
    await waitUntil({
      what: `it must be ${copying} that it copies`,
      deadlineMs: 60_000,
      probe: async () => {
        const { rows } = await pair.green.admin.query(text, [...(values ?? [])]);
        return rows[0]?.copying === copying
          ? { done: true, value: undefined }
          : { done: false, reason: JSON.stringify(rows) };
      },
    });
  };

  test('needs a node before anything else', async () => {
    await expect(pair.apply(pair.blue, FORWARD)).rejects.toThrow(
      `replication set "forward" requires a pglogical node in the database, got none; apply {"kind":"pglogical-node"} first`,
    );
    await expect(
      pair.apply(pair.green, pair.subscription({ selection: SELECTION })),
    ).rejects.toThrow(
      `pglogical subscription "forward" requires a pglogical node in the database, got none; apply {"kind":"pglogical-node"} first`,
    );
    expect((await pair.apply(pair.blue, pair.node(pair.blue))).steps).toEqual([
      'create the extension pglogical',
      'create pglogical node "blue"',
      'let "reader" use pglogical',
      'let "reader" see the sets of pglogical',
    ]);
    await pair.apply(pair.green, pair.node(pair.green));
    expect(await pair.plan(pair.green, pair.node(pair.green))).toEqual([]);
    await expect(
      pair.apply(pair.green, { ...pair.node(pair.green), name: 'other' }),
    ).rejects.toThrow(
      `the pglogical node of the database must be called "other", got "green"; drop that one if nobody needs it, or give its name`,
    );
  });

  test('refuses tables that it would not carry', async () => {
    await pair.blue.admin.query(
      'CREATE TABLE shop.computed (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED)',
    );
    await expect(pair.apply(pair.blue, FORWARD)).rejects.toThrow(
      'replication set "forward" cannot hold tables with generated columns, which pglogical copies as if they were written, got "shop"."computed"."twice"; carry the table by a NATIVE link, or make the column a plain one for as long as the migration lasts (ALTER TABLE … ALTER COLUMN … DROP EXPRESSION)',
    );
    await pair.blue.admin.query('DROP TABLE shop.computed');
    await expect(pair.apply(pair.blue, { ...FORWARD, insertOnly: [] })).rejects.toThrow(
      `replication set "forward" must hold tables with a key by which rows are found, got "shop"."log"; add a primary key or set REPLICA IDENTITY USING INDEX, or list the table in 'insertOnly' if its rows are never changed or deleted`,
    );
    const missing = [...FORWARD.insertOnly, { schema: 'shop', name: 'none' }];
    await expect(pair.apply(pair.blue, { ...FORWARD, insertOnly: missing })).rejects.toThrow(
      `replication set "forward" must name tables that exist and are selected, got "shop"."none"; create them or correct the selection`,
    );
    await expect(
      pair.apply(pair.blue, { ...FORWARD, selection: { schemas: ['nothing'] }, insertOnly: [] }),
    ).rejects.toThrow(
      'replication set "forward" must hold at least one table, got none; correct the schemas',
    );
  });

  test('copies rows and carries changes', async () => {
    expect((await pair.apply(pair.blue, FORWARD)).steps).toEqual([
      'create replication set "forward"',
      'add 3 tables to replication set "forward"',
      'create replication set "forward_insert_only"',
      'add 1 tables to replication set "forward_insert_only"',
    ]);
    expect(await pair.plan(pair.blue, FORWARD)).toEqual([]);
    const writer = await pair.green.server.client();
    await writer.query('BEGIN; LOCK TABLE shop.orders IN EXCLUSIVE MODE');
    expect(
      (await pair.apply(pair.green, pair.subscription({ selection: SELECTION }))).steps,
    ).toEqual([
      'create pglogical subscription "forward"',
      'name the slot of pglogical subscription "forward"',
    ]);
    await untilCopying(true);
    await writer.query('COMMIT');
    await writer.end();
    expect(await pair.plan(pair.green, pair.subscription({ selection: SELECTION }))).toEqual([]);
    await untilRows(pair.green, ['log there before', 'orders 1 there before', 'parted 1']);
    await pair.blue.admin.query(
      `INSERT INTO shop.orders VALUES (2, 'new'); UPDATE shop.orders SET note = 'changed' WHERE id = 1; INSERT INTO shop.log VALUES ('new'); UPDATE shop.parted SET id = 7`,
    );
    const now = ['log new', 'log there before', 'orders 1 changed', 'orders 2 new', 'parted 7'];
    await untilRows(pair.green, now);
    await untilCopying(false);
    const { rows } = await pair.blue.admin.query(
      'SELECT slot_name, plugin, active FROM pg_replication_slots',
    );
    expect(rows).toEqual([{ slot_name: 'forward_slot', plugin: 'pglogical_output', active: true }]);
  });

  test('is not made a second time for the same tables, nor beside native replication', async () => {
    const rule = 'must copy into empty tables that nothing else is carried to, got';
    const wayOut = 'drop what carries the same tables, then empty them';
    const filled = 'shop.log, shop.orders, shop.parted, shop.parted_1';
    const selection = SELECTION;
    const other = { ...pair.subscription({ name: 'other', slotName: 'other', selection }) };
    await expect(pair.apply(pair.green, other)).rejects.toThrow(
      `pglogical-subscription 'other' on 'green' ${rule} pglogical-subscription forward, ${filled}; ${wayOut}`,
    );
    const native = {
      kind: 'subscription',
      name: 'forward',
      publisher: pair.address(pair.blue, 'env:READER_'),
      publications: ['forward'],
      slotName: 'native',
      selection,
    };
    const refused = `subscription 'forward' on 'green' ${rule} pglogical-subscription forward, ${filled}; ${wayOut}`;
    await expect(pair.plan(pair.green, native)).rejects.toThrow(refused);
    await expect(pair.apply(pair.green, native)).rejects.toThrow(refused);
  });

  test('takes up a table that is added later, and lets one go', async () => {
    for (const { admin } of [pair.blue, pair.green])
      await admin.query('CREATE TABLE shop.later (id int PRIMARY KEY)');
    await pair.blue.admin.query('INSERT INTO shop.later VALUES (1)');
    await pair.blue.admin.query('GRANT SELECT ON shop.later TO reader');
    expect((await pair.apply(pair.blue, FORWARD)).steps).toEqual([
      'add 1 tables to replication set "forward"',
    ]);
    await waitUntil({
      what: 'the table must be followed, and its copy be over',
      deadlineMs: 60_000,
      probe: async () => {
        const { rows } = await pair.green.admin.query(
          `SELECT sync_status AS status, (SELECT count(*)::int FROM shop.later) AS rows FROM pglogical.local_sync_status WHERE sync_relname = 'later'`,
        );
        const done = rows[0]?.status === 'r' && rows[0].rows === 1;
        return done ? { done, value: undefined } : { done, reason: JSON.stringify(rows) };
      },
    });
    const without = {
      ...FORWARD,
      selection: { schemas: ['shop'], exclude: [{ schema: 'shop', name: 'later' }] },
    };
    expect(await pair.plan(pair.blue, without).catch((error: Error) => [error.message])).toEqual([
      'take 1 tables out of replication set "forward"',
    ]);
  });

  test('logs in with a password that was rotated, and writes none into any log', async () => {
    const before = pair.password;
    pair.rotate();
    await pair.apply(pair.blue, {
      kind: 'role',
      name: 'reader',
      secret: 'env:READER_',
      replication: true,
      readSchemas: ['shop'],
      database: ['CONNECT'],
    });
    await pair.blue.admin.query(
      `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active`,
    );
    expect(
      (await pair.apply(pair.green, pair.subscription({ selection: SELECTION }))).steps,
    ).toEqual([
      'set where pglogical subscription "forward" finds its provider',
      'disable pglogical subscription "forward"',
      'end the workers of pglogical subscription "forward"',
      'enable pglogical subscription "forward"',
    ]);
    await pair.blue.admin.query(`INSERT INTO shop.orders VALUES (3, 'after the rotation')`);
    await untilRows(pair.green, [
      'log new',
      'log there before',
      'orders 1 changed',
      'orders 2 new',
      'orders 3 after the rotation',
      'parted 7',
    ]);
    for (const { server } of [pair.blue, pair.green]) {
      const log = readFileSync(server.server.logFile, 'utf8');
      for (const password of [before, pair.password, pair.green.server.server.superuser.password])
        expect(log).not.toContain(password);
    }
  });

  test('refuses a slot of another name', async () => {
    await expect(
      pair.apply(pair.green, pair.subscription({ slotName: 'another' })),
    ).rejects.toThrow(
      `the slot of pglogical subscription "forward" must be 'another', got 'forward_slot'; give that name, or drop the subscription first`,
    );
  });

  test('tells of a slot that it could not drop where it could not be reached', async () => {
    const { admin } = pair.green;
    await admin.query('SELECT pglogical.alter_subscription_disable($1, true)', ['forward']);
    await waitUntil({
      what: 'nobody may read the slot',
      deadlineMs: 60_000,
      probe: async () => {
        const { rows } = await pair.blue.admin.query('SELECT active FROM pg_replication_slots');
        const done = rows[0]?.active === false;
        return done ? { done, value: undefined } : { done, reason: JSON.stringify(rows) };
      },
    });
    await admin.query(
      `UPDATE pglogical.node_interface SET if_dsn = regexp_replace(if_dsn, 'port=''\\d+''', 'port=''1''') WHERE if_id IN (SELECT sub_origin_if FROM pglogical.subscription)`,
    );
    expect((await pair.drop(pair.green, pair.subscription())).steps).toEqual([
      'drop pglogical subscription "forward"',
      'warning of the server: could not drop slot "forward_slot" on provider, you will probably have to drop it manually',
    ]);
    await admin.query('TRUNCATE shop.orders, shop.log, shop.parted, shop.later');
    await pair.apply(
      pair.green,
      pair.subscription({ selection: SELECTION, slotName: 'second_slot' }),
    );
    await waitUntil({
      what: 'the second slot must be read',
      deadlineMs: 60_000,
      probe: async () => {
        const { rows } = await pair.blue.admin.query(
          'SELECT slot_name AS name FROM pg_replication_slots WHERE active ORDER BY 1',
        );
        const done = rows.length === 1 && rows[0]?.name === 'second_slot';
        return done ? { done, value: undefined } : { done, reason: JSON.stringify(rows) };
      },
    });
  });

  test('is taken down in order, and leaves nothing', async () => {
    await expect(pair.drop(pair.green, pair.node(pair.green))).rejects.toThrow(
      'pglogical node "green" must have no subscription when it is dropped, got "forward"; drop that first',
    );
    expect(
      (await pair.drop(pair.green, pair.subscription({ selection: SELECTION }))).steps,
    ).toEqual(['drop pglogical subscription "forward"']);
    expect((await pair.drop(pair.blue, FORWARD)).steps).toEqual([
      'drop replication set "forward"',
      'drop replication set "forward_insert_only"',
    ]);
    await pair.blue.admin.query(
      `SELECT pg_create_logical_replication_slot('theirs', 'pglogical_output')`,
    );
    for (const side of [pair.green, pair.blue])
      expect((await pair.drop(side, pair.node(side))).steps).toEqual([
        ...(side === pair.blue
          ? [
              'drop slot "forward_slot", which nobody reads',
              'leave slot "theirs", which nobody reads',
            ]
          : []),
        'keep "reader" from pglogical',
        'keep "reader" from the sets of pglogical',
        `drop pglogical node "${side.name}"`,
        'drop the extension pglogical',
        'drop the schema of pglogical',
        ...(side === pair.blue
          ? [
              `warning of the server: slot "theirs" is read by nobody and keeps the log, and is left since it may be somebody else's; drop it if it is not`,
            ]
          : []),
      ]);
    await pair.blue.admin.query(`SELECT pg_drop_replication_slot('theirs')`);
    for (const { admin } of [pair.blue, pair.green]) {
      const { rows } = await admin.query(
        `SELECT (SELECT count(*)::int FROM pg_replication_slots) AS slots, (SELECT count(*)::int FROM pg_replication_origin) AS origins, to_regnamespace('pglogical')::text AS schema`,
      );
      expect(rows).toEqual([{ slots: 0, origins: 0, schema: null }]);
    }
  });
});
