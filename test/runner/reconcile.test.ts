import type { Client } from 'pg';
import { type ObjectSpec, readSpec, type SecretStore } from '../../lib/postgres';
import { apply, drop, plan, type ReconcileClients, staticSecrets } from '../../lib/runner';
import { startTestServer, TEST_MAJORS, type TestServer } from '../servers';

const OWNER = 'stack/resource';

describe.each(TEST_MAJORS)('objects on PostgreSQL %i', (major) => {
  let pg: TestServer;
  let client: Client;
  let clients: ReconcileClients;
  let secrets: SecretStore;

  beforeAll(async () => {
    pg = await startTestServer({ major, settings: { wal_level: 'logical' } });
    client = await pg.client();
    clients = { client };
    secrets = staticSecrets({
      'secret:reader': { username: 'reader', password: 'pa\'ss\\w"ord' },
      'secret:writer': { username: 'writer', password: 'w' },
      'secret:writer2': { username: 'writer2', password: 'w' },
    });
    await client.query(`CREATE SCHEMA shop; CREATE TABLE shop.orders (id int PRIMARY KEY, note text);
      CREATE TABLE shop."Weird ""name""" (id int PRIMARY KEY)`);
    await reconcile({ kind: 'ledger' });
  });
  afterAll(() => pg.stop());

  const reconcile = (spec: object, requestId?: string) =>
    apply(clients, secrets, {
      server: 'a',
      spec: readSpec(spec),
      owner: OWNER,
      ...(requestId === undefined ? {} : { requestId }),
    });
  const remove = (spec: object) =>
    drop(clients, secrets, { server: 'a', spec: readSpec(spec), owner: OWNER });

  const SPECS: readonly { readonly spec: object; readonly first: readonly string[] }[] = [
    {
      spec: {
        kind: 'role',
        name: 'reader',
        secret: 'secret:reader',
        replication: 'true',
        readSchemas: ['shop'],
        database: ['CONNECT'],
      },
      first: [
        'create role "reader"',
        'grant CONNECT on the database to "reader"',
        'grant the use of schema "shop" to "reader"',
        'grant reading all tables of schema "shop" to "reader"',
      ],
    },
    {
      spec: { kind: 'publication', name: 'Pub"1', selection: { schemas: ['shop'] } },
      first: ['create publication "Pub""1" for 2 tables'],
    },
    { spec: { kind: 'physical-slot', name: 'b' }, first: [`create physical slot 'b'`] },
    {
      spec: { kind: 'logical-slot', name: 'c', plugin: 'test_decoding' },
      first: [`create logical slot 'c' (test_decoding)`],
    },
    { spec: { kind: 'heartbeat' }, first: ['create the heartbeat'] },
    {
      spec: { kind: 'server-settings', name: 'x', settings: { work_mem: '5MB' } },
      first: ['set work_mem = 5MB', 'reload the settings'],
    },
  ];

  test.each(SPECS)('makes $spec.kind once, and drops it once', async ({ spec, first }) => {
    expect((await reconcile(spec)).steps).toEqual(first);
    expect((await reconcile(spec)).steps).toEqual([]);
    expect(
      await plan(clients, secrets, { server: 'a', spec: readSpec(spec), owner: OWNER }),
    ).toEqual([]);
    await expect(
      apply(clients, secrets, { server: 'a', spec: readSpec(spec), owner: 'another' }),
    ).rejects.toThrow(
      /must belong to another, got the owner stack\/resource; change it there, or choose another name$/,
    );
    expect((await remove(spec)).steps.length).toBeGreaterThan(0);
    expect((await remove(spec)).steps).toEqual([]);
    const { rows } = await client.query('SELECT * FROM pontoon.objects');
    expect(rows).toEqual([]);
  });

  test('guards the database and gives the access back', async () => {
    const acl = async () =>
      (
        await client.query(
          'SELECT datacl::text FROM pg_database WHERE datname = current_database()',
        )
      ).rows[0];
    await client.query('CREATE ROLE tester LOGIN');
    const before = await acl();
    const spec = { kind: 'connection-guard', keep: ['tester'] };
    expect((await reconcile(spec)).steps).toEqual([
      'let "tester" connect',
      'no longer let PUBLIC connect',
    ]);
    expect((await remove(spec)).steps).toEqual([
      'let PUBLIC connect',
      'no longer let "tester" connect',
    ]);
    expect((await acl()).datacl ?? '{=Tc/postgres,postgres=CTc/postgres}').toBe(
      before.datacl ?? '{=Tc/postgres,postgres=CTc/postgres}',
    );
  });

  test('makes a schema for the tables of a role, and drops what it made there', async () => {
    const spec = (name: string, createInSchemas: readonly string[]) => ({
      kind: 'role',
      name,
      secret: `secret:${name}`,
      createInSchemas,
    });
    const kept = async () =>
      (
        await client.query(
          `SELECT n.nspname, c.relname FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r'
           WHERE nspname IN ('control', 'other') ORDER BY 1, 2`,
        )
      ).rows.map(({ nspname, relname }) => `${nspname}: ${relname}`);
    await client.query(`CREATE ROLE admin CREATEROLE;
      GRANT ALL ON SCHEMA pontoon TO admin; GRANT ALL ON ALL TABLES IN SCHEMA pontoon TO admin;
      DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO admin', current_database()); END $$;
      SET ROLE admin`);
    await reconcile(spec('writer', ['control', 'other']));
    await reconcile(spec('writer2', ['control']));
    expect((await reconcile(spec('writer', ['control', 'other']))).steps).toEqual([]);
    await client.query(`RESET ROLE;
      SET ROLE writer; CREATE TABLE control.a (id serial PRIMARY KEY); CREATE TABLE other.a (); RESET ROLE;
      SET ROLE writer2; CREATE TABLE control.b (); RESET ROLE;
      SET ROLE admin`);
    expect((await reconcile(spec('writer', ['control']))).steps).toEqual([
      'drop what "writer" made in schema "other"',
    ]);
    expect(await kept()).toEqual(['control: a', 'control: b']);
    expect((await remove(spec('writer', ['control']))).steps).toEqual([
      'drop what "writer" made in schema "control"',
      'drop role "writer"',
    ]);
    expect(await kept()).toEqual(['control: b']);
    await remove(spec('writer2', ['control']));
    expect(await kept()).toEqual([]);
    await client.query('RESET ROLE');
  });

  test('answers a repeated request from memory, also after the object is gone', async () => {
    const spec = { kind: 'physical-slot', name: 'late' };
    await reconcile(spec, 'request-1');
    await remove(spec);
    expect((await reconcile(spec, 'request-1')).steps).toEqual([`create physical slot 'late'`]);
    const { rowCount } = await client.query(
      `SELECT FROM pg_replication_slots WHERE slot_name = 'late'`,
    );
    expect(rowCount).toBe(0);
  });

  test('neither adopts silently nor drops what it adopted', async () => {
    await client.query(`SELECT pg_create_physical_replication_slot('foreign_one', true)`);
    const spec = readSpec({ kind: 'physical-slot', name: 'foreign_one' }) as ObjectSpec;
    await expect(apply(clients, secrets, { server: 'a', spec, owner: OWNER })).rejects.toThrow(
      "physical-slot 'foreign_one' on 'a' cannot be created, got one that somebody else made; drop it, choose another name, or adopt it with 'adopt: true'",
    );
    await apply(clients, secrets, { server: 'a', spec, owner: OWNER, adopt: true });
    expect((await drop(clients, secrets, { server: 'a', spec, owner: OWNER })).steps).toEqual([]);
    const { rowCount } = await client.query(
      `SELECT FROM pg_replication_slots WHERE slot_name = 'foreign_one'`,
    );
    expect(rowCount).toBe(1);
  });
});
