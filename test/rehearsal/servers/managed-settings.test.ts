import { Client } from 'pg';
import { LOOPBACK_HBA, translateManagedSettings } from '../../../lib/rehearsal/servers';
import { startTestServer } from '../../servers';

it('translates what a parameter group of ours holds, and the server starts with it', async () => {
  const { settings, hba, shims } = translateManagedSettings({
    'rds.logical_replication': '1',
    'rds.force_ssl': '1',
    'rds.logical_wal_cache': '8192',
    max_replication_slots: '12',
    max_connections: 'LEAST({DBInstanceClassMemory/9531392},5000)',
    shared_preload_libraries: 'pg_stat_statements,pg_cron',
  });
  expect(hba).toEqual(LOOPBACK_HBA);
  expect(shims).toEqual([
    {
      name: 'wal_level = logical because of rds.logical_replication = 1',
      reason: 'Aurora derives the one from the other; SHOW answers for both',
    },
    {
      name: 'pg_hba.conf has hostssl lines only because of rds.force_ssl = 1',
      reason: 'connections without TLS are refused, with another message than Aurora’s',
    },
    { name: 'rds.logical_wal_cache is left out', reason: 'PostgreSQL has no such cache' },
    {
      name: "max_connections has PostgreSQL's default instead of LEAST({DBInstanceClassMemory/9531392},5000)",
      reason:
        'the formula depends on the memory of an instance class that this machine does not have',
    },
    {
      name: 'shared_preload_libraries is without pg_cron',
      reason: 'the embedded server has only the libraries that come with PostgreSQL',
    },
  ]);

  const test = await startTestServer({ settings, hba });
  const client = await test.client();
  const { rows } = await client.query(
    `SELECT current_setting('wal_level') AS level, current_setting('rds.logical_replication') AS rds,
            current_setting('max_replication_slots') AS slots,
            current_setting('shared_preload_libraries') AS libraries`,
  );
  const plain = new Client({ ...test.server.connectionConfig(), ssl: false });
  await expect(plain.connect()).rejects.toThrow(/no encryption/);
  await test.stop();
  expect(rows).toEqual([
    { level: 'logical', rds: 'on', slots: '12', libraries: 'pg_stat_statements' },
  ]);
});

it('allows connections without TLS where the cloud would', async () => {
  const { settings, hba } = translateManagedSettings({
    'rds.logical_replication': '0',
    'rds.force_ssl': '0',
  });
  expect(settings).toEqual({
    wal_level: 'replica',
    'rds.logical_replication': 'off',
    'rds.force_ssl': 'off',
  });
  const test = await startTestServer({ settings, hba });
  const plain = new Client({ ...test.server.connectionConfig(), ssl: false });
  await plain.connect();
  await plain.end();
  await test.stop();
});

it('refuses what it has no translation for, all at once', () => {
  expect(() =>
    translateManagedSettings({
      'rds.logical_replication': 'yes',
      'rds.force_ssl': 'on',
      'rds.magic': '1',
      'apg_plan_mgmt.x': 'off',
    }),
  ).toThrow(
    [
      'parameter group has 4 problems:',
      `- parameter 'rds.logical_replication' must be 0 or 1, got "yes"; correct the parameter group`,
      `- parameter 'rds.force_ssl' must be 0 or 1, got "on"; correct the parameter group`,
      `- parameter 'rds.magic' requires a translation for the rehearsal, got "1"; remove it from the parameter group, or add what it means to lib/rehearsal/servers/managed-settings.ts`,
      `- parameter 'apg_plan_mgmt.x' requires a translation for the rehearsal, got "off"; remove it from the parameter group, or add what it means to lib/rehearsal/servers/managed-settings.ts`,
    ].join('\n'),
  );
});
