import { readFile } from 'node:fs/promises';
import { sampleTables } from '../../../lib/rehearsal/workload/sample-tables';
import { Writer } from '../../../lib/rehearsal/workload/writer';
import { waitUntil } from '../../../lib/runner';
import { startTestServer, type TestServer } from '../../servers';

const TABLE = { schema: 'public', name: 'orders' };
const SEEDED = 20;
let pg: TestServer;

beforeAll(async () => {
  pg = await startTestServer({});
  const client = await pg.client();
  for (const { ddl, fill } of sampleTables({ schemas: ['public'] }))
    await client.query(`${ddl}; ${fill(SEEDED)}`);
  await client.query(`INSERT INTO orders (customer_id, amount, status, note)
    VALUES (1, 1, 'new', 'latency')`);
});
afterAll(() => pg.stop());

function writer(table = TABLE): Writer {
  const connection = pg.server.controlConfig();
  return new Writer({ connection, table, connections: 3, rate: 5000 });
}

async function untilWritten(running: Writer, rows: number): Promise<void> {
  await waitUntil({
    what: 'the workload must write',
    deadlineMs: 60_000,
    probe: async () =>
      running.written >= rows
        ? { done: true, value: undefined }
        : { done: false, reason: `${running.written} rows` },
  });
}

test('inserts, changes and deletes, counts what was acknowledged, and spares the timed rows', async () => {
  const client = await pg.client();
  const running = writer();
  await untilWritten(running, 100);
  await running.stop();
  const { rows } = await client.query<Record<'live' | 'paid' | 'timed' | 'all', number>>(
    `SELECT count(*) FILTER (WHERE note LIKE 'live %')::int AS live,
      count(*) FILTER (WHERE note LIKE 'turn %')::int AS paid,
      count(*) FILTER (WHERE note = 'latency')::int AS timed, count(*)::int AS all FROM orders`,
  );
  const [counts] = rows;
  expect(counts?.timed).toBe(1);
  expect(counts?.paid).toBeGreaterThan(0);
  expect(counts?.live).toBeGreaterThan(0);
  // Every statement is counted, also one that changes a row that there was before.
  expect(Number(counts?.live) + Number(counts?.paid)).toBeLessThan(running.written + SEEDED);
  const afterwards = running.written;
  await running.stop();
  const again = await client.query('SELECT count(*)::int AS all FROM orders');
  expect(again.rows[0]?.all).toBe(counts?.all);
  expect(running.written).toBe(afterwards);
});

test('throws what ended it when it is stopped, not before', async () => {
  const running = writer({ schema: 'public', name: 'nowhere' });
  await waitUntil({
    what: 'the workload must fail',
    deadlineMs: 60_000,
    probe: async () =>
      (await readFile(pg.server.logFile, 'utf8')).includes('"public.nowhere" does not exist')
        ? { done: true, value: undefined }
        : { done: false, reason: 'nothing in the log' },
  });
  await expect(running.stop()).rejects.toThrow('relation "public.nowhere" does not exist');
  expect(running.written).toBe(0);
});
