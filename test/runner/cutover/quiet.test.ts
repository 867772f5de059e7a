import { createQuietSlot, foreignWrites, OWN_SCHEMA } from '../../../lib/postgres';
import { run } from '../../../lib/runner';
import { CutoverLab } from './lab';

describe('what the log says of who wrote', () => {
  let lab: CutoverLab;
  beforeAll(async () => {
    lab = await CutoverLab.start([17, 17]);
  });
  afterAll(() => lab.stop());

  test('counts where a transaction was committed, not where it changed something', async () => {
    const { admin } = lab.blue;
    await run(admin, createQuietSlot('watched'));
    const writes = async (since: string): Promise<unknown[]> =>
      (await run(admin, foreignWrites('watched', since, [`${OWN_SCHEMA}.`]))).map(
        ({ data }) => data,
      );
    const position = async (): Promise<string> =>
      (await admin.query('SELECT pg_current_wal_insert_lsn()::text AS lsn')).rows[0].lsn;
    const client = await lab.blue.session();
    await client.query('BEGIN');
    await client.query(`INSERT INTO shop.customers (name) VALUES ('before')`);
    const since = await position();
    await client.query('COMMIT');
    await client.query(`INSERT INTO pontoon.canary VALUES ('other', 'mark', now())`);
    expect(await writes(since)).toEqual([
      `table shop.customers: INSERT: id[bigint]:1 name[text]:'before'`,
    ]);
    expect(await writes(await position())).toEqual([]);
    await client.query(`UPDATE pontoon.canary SET mark = 'own' WHERE migration = 'other'`);
    await client.query('TRUNCATE shop.customers');
    expect(await writes(since)).toEqual([
      `table shop.customers: INSERT: id[bigint]:1 name[text]:'before'`,
      'table shop.customers: TRUNCATE: (no-flags)',
    ]);
    await client.end();
  });
});
