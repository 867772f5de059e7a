import { waitUntil } from '../../lib/runner';
import { startTestServer, type TestServer } from '../servers';
import { Link, OWNER, RotatingSecrets } from './hybrid-chain';

const ROLE = { kind: 'role', name: 'reader', secret: 'reader', readSchemas: ['shop'] };
const SLOT = { kind: 'physical-slot', name: 'kept' };
const PUBLICATION = { kind: 'publication', name: 'p', selection: { schemas: ['shop'] } };
const LEDGER = { kind: 'ledger' };

let pg: TestServer;
let link: Link;
let secrets: RotatingSecrets;

beforeAll(async () => {
  pg = await startTestServer({
    settings: {
      wal_level: 'logical',
      max_slot_wal_keep_size: '1MB',
      min_wal_size: '32MB',
      max_wal_size: '32MB',
    },
  });
  secrets = new RotatingSecrets();
  secrets.set('reader', 'reader', 'a good password');
  link = await anotherLink();
  await link.client.query('CREATE SCHEMA shop; CREATE TABLE shop.orders (id int PRIMARY KEY)');
  await link.apply(LEDGER);
});
afterAll(() => pg.stop());
afterEach(async () => {
  expect(await link.value('SELECT array_agg(name) FROM pontoon.objects')).toBeNull();
});

async function anotherLink(): Promise<Link> {
  return new Link('a', await pg.client(), secrets);
}

/** Ends a session of ours once it waits for a lock. */
async function killWhenWaiting(worker: Link): Promise<void> {
  const pid = Reflect.get(worker.client, 'processID');
  await link.until(
    `SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = ${Number(pid)}`,
    true,
  );
  await link.value('SELECT pg_terminate_backend($1)', [pid]);
}

test('a creation that is killed between its steps is finished by the next run', async () => {
  const worker = await anotherLink();
  const blocker = await pg.client();
  await blocker.query('BEGIN; LOCK TABLE shop.orders');
  const first = worker.apply(PUBLICATION, { requestId: 'killed' });
  const failed = expect(first).rejects.toThrow(
    'cannot create publication "p" for 1 tables: the server said "terminating connection due to administrator command" [57P01]',
  );
  await killWhenWaiting(worker);
  await failed;
  await blocker.query('ROLLBACK');
  expect((await link.apply(PUBLICATION, { requestId: 'killed' })).steps).toEqual([
    'create publication "p" for 1 tables',
  ]);
  expect((await link.apply(PUBLICATION)).steps).toEqual([]);
  await link.drop(PUBLICATION);
});

test('of two at once, one makes the object and the other sees it done', async () => {
  const other = await anotherLink();
  const both = await Promise.all([link.apply(PUBLICATION), other.apply(PUBLICATION)]);
  expect(both.map(({ steps }) => steps.length).sort()).toEqual([0, 1]);
  await link.drop(PUBLICATION);
});

test('two deliveries of one request get one answer', async () => {
  const other = await anotherLink();
  const [first, second] = await Promise.all([
    link.apply(SLOT, { requestId: 'twice' }),
    other.apply(SLOT, { requestId: 'twice' }),
  ]);
  expect(first).toEqual({ steps: [`create physical slot 'kept'`], attributes: {} });
  expect(second).toEqual(first);
  await link.drop(SLOT);
});

test('a late duplicate brings nothing back', async () => {
  await link.apply(SLOT, { requestId: 'late' });
  await link.drop(SLOT, { requestId: 'later' });
  await link.apply(SLOT, { requestId: 'late' });
  expect((await link.drop(SLOT, { requestId: 'later' })).steps).toEqual([`drop slot 'kept'`]);
  expect(await link.value('SELECT count(*)::int FROM pg_replication_slots')).toBe(0);
});

test('a failed creation leaves nothing', async () => {
  await expect(link.apply({ ...ROLE, memberOf: ['nobody'] })).rejects.toThrow(
    'cannot grant "nobody" to "reader": the server said "role "nobody" does not exist" [42704]',
  );
  expect(await link.value(`SELECT count(*)::int FROM pg_roles WHERE rolname = 'reader'`)).toBe(0);
});

