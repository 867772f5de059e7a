import { randomPassword } from '../../lib/rehearsal/servers';
import { sampled } from '../faults/matrix';
import { HybridChain } from './hybrid-chain';

const MAJORS = sampled([16, 17, 18], (major) => major !== 17);
const SCHEMA = `
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id int PRIMARY KEY, note text);
CREATE TABLE shop.lines (id int PRIMARY KEY);
CREATE TABLE shop.late (id int PRIMARY KEY);`;

const LEDGER = { kind: 'ledger' };
const ROLE = {
  kind: 'role',
  name: 'Replicator "b"',
  secret: 'replicator',
  replication: 'true',
  readSchemas: ['shop'],
  database: ['CONNECT'],
};
const ORDERS = {
  kind: 'publication',
  name: 'orders',
  selection: { tables: [{ schema: 'shop', name: 'orders' }] },
};
const LINES = {
  kind: 'publication',
  name: 'Lines',
  selection: { tables: [{ schema: 'shop', name: 'lines' }] },
};
const SLOT = { kind: 'logical-slot', name: 'c', plugin: 'pgoutput' };
const OTHER_SLOT = { ...SLOT, name: 'c2' };

describe.each(MAJORS)('objects along A, its standby B and C on PostgreSQL %i', (major) => {
  let chain: HybridChain;
  let subscription: Record<string, unknown>;

  beforeAll(async () => {
    chain = await HybridChain.start(major, SCHEMA);
    chain.secrets.set('replicator', ROLE.name, randomPassword());
    subscription = {
      kind: 'subscription',
      name: 'From B',
      publisher: chain.publisher('replicator'),
      publications: ['orders'],
      slotName: 'c',
      selection: ORDERS.selection,
    };
  });
  afterAll(() => chain.stop());

  /** Changes the subscription and keeps the change. */
  const change = async (changed: object) => {
    subscription = { ...subscription, ...changed };
    return (await chain.c.apply(subscription)).steps;
  };

  test('makes them, and rows arrive', async () => {
    const { a, b, c } = chain;
    await a.client.query(`INSERT INTO shop.orders VALUES (1, 'before')`);
    await a.apply(LEDGER);
    await c.apply(LEDGER);
    expect((await a.apply(ROLE)).steps[0]).toBe('create role "Replicator ""b"""');
    expect((await a.apply(ORDERS)).steps).toEqual(['create publication "orders" for 1 tables']);
    await chain.replayed();
    expect((await b.apply(SLOT)).steps).toEqual([`create logical slot 'c' (pgoutput)`]);
    await chain.replayed();
    expect((await c.apply(subscription)).steps).toEqual([
      'create subscription "From B"',
      'set the connection of subscription "From B"',
      'enable subscription "From B"',
      'take up the published tables in subscription "From B"',
    ]);
    await chain.arrives('SELECT count(*)::int FROM shop.orders', 1);
    await a.client.query(
      `INSERT INTO shop.orders VALUES (2, 'live'); UPDATE shop.orders SET note = 'changed' WHERE id = 1`,
    );
    await chain.arrives(
      `SELECT string_agg(note, ',' ORDER BY id) FROM shop.orders`,
      'changed,live',
    );
  });

  test('changes nothing the second time', async () => {
    const { a, b, c } = chain;
    expect((await a.apply(ROLE)).steps).toEqual([]);
    expect((await a.apply(ORDERS)).steps).toEqual([]);
    expect((await b.apply(SLOT)).steps).toEqual([]);
    expect((await c.apply(subscription)).steps).toEqual([]);
  });

  test('takes up a table that was published later, once the selection says so', async () => {
    const { a } = chain;
    await a.client.query('INSERT INTO shop.late VALUES (1)');
    const tables = [...ORDERS.selection.tables, { schema: 'shop', name: 'late' }];
    expect((await a.apply({ ...ORDERS, selection: { tables } })).steps).toEqual([
      'publish 2 tables by "orders"',
    ]);
    await chain.replayed();
    expect(await change({})).toEqual([]);
    expect(await change({ selection: { tables } })).toEqual([
      'take up the published tables in subscription "From B"',
    ]);
    await chain.arrives('SELECT count(*)::int FROM shop.late', 1);
  });

  test('subscribes to one more publication', async () => {
    const { a } = chain;
    await a.client.query('INSERT INTO shop.lines VALUES (1)');
    await a.apply(LINES);
    await chain.replayed();
    expect(await change({ publications: ['orders', 'Lines'] })).toEqual([
      'set the publications of subscription "From B"',
      'take up the published tables in subscription "From B"',
    ]);
    await chain.arrives('SELECT count(*)::int FROM shop.lines', 1);
  });

  test('stops and goes on', async () => {
    const { a, b, c } = chain;
    expect(await change({ enabled: 'false' })).toEqual(['disable subscription "From B"']);
    await b.until(`SELECT active FROM pg_replication_slots WHERE slot_name = 'c'`, false);
    await a.client.query(`INSERT INTO shop.orders VALUES (3, 'meanwhile')`);
    await chain.replayed();
    expect(await c.value('SELECT count(*)::int FROM shop.orders')).toBe(2);
    // It may still have had a worker.
    expect((await change({ enabled: 'true' })).slice(-2)).toEqual([
      'enable subscription "From B"',
      'take up the published tables in subscription "From B"',
    ]);
    await chain.arrives('SELECT count(*)::int FROM shop.orders', 3);
  });

  test('goes on at once when it is stopped for a moment only', async () => {
    const { a } = chain;
    await change({ enabled: 'false' });
    // While its worker is ending, PostgreSQL would start no other one for minutes.
    expect((await change({ enabled: 'true' })).slice(-2)).toEqual([
      'enable subscription "From B"',
      'take up the published tables in subscription "From B"',
    ]);
    await a.client.query(`UPDATE shop.orders SET note = 'again' WHERE id = 3`);
    await chain.arrives(`SELECT count(*)::int FROM shop.orders WHERE note = 'again'`, 1);
  });

  test('reads from another slot', async () => {
    const { a, b } = chain;
    await b.apply(OTHER_SLOT);
    expect(await change({ slotName: 'c2' })).toEqual([
      'disable subscription "From B"',
      'set the slot of subscription "From B"',
      'enable subscription "From B"',
    ]);
    await b.until(`SELECT active FROM pg_replication_slots WHERE slot_name = 'c2'`, true);
    await a.client.query(`INSERT INTO shop.orders VALUES (4, 'by the other slot')`);
    await chain.arrives('SELECT count(*)::int FROM shop.orders', 4);
    expect((await b.drop(SLOT)).steps.at(-1)).toBe(`drop slot 'c'`);
  });

  test('follows a rotated password', async () => {
    const { a, secrets } = chain;
    const { password: old } = await secrets.get('replicator');
    const password = randomPassword();
    secrets.set('replicator', ROLE.name, password);
    expect((await a.apply(ROLE)).steps).toEqual(['set the password of role "Replicator ""b"""']);
    await chain.replayed();
    expect(await chain.login(ROLE.name, old)).toBe(
      'password authentication failed for user "Replicator "b""',
    );
    expect(await chain.login(ROLE.name, password)).toBe('in');
    expect(await change({})).toEqual(['set the connection of subscription "From B"']);
    await a.client.query(`INSERT INTO shop.orders VALUES (5, 'by the new password')`);
    await chain.arrives('SELECT count(*)::int FROM shop.orders', 5);
    expect((await a.apply(ROLE)).steps).toEqual([]);
    expect(await change({})).toEqual([]);
  });

  test('drops them in reverse, and leaves nothing', async () => {
    const { a, b, c } = chain;
    expect((await c.drop(subscription)).steps).toEqual([
      'disable subscription "From B"',
      'part subscription "From B" from its slot',
      'drop subscription "From B"',
    ]);
    expect((await b.drop(OTHER_SLOT)).steps.at(-1)).toBe(`drop slot 'c2'`);
    await a.drop(LINES);
    await a.drop(ORDERS);
    await a.drop(ROLE);
    await a.drop(LEDGER);
    await c.drop(LEDGER);
    await chain.replayed();
    expect(await a.value('SELECT array_agg(slot_name::text) FROM pg_replication_slots')).toEqual([
      'b',
    ]);
    expect(await b.value('SELECT count(*)::int FROM pg_replication_slots')).toBe(0);
    expect(await chain.asTargetSuperuser('SELECT * FROM pg_replication_origin')).toEqual([]);
    expect(await chain.asTargetSuperuser('SELECT subname FROM pg_subscription')).toEqual([]);
    expect(await chain.asTargetSuperuser('SELECT slot_name FROM pg_replication_slots')).toEqual([]);
    for (const link of [a, b]) {
      expect(await link.value('SELECT count(*)::int FROM pg_publication')).toBe(0);
      expect(
        await link.value('SELECT count(*)::int FROM pg_roles WHERE rolname = $1', [ROLE.name]),
      ).toBe(0);
    }
    for (const link of [a, b, c]) {
      expect(await link.value(`SELECT to_regnamespace('pontoon')::text`)).toBeNull();
    }
  });
});
