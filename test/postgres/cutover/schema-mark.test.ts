import type { Client } from 'pg';
import { schemaMark } from '../../../lib/postgres';
import { startTestServer, type TestServer } from '../../servers';

const SCHEMA = `CREATE SCHEMA shop;
CREATE FUNCTION shop.now_here() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT now()';
CREATE TYPE shop.state AS ENUM ('new', 'old');
CREATE DOMAIN shop.short AS text;
CREATE TYPE shop.pair AS (a int, b int);
CREATE TABLE shop.orders (id bigserial PRIMARY KEY, at timestamptz DEFAULT shop.now_here(), state shop.state, note shop.short, pair shop.pair);
CREATE TABLE shop.events (id int) PARTITION BY RANGE (id);
CREATE TABLE shop.events_1 (id int);
INSERT INTO shop.orders (note) SELECT n FROM generate_series(1, 1000) n`;

describe.each([14, 18])('the mark of a schema on PostgreSQL %i', (major) => {
  let server: TestServer;
  let client: Client;
  beforeAll(async () => {
    server = await startTestServer({ major });
    client = await server.client();
    await client.query(SCHEMA);
  });
  afterAll(() => server.stop());

  const mark = async (): Promise<unknown> => {
    const { text, values } = schemaMark();
    return (await client.query(text, [...(values ?? [])])).rows;
  };

  test.each([
    "INSERT INTO shop.orders (note) VALUES ('more'); DELETE FROM shop.orders WHERE id < 900",
    "SELECT setval('shop.orders_id_seq', 10000)",
    'VACUUM (FREEZE) shop.orders',
    'ANALYZE',
    'VACUUM (FREEZE) pg_catalog.pg_class',
    'VACUUM pg_catalog.pg_attribute',
    "CREATE TEMPORARY TABLE mine (id serial PRIMARY KEY, name text DEFAULT 'a' CHECK (name <> '')); DROP TABLE mine",
    "CREATE TEMPORARY TABLE ours (id serial PRIMARY KEY, name text DEFAULT 'a' CHECK (name <> ''))",
  ])('stays when nothing is described otherwise: %s', async (text) => {
    const before = await mark();
    await client.query(text);
    expect(await mark()).toEqual(before);
  });

  test.each([
    'ALTER TABLE shop.orders ADD COLUMN more int',
    'ALTER TABLE shop.orders ALTER COLUMN note SET NOT NULL',
    'ALTER TABLE shop.orders ALTER COLUMN more SET DEFAULT 3',
    'ALTER TABLE shop.orders ALTER COLUMN more SET DEFAULT 4',
    'ALTER TABLE shop.orders DROP COLUMN more',
    'ALTER TABLE shop.orders REPLICA IDENTITY FULL',
    'ALTER TABLE shop.orders ADD CHECK (id > 0)',
    'ALTER FUNCTION shop.now_here() RENAME TO now_there',
    "ALTER TYPE shop.state RENAME VALUE 'old' TO 'older'",
    "ALTER TYPE shop.state ADD VALUE 'oldest'",
    'ALTER DOMAIN shop.short ADD CHECK (length(VALUE) < 10000)',
    'ALTER TYPE shop.pair ADD ATTRIBUTE c int',
    'CREATE INDEX ON shop.orders (note)',
    'CREATE RULE none AS ON DELETE TO shop.events DO INSTEAD NOTHING',
    'ALTER SEQUENCE shop.orders_id_seq INCREMENT 2',
    'ALTER SEQUENCE shop.orders_id_seq OWNED BY NONE',
    'ALTER SEQUENCE shop.orders_id_seq OWNED BY shop.orders.id',
    'GRANT SELECT ON SEQUENCE shop.orders_id_seq TO PUBLIC',
    'TRUNCATE shop.orders',
    'ALTER TABLE shop.events ATTACH PARTITION shop.events_1 FOR VALUES FROM (1) TO (9)',
    'ALTER TABLE shop.events DETACH PARTITION shop.events_1',
    'CREATE PUBLICATION few FOR TABLE shop.orders',
    "ALTER PUBLICATION few SET (publish = 'insert')",
    'ALTER PUBLICATION few ADD TABLE shop.events_1',
    'ALTER PUBLICATION few DROP TABLE shop.events_1',
    "CREATE SUBSCRIPTION mine CONNECTION 'host=nowhere' PUBLICATION few WITH (connect = false)",
    'ALTER SUBSCRIPTION mine SET PUBLICATION others WITH (refresh = false)',
    'CREATE TABLE shop.late ()',
    'DROP TABLE shop.late',
    'ALTER TABLE shop.events RENAME TO happened',
    'ALTER SCHEMA shop RENAME TO store',
    'CREATE COLLATION store.other (provider = libc, locale = "C")',
    'CREATE TYPE store.span AS RANGE (subtype = int8)',
    'DROP EXTENSION plpgsql',
  ])('changes with what is described: %s', async (text) => {
    const before = await mark();
    await client.query(text);
    expect(await mark()).not.toEqual(before);
  });

  if (major >= 15)
    test('changes with a schema that is published as a whole', async () => {
      await client.query('CREATE SCHEMA whole; CREATE PUBLICATION whole');
      const before = await mark();
      await client.query('ALTER PUBLICATION whole ADD TABLES IN SCHEMA whole');
      expect(await mark()).not.toEqual(before);
    });
});
