import { LATENCY_NOTE, measureLatency } from '../../../lib/rehearsal/workload/latency';
import { sampleTables } from '../../../lib/rehearsal/workload/sample-tables';
import { startTestServer } from '../../servers';

test('times rows that arrive, and names the one that does not', async () => {
  const test = await startTestServer({});
  try {
    const source = await test.client();
    await source.query('CREATE DATABASE target');
    const target = await test.client('target');
    for (const { ddl, fill } of sampleTables({ schemas: ['public'] })) {
      await source.query(`${ddl}; ${fill(10)}`);
      await target.query(ddl);
    }
    const table = { schema: 'public', name: 'orders' };
    const options = { table, rounds: 3, pauseMs: 0, deadlineMs: 100 };
    const latency = await measureLatency(source, source, { ...options, deadlineMs: 60_000 });
    expect(latency.count).toBe(3);
    expect(latency.median).toBeLessThanOrEqual(latency.p95);
    expect(latency.p95).toBeLessThanOrEqual(latency.max);
    const timed = `SELECT count(*)::int AS rows FROM orders WHERE note = '${LATENCY_NOTE}'`;
    expect((await source.query(timed)).rows).toEqual([{ rows: 3 }]);
    await expect(measureLatency(source, target, options)).rejects.toThrow(
      new Error(
        `row 14 of "public"."orders" must arrive on the target within 0.1 s, got none; look at the servers' logs`,
      ),
    );
  } finally {
    await test.stop();
  }
});

test('counts the time until a row is seen, not until it is looked for', async () => {
  const test = await startTestServer({});
  try {
    const source = await test.client();
    await source.query('CREATE DATABASE target');
    const target = await test.client('target');
    for (const { ddl } of sampleTables({ schemas: ['public'] })) {
      await source.query(ddl);
      await target.query(ddl);
    }
    await source.query(`INSERT INTO customers (name) VALUES ('one')`);
    await target.query(`INSERT INTO customers (name) VALUES ('one')`);
    const LATE_MS = 150;
    // The target sees the row as late as another session commits it, which this one waits for.
    const writer = await test.client('target');
    await writer.query('BEGIN');
    await writer.query(`INSERT INTO orders (customer_id, amount, status) VALUES (1, 1, 'new')`);
    const committed = (async () => {
      const other = await test.client();
      while ((await other.query('SELECT FROM orders')).rowCount === 0);
      await writer.query(`SELECT pg_sleep(${LATE_MS / 1000}); COMMIT`);
    })();
    const latency = await measureLatency(source, target, {
      table: { schema: 'public', name: 'orders' },
      rounds: 1,
      pauseMs: 0,
      deadlineMs: 60_000,
    });
    await committed;
    expect(latency.count).toBe(1);
    expect(latency.median).toBe(latency.max);
    expect(latency.max).toBeGreaterThan(LATE_MS / 2);
  } finally {
    await test.stop();
  }
});