test('what was changed behind our back is mended', async () => {
  await link.apply(ROLE);
  await link.client.query('ALTER ROLE reader NOLOGIN; REVOKE SELECT ON shop.orders FROM reader');
  expect((await link.apply(ROLE)).steps).toEqual([
    'alter role "reader"',
    'grant the use of schema "shop" to "reader"',
    'grant reading all tables of schema "shop" to "reader"',
  ]);
  await link.drop(ROLE);
});

test('what was dropped behind our back is made again, or counts as dropped', async () => {
  await link.apply(PUBLICATION);
  await link.client.query('DROP PUBLICATION p');
  expect((await link.apply(PUBLICATION)).steps).toEqual(['create publication "p" for 1 tables']);
  await link.client.query('DROP PUBLICATION p');
  expect((await link.drop(PUBLICATION)).steps).toEqual([]);
});

test('an object is only its owner’s, and the ledger everybody’s until the last leaves', async () => {
  const another = { owner: 'another' };
  await link.apply(LEDGER, another);
  await link.apply(SLOT);
  await expect(link.apply(SLOT, another)).rejects.toThrow(
    `physical-slot 'kept' on 'a' must belong to another, got the owner ${OWNER}; change it there, or choose another name`,
  );
  expect((await link.drop(SLOT, another)).steps).toEqual([]);
  expect((await link.drop(LEDGER, another)).steps).toEqual([]);
  await link.drop(SLOT);
});

test('a ledger stays for an owner who has nothing in it yet', async () => {
  const second = { owner: 'second' };
  await link.apply(LEDGER, { ...second, requestId: 'join' });
  expect((await link.drop(LEDGER)).steps).toEqual([]);
  await link.apply(SLOT, second);
  await link.drop(SLOT, second);
  // A late duplicate must not have the owner join again.
  await link.apply(LEDGER);
  expect((await link.drop(LEDGER, second)).steps).toEqual([]);
  await link.apply(LEDGER, { ...second, requestId: 'join' });
  expect((await link.drop(LEDGER)).steps).toEqual(['drop the ledger']);
  await link.apply(LEDGER);
});

test('a schema of the ledger’s name is somebody else’s', async () => {
  const database = await pg.client();
  await database.query('CREATE DATABASE other');
  const other = new Link('a', await pg.client('other'), secrets);
  await other.client.query('CREATE SCHEMA pontoon; CREATE TABLE pontoon.theirs ()');
  await expect(other.apply(LEDGER)).rejects.toThrow(
    'cannot create the schema of the ledger: the server said "schema "pontoon" already exists" [42P06]',
  );
  expect((await other.drop(LEDGER)).steps).toEqual([]);
  expect(await other.value(`SELECT to_regclass('pontoon.theirs')::text`)).toBe('pontoon.theirs');
});

test('what somebody else made is refused, or adopted and never dropped', async () => {
  await link.client.query('CREATE PUBLICATION p FOR TABLE shop.orders');
  await expect(link.apply(PUBLICATION)).rejects.toThrow(
    `publication 'p' on 'a' cannot be created, got one that somebody else made; drop it, choose another name, or adopt it with 'adopt: true'`,
  );
  await link.apply(PUBLICATION, { adopt: true });
  expect((await link.drop(PUBLICATION)).steps).toEqual([]);
  await link.client.query('DROP PUBLICATION p');
});

test('a slot that lost its WAL is reported, and can be dropped', async () => {
  await link.apply(SLOT);
  await waitUntil({
    what: 'the slot must be lost',
    deadlineMs: 60_000,
    probe: async () => {
      await link.client.query(
        `CREATE TABLE filler AS SELECT repeat('x', 1000) FROM generate_series(1, 3000); DROP TABLE filler; SELECT pg_switch_wal(); CHECKPOINT`,
      );
      const status = await link.value('SELECT wal_status FROM pg_replication_slots');
      return status === 'lost'
        ? { done: true, value: status }
        : { done: false, reason: String(status) };
    },
  });
  await expect(link.apply(SLOT)).rejects.toThrow(
    `slot 'kept' cannot be used any more, got invalidated (wal_removed); drop it, make it anew and copy the data again`,
  );
  expect((await link.drop(SLOT)).steps).toEqual([`drop slot 'kept'`]);
});
