import type { Client } from 'pg';
import { type Statement, sourceMarks, targetMarks } from '../../../lib/postgres';
import { followedTables, publishedTables } from '../../../lib/postgres/cutover/carried';
import { NATIVE_CARRYING } from '../../../lib/postgres/cutover/table-mark';
import { startTestServer, type TestServer } from '../../servers';

const TABLES = 4_000;
const PER_TRANSACTION = 500;
const SELECTION = { schemas: ['shop'] };

/** What grows with the square of the tables took a minute for so many; what does not takes a quarter of a second. */
const LIMIT_MS = 15_000;

let server: TestServer;
let client: Client;
beforeAll(async () => {
  server = await startTestServer({
    major: 18,
    settings: {
      wal_level: 'logical',
      fsync: 'off',
      allow_system_table_mods: 'on',
      max_locks_per_transaction: '1000',
    },
  });
  client = await server.client();
  await client.query('CREATE SCHEMA shop; CREATE PUBLICATION forward');
  for (let first = 1; first <= TABLES; first += PER_TRANSACTION)
    await client.query(
      `DO $$ BEGIN FOR i IN ${first}..${first + PER_TRANSACTION - 1} LOOP EXECUTE format('CREATE TABLE shop.t%s (id int PRIMARY KEY)', i); END LOOP; END $$`,
    );
  await client.query(
    `DO $$ BEGIN EXECUTE (SELECT 'ALTER PUBLICATION forward SET TABLE ' || string_agg(format('shop.t%s', i), ', ') FROM generate_series(1, ${TABLES}) i); END $$`,
  );
  await client.query(
    "CREATE SUBSCRIPTION forward CONNECTION 'dbname=nowhere' PUBLICATION forward WITH (connect = false, slot_name = NONE)",
  );
  await client.query(
    "INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate) SELECT s.oid, c.oid, 'r' FROM pg_subscription s, pg_class c WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind = 'r'",
  );
  await client.query(`ANALYZE; SET statement_timeout = ${LIMIT_MS}`);
});
afterAll(() => server.stop());

test.each<[string, Statement]>([
  ['published', publishedTables(SELECTION, ['forward'])],
  ['followed', followedTables(['forward'], ['forward'])],
  ['marked on the old writer', sourceMarks(SELECTION, ['forward'], NATIVE_CARRYING)],
  ['marked on the new one', targetMarks(SELECTION, ['forward'], NATIVE_CARRYING)],
])(
  'thousands of tables are %s in time, while applications wait',
  async (_what, { text, values }) => {
    const { rows } = await client.query(text, [...(values ?? [])]);
    expect(rows).toHaveLength(TABLES);
  },
);
