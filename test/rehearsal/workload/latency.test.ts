import { measureLatency } from '../../../lib/rehearsal/workload/latency';
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
    const latency = await measureLatency(source, source, { ...options, deadlineMs: 10_000 });
    expect(latency.count).toBe(3);
    expect(latency.median).toBeLessThanOrEqual(latency.max);
    await expect(measureLatency(source, target, options)).rejects.toThrow(
      new Error(
        `row 14 of "public"."orders" must arrive on the target within 0.1 s, got none; look at the servers' logs`,
      ),
    );
  } finally {
    await test.stop();
  }
});
