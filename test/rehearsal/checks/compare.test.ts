import { FilterOperator, rowFilterSql } from '../../../lib/postgres';
import { waitForRows } from '../../../lib/rehearsal/checks/compare';
import { sampleTables } from '../../../lib/rehearsal/workload/sample-tables';
import { startTestServer } from '../../servers';

test('waits for the selected rows only', async () => {
  const test = await startTestServer({});
  try {
    const source = await test.client();
    await source.query('CREATE DATABASE target');
    const target = await test.client('target');
    const rowFilters = [{ column: 'region', operator: FilterOperator.AT_LEAST, values: ['5'] }];
    const selection = { tables: [{ schema: 'public', name: 'visits', rowFilters }] };
    const tables = sampleTables(selection);
    for (const { ddl, fill } of tables) {
      await source.query(`${ddl}; ${fill(200)}`);
      await target.query(`${ddl}; ${fill(200)}`);
    }
    await target.query(`DELETE FROM visits WHERE NOT (${rowFilterSql(rowFilters)})`);
    const options = { tables, selection, deadlineMs: 200, onProgress: jest.fn() };
    await waitForRows(source, target, options);
    expect(options.onProgress).not.toHaveBeenCalled();
    await target.query('DELETE FROM visits WHERE id = (SELECT min(id) FROM visits)');
    await expect(waitForRows(source, target, options)).rejects.toThrow(
      '"public"."visits" must have its rows on the target',
    );
    expect(options.onProgress).toHaveBeenLastCalledWith('visits: 4 of 5 rows');
  } finally {
    await test.stop();
  }
});
