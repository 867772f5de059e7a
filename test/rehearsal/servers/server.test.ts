import { Client } from 'pg';
import { startTestServer, TEST_MAJORS, type TestServer } from '../../servers';

describe.each(TEST_MAJORS)('a server of PostgreSQL %i', (major) => {
  let test: TestServer;
  beforeAll(async () => {
    test = await startTestServer({ major, settings: { wal_level: 'logical' } });
  });
  afterAll(() => test.stop());

  it('runs with the settings given, checksums and SCRAM', async () => {
    const client = await test.client();
    const { rows } = await client.query(
      `SELECT current_setting('server_version_num')::int / 10000 AS major,
              current_setting('wal_level') AS wal_level,
              current_setting('data_checksums') AS checksums,
              (SELECT left(rolpassword, 13) FROM pg_authid WHERE rolname = 'postgres') AS password`,
    );
    expect(rows).toEqual([
      { major, wal_level: 'logical', checksums: 'on', password: 'SCRAM-SHA-256' },
    ]);
  });

  it('encrypts with a certificate that clients verify', async () => {
    const client = new Client(test.server.connectionConfig());
    await client.connect();
    const { rows } = await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    await client.end();
    expect(rows).toEqual([{ ssl: true }]);
  });
});
