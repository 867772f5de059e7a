import { createStandby } from '../../lib/rehearsal/servers';
import { staticSecrets, verifyTables, waitUntil } from '../../lib/runner';
import { withServers } from '../servers';

test.each([14, 18])('a standby of PostgreSQL %i is compared as any other server', async (major) => {
  await withServers([{ name: 'onPremises', major }], async ([primary]) => {
    if (primary === undefined) throw new Error('no server');
    const client = await primary.client();
    await client.query('CREATE SCHEMA app; CREATE TABLE app.t (id int, pad text)');
    const { server } = await createStandby(primary.workspace, {
      name: 'standby',
      upstream: primary.server,
      slot: 'standby',
      role: primary.server.superuser,
    });
    await server.start();
    try {
      await client.query(
        "INSERT INTO app.t SELECT g, repeat('x', g) FROM generate_series(1, 500) g",
      );
      const connectionTo = (to: typeof server) => ({
        server: to.name,
        host: to.host,
        port: to.port,
        database: 'postgres',
        secret: 'superuser',
        sslMode: 'verify-full' as const,
        caCertificate: to.caCertificate,
      });
      const { user: username, password } = primary.server.superuser;

      const verification = await waitUntil({
        what: 'the rows must arrive on the standby',
        deadlineMs: 60_000,
        probe: async () => {
          const value = await verifyTables({
            source: connectionTo(primary.server),
            target: connectionTo(server),
            secrets: staticSecrets({ superuser: { username, password } }),
            selection: { schemas: ['app'] },
          });
          return value.tables.some(({ targetRows }) => targetRows === 500)
            ? { done: true, value }
            : { done: false, reason: JSON.stringify(value.tables) };
        },
      });

      expect(verification).toMatchObject({ status: 'same', tables: [{ sourceRows: 500 }] });
    } finally {
      await server.stop('immediate');
    }
  });
});
