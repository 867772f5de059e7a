import type { Client } from 'pg';
import {
  type DmsTransformation,
  DmsTransformationAction,
  DmsTransformationTarget,
  FilterOperator,
  type TableSelection,
} from '../../lib/postgres';
import { staticSecrets, verifyTables } from '../../lib/runner';
import { startTestServer, type TestServer } from '../servers';

const { SCHEMA, TABLE, COLUMN } = DmsTransformationTarget;
const { RENAME, ADD_PREFIX, REMOVE_COLUMN, CONVERT_LOWERCASE } = DmsTransformationAction;

const TRANSFORMATIONS: readonly DmsTransformation[] = [
  { target: SCHEMA, action: RENAME, schema: 'app', value: 'shop' },
  { target: TABLE, action: ADD_PREFIX, schema: 'app', value: 'old_' },
  { target: COLUMN, action: CONVERT_LOWERCASE, schema: 'app', table: 'orders', column: 'ID' },
  { target: COLUMN, action: RENAME, schema: 'app', table: 'orders', column: 'note', value: 'text' },
  { target: COLUMN, action: REMOVE_COLUMN, schema: 'app', table: 'orders', column: 'secret' },
];

let servers: readonly [TestServer, TestServer];
let source: Client;
let target: Client;

beforeAll(async () => {
  servers = await Promise.all([
    startTestServer({ name: 'onPremises', major: 16 }),
    startTestServer({ name: 'aurora', major: 17 }),
  ]);
  [source, target] = await Promise.all([servers[0].client(), servers[1].client()]);
  await source.query(`
    CREATE SCHEMA app;
    CREATE TABLE app.orders ("ID" bigint PRIMARY KEY, note text, secret text);
    CREATE TABLE app.lines (a int, b int, PRIMARY KEY (a, b));
    CREATE TABLE app.skipped (id int);
    INSERT INTO app.orders SELECT g, 'note ' || g, 'secret' FROM generate_series(1, 100) g;
    INSERT INTO app.lines SELECT g, -g FROM generate_series(1, 100) g`);
  await target.query(`
    CREATE SCHEMA shop; CREATE SCHEMA app;
    CREATE TABLE shop.old_orders (text text, secret text, id bigint PRIMARY KEY);
    CREATE TABLE shop.old_lines (a int, b int, PRIMARY KEY (a, b));
    CREATE TABLE shop.old_skipped (id int); INSERT INTO shop.old_skipped VALUES (1);
    INSERT INTO shop.old_orders SELECT 'note ' || g, NULL, g FROM generate_series(1, 100) g;
    INSERT INTO shop.old_lines SELECT g, -g FROM generate_series(1, 100) g`);
});
afterAll(() => Promise.all(servers.map((server) => server.stop())));

async function verify(selection: TableSelection) {
  const [there, here] = servers.map(({ server }) => ({
    server: server.name,
    host: '127.0.0.1',
    port: server.port,
    database: 'postgres',
    secret: server.name,
    sslMode: 'verify-full' as const,
    caCertificate: server.caCertificate,
  }));
  if (there === undefined || here === undefined) throw new Error('no servers');
  const logins = servers.map(({ server: { name, superuser } }) => [
    name,
    { username: superuser.user, password: superuser.password },
  ]);
  const { tables } = await verifyTables({
    source: there,
    target: here,
    secrets: staticSecrets(Object.fromEntries(logins)),
    selection,
    transformations: TRANSFORMATIONS,
    settleMs: 0,
  });
  return tables.map(({ seconds: _, ...table }) => table);
}

const ORDERS = {
  table: { schema: 'app', name: 'orders' },
  target: { schema: 'shop', name: 'old_orders' },
};
const LINES = {
  table: { schema: 'app', name: 'lines' },
  target: { schema: 'shop', name: 'old_lines' },
};

test('tables and columns are found under the names that DMS gave them', async () => {
  const selection = { schemas: ['app'], exclude: [{ schema: 'app', name: 'skipped' }] };
  expect(await verify(selection)).toEqual([
    { ...LINES, status: 'same', sourceRows: 100, targetRows: 100 },
    { ...ORDERS, status: 'same', sourceRows: 100, targetRows: 100 },
  ]);

  await target.query(`
    UPDATE shop.old_orders SET text = 'other' WHERE id = 7;
    CREATE TABLE shop.extra (id int); CREATE TABLE shop.lines (id int)`);
  const found = await verify(selection);
  await target.query(`
    UPDATE shop.old_orders SET text = 'note 7' WHERE id = 7; DROP TABLE shop.extra, shop.lines`);

  expect(found).toEqual([
    { ...LINES, status: 'same', sourceRows: 100, targetRows: 100 },
    {
      ...ORDERS,
      status: 'differs',
      sourceRows: 100,
      targetRows: 100,
      reason: 'the 100 rows do not have the same contents',
      differences: [{ key: ['7'], on: 'both' }],
    },
    {
      table: { schema: 'shop', name: 'extra' },
      status: 'differs',
      reason: 'it is missing on "onPremises"',
    },
    {
      table: { schema: 'shop', name: 'lines' },
      status: 'differs',
      reason: 'it is missing on "onPremises"',
    },
  ]);
});

test('chosen columns and rows are named as on the source', async () => {
  await target.query('DELETE FROM shop.old_orders WHERE id > 50');
  const orders = { schema: 'app', name: 'orders', columns: ['ID', 'note'] };
  const rowFilters = [{ column: 'ID', operator: FilterOperator.AT_MOST, values: ['50'] }];

  expect(await verify({ tables: [{ ...orders, rowFilters }] })).toEqual([
    { ...ORDERS, status: 'same', sourceRows: 50, targetRows: 50 },
  ]);
});
