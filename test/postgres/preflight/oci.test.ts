import { createTopology, LinkKind, Platform } from '../../../lib/postgres';
import { withServers } from '../../servers';
import { look } from './lab';

test.each([15, 16])('PostgreSQL %i of OCI: what mends it is nothing of AWS', async (major) => {
  const server = { platform: Platform.OCI_POSTGRESQL, majorVersion: major, database: 'postgres' };
  const topology = createTopology({
    servers: { blue: server, green: { ...server, majorVersion: major } },
    links: [
      { kind: LinkKind.NATIVE, from: 'blue', to: 'green', selection: { schemas: ['public'] } },
    ],
  });
  const context = { topology, server: 'blue' };
  const settings = { wal_level: 'replica', log_statement: 'all' };
  await withServers([{ major, settings }], async ([pg]) => {
    if (pg === undefined) throw new Error('withServers must give a server');
    const client = await pg.client();
    await client.query(
      'CREATE ROLE pontoon_admin; GRANT CREATE ON DATABASE postgres TO pontoon_admin',
    );
    await client.query('SET ROLE pontoon_admin');
    expect(await look(client, context, 'settings')).toEqual([
      {
        severity: 'error',
        object: 'wal_level',
        message: `'wal_level' must be logical on 'blue' (logical decoding here), got replica; attach a configuration that sets it, with a restart`,
        fix: '{"configKey":"wal_level","overridenConfigValue":"logical"}',
      },
    ]);
    const log = (await look(client, context, 'statement-log')).map(({ fix }) => fix);
    expect(log).toContain('{"configKey":"log_statement","overridenConfigValue":"none"}');
    expect((await look(client, context, 'privileges')).map(({ fix }) => fix)).toEqual([
      'ALTER ROLE "pontoon_admin" REPLICATION;',
      'ALTER ROLE "pontoon_admin" CREATEROLE;',
      'GRANT pg_signal_backend TO "pontoon_admin";',
    ]);
    const back = { topology, server: 'green' };
    expect(await look(client, back, 'privileges')).toEqual([
      major < 16
        ? {
            severity: 'unchecked',
            object: '"pontoon_admin"',
            message: `whether role "pontoon_admin" may create subscriptions on 'green' is not known, since stock PostgreSQL before 16 leaves that to superusers; try it there and accept this finding, or replicate by pglogical`,
          }
        : {
            severity: 'error',
            object: '"pontoon_admin"',
            message: `role "pontoon_admin" needs the right to create subscriptions on 'green'; let a superuser grant it`,
            fix: 'GRANT pg_create_subscription TO "pontoon_admin";',
          },
    ]);
    expect((await look(client, context, 'cutover-rights')).at(-1)).toEqual({
      severity: 'warning',
      object: '"pontoon_admin"',
      ...(major < 16
        ? {
            message: `whether role "pontoon_admin" may create subscriptions on 'blue', for the way back, is not known, since stock PostgreSQL before 16 leaves that to superusers; try it there, or replicate by pglogical`,
          }
        : {
            message: `role "pontoon_admin" needs the right to create subscriptions on 'blue', for the way back at a cutover; let a superuser grant it before`,
            fix: 'GRANT pg_create_subscription TO "pontoon_admin";',
          }),
    });
    await client.query(
      'RESET ROLE; CREATE EXTENSION pgcrypto; CREATE EXTENSION pg_stat_statements',
    );
    expect(await look(client, context, 'extensions')).toEqual([
      expect.objectContaining({
        severity: 'unchecked',
        object: '"pgcrypto"',
        fix: 'SHOW oci.admin_enabled_extensions;',
      }),
    ]);
  });
});
