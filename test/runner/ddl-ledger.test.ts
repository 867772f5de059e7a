import type { Client } from 'pg';
import { lastChange, readSpec } from '../../lib/postgres';
import { apply, drop, staticSecrets } from '../../lib/runner';
import { startTestServer, TEST_MAJORS, type TestServer } from '../servers';

describe.each(TEST_MAJORS)('a ledger of changes on PostgreSQL %i', (major) => {
  let pg: TestServer;
  let client: Client;
  beforeAll(async () => {
    pg = await startTestServer({ major });
    client = await pg.client();
    await client.query('CREATE SCHEMA shop; CREATE TABLE shop.orders (id int PRIMARY KEY)');
    await reconcile({ kind: 'ledger' });
  });
  afterAll(() => pg.stop());

  const request = (spec: object) => ({ server: 'a', spec: readSpec(spec), owner: 'test' });
  const reconcile = async (spec: object): Promise<readonly string[]> =>
    (await apply({ client }, staticSecrets({}), request(spec))).steps;
  const last = async (): Promise<unknown> => {
    const { rows } = await client.query(lastChange().text);
    return { tag: rows[0]?.tag, object: rows[0]?.object, role: rows[0]?.role };
  };

  test('notes what changes, then refuses it, then lets it pass again', async () => {
    const spec = { kind: 'ddl-ledger', schemas: ['shop'] };
    expect(await reconcile(spec)).toEqual([
      'create the ledger of changes',
      'note changes to the schemas',
      'create the event trigger pontoon_ddl',
      'create the event trigger pontoon_ddl_drop',
    ]);
    expect(await reconcile(spec)).toEqual([]);
    await client.query('ALTER TABLE shop.orders ADD COLUMN note text');
    expect(await last()).toEqual({ tag: 'ALTER TABLE', object: 'shop.orders', role: 'postgres' });
    await client.query('CREATE TEMP TABLE other (id int); CREATE TABLE public.other (id int)');
    expect(await last()).toEqual({ tag: 'ALTER TABLE', object: 'shop.orders', role: 'postgres' });

    expect(await reconcile({ ...spec, frozen: true })).toEqual(['refuse changes to the schemas']);
    await expect(client.query('CREATE INDEX ON shop.orders (note)')).rejects.toMatchObject({
      message: 'the schema must not change while it is migrated, got CREATE INDEX',
      hint: 'wait until the migration is finalized, or lift its freeze and make the same change on the target',
    });
    await expect(client.query('DROP TABLE shop.orders')).rejects.toThrow(
      new Error('the schema must not change while it is migrated, got DROP TABLE'),
    );
    await client.query('INSERT INTO shop.orders (id) VALUES (1); ANALYZE shop.orders');

    await drop({ client }, staticSecrets({}), request({ ...spec, frozen: true }));
    await client.query('DROP TABLE shop.orders');
    const { rows } = await client.query('SELECT count(*)::int AS left FROM pg_event_trigger');
    expect(rows).toEqual([{ left: 0 }]);
  });
});
