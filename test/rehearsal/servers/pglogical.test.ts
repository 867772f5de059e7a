import {
  PGLOGICAL_MAJORS,
  PGLOGICAL_SERVER,
  pglogicalObstacle,
  preparePglogical,
} from '../../pglogical-servers';
import { withServers } from '../../servers';

const reason = pglogicalObstacle();
if (reason !== undefined) process.stderr.write(`servers with pglogical: not run, it ${reason}\n`);

(reason === undefined ? describe : describe.skip)('servers with pglogical', () => {
  beforeAll(preparePglogical, 600_000);

  test('have the extension of their own release', async () => {
    await withServers(
      PGLOGICAL_MAJORS.map((major) => ({ ...PGLOGICAL_SERVER, major })),
      async (servers) => {
        for (const [index, server] of servers.entries()) {
          const client = await server.client();
          await client.query('CREATE EXTENSION pglogical');
          const { rows } = await client.query(
            `SELECT current_setting('server_version_num')::int / 10000 AS major, extversion AS version FROM pg_extension WHERE extname = 'pglogical'`,
          );
          expect(rows).toEqual([
            { major: PGLOGICAL_MAJORS[index], version: expect.stringMatching(/^2\.4\./) },
          ]);
        }
      },
    );
  });
});
