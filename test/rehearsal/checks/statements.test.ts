import { createStatementView, keptStatements } from '../../../lib/rehearsal/checks/statements';
import { withStatementLibrary } from '../../../lib/rehearsal/servers';
import { startTestServer } from '../../servers';

const PLACE = 'pg_stat_statements of a';

test('reads the statements of all databases, and says when it cannot', async () => {
  const settings = await withStatementLibrary(17, { shared_preload_libraries: 'auto_explain' });
  expect(settings).toEqual({
    shared_preload_libraries: 'auto_explain,pg_stat_statements',
    'pg_stat_statements.max': '10000',
    'pg_stat_statements.track_utility': 'off',
  });
  const test = await startTestServer({ settings });
  try {
    await createStatementView(test.server);
    const client = await test.client();
    await client.query('CREATE DATABASE shop');
    await (await test.client('shop')).query('SELECT 1 AS "kept"');
    expect(await keptStatements('a', test.server)).toEqual({
      place: PLACE,
      text: expect.stringContaining('SELECT $1 AS "kept"'),
    });
    await client.query('DROP EXTENSION pg_stat_statements');
    expect(await keptStatements('a', test.server)).toEqual({
      place: PLACE,
      reason: 'the server was installed without that library',
      failed: false,
    });
  } finally {
    await test.stop();
  }
  expect(await keptStatements('a', test.server)).toEqual({
    place: PLACE,
    reason: 'the server did not run any more',
    failed: true,
  });
});

test('does without where the library is not loaded', async () => {
  const test = await startTestServer({});
  try {
    await createStatementView(test.server);
    expect(await keptStatements('a', test.server)).toMatchObject({ failed: false });
  } finally {
    await test.stop();
  }
});
