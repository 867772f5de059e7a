import { Client } from 'pg';
import {
  deriveSettings,
  preflightExitCode,
  renderParameterGroup,
  settingsByName,
} from '../../lib/postgres';
import {
  createStandby,
  managedAdmin,
  randomPassword,
  translateManagedSettings,
} from '../../lib/rehearsal/servers';
import { type PreflightClient, runPreflight } from '../../lib/runner';
import { hybridChain } from '../postgres/hybrid-chain';
import { twoLinks } from '../postgres/preflight/lab';
import { startTestServer, TEST_MAJORS, withServers } from '../servers';

test.each([16, 17, 18])(
  'PostgreSQL %i: a primary and its standby with the derived settings pass together',
  async (major) => {
    const topology = hybridChain({ majorVersion: major, database: 'postgres' });
    const ofA = settingsByName(deriveSettings(topology, 'onPremises'));
    await withServers([{ major, settings: ofA }], async ([primary]) => {
      if (primary === undefined) throw new Error('withServers must give a server');
      const client = await primary.client();
      await client.query('CREATE TABLE orders (id int PRIMARY KEY, name text)');
      const { server, workspace } = primary;
      const { server: standby } = await createStandby(workspace, {
        name: 'standby',
        upstream: server,
        slot: 'pontoon_standby',
        role: server.superuser,
        settings: settingsByName(deriveSettings(topology, 'standby')),
      });
      await standby.start();
      const onStandby = new Client(standby.controlConfig());
      await onStandby.connect();
      try {
        const a = await runPreflight(client, { topology, server: 'onPremises' });
        expect(a.findings).toEqual([]);
        const peers = { onPremises: a.rows };
        const b = await runPreflight(onStandby, { topology, server: 'standby', peers });
        expect(b.findings).toEqual([]);
        expect(preflightExitCode([a, b])).toBe(0);
        const alone = await runPreflight(onStandby, { topology, server: 'standby' });
        expect(preflightExitCode([a, alone])).toBe(3);
        const swapped = await runPreflight(onStandby, { topology, server: 'onPremises' });
        expect(swapped.findings.filter(({ check }) => check === 'version')).toEqual([
          {
            check: 'version',
            severity: 'error',
            message: `'onPremises' must be a primary, got a standby; connect to its primary, or add the physical link that makes it a standby`,
          },
        ]);
      } finally {
        await onStandby.end();
        await standby.stop('immediate');
      }
    });
  },
);

test('a cloud’s admin sees enough of a managed target with the derived parameters', async () => {
  const topology = hybridChain();
  const parameters = renderParameterGroup(deriveSettings(topology, 'aurora'));
  const { settings } = translateManagedSettings(parameters);
  await withServers([{ settings, superuser: 'rdsadmin' }], async ([aurora]) => {
    if (aurora === undefined) throw new Error('withServers must give a server');
    const admin = { user: 'admin', password: randomPassword() };
    await managedAdmin(aurora.server, { admin, database: 'shop' });
    const client = new Client(aurora.server.connectionConfig('shop', admin));
    await client.connect();
    try {
      const report = await runPreflight(client, { topology, server: 'aurora' });
      expect(report.findings).toEqual([]);
    } finally {
      await client.end();
    }
  });
});

test.each(TEST_MAJORS)(
  'PostgreSQL %i: the number of statements does not grow with the tables, and nothing is written',
  async (major) => {
    const pg = await startTestServer({ major, settings: { wal_level: 'logical' } });
    try {
      const client = await pg.client();
      const selection = { schemas: ['public'] };
      const topology = twoLinks(major, 'postgres', { dms: selection, native: selection });
      const before = await runPreflight(client, { topology, server: 'onPremises' });
      await client.query(
        `DO $$BEGIN FOR i IN 1..50 LOOP EXECUTE format('CREATE TABLE t%s (a int)', i); END LOOP; END$$`,
      );
      const texts: string[] = [];
      const watched: PreflightClient = {
        query: (text, values) => {
          texts.push(text);
          return client.query(text, values);
        },
      };
      const after = await runPreflight(watched, { topology, server: 'onPremises' });
      expect(after.queries).toBe(before.queries);
      expect(texts).toHaveLength(after.queries);
      expect(texts[0]).toBe('BEGIN READ ONLY');
      expect(texts.at(-1)).toBe('ROLLBACK');
      // Each of the fifty is named by either link.
      const unnamed = after.findings.filter(({ check }) => check === 'replica-identity');
      expect(unnamed).toHaveLength(100);
    } finally {
      await pg.stop();
    }
  },
);

test('a session that ends in the middle is an error, not an unchecked server', async () => {
  const pg = await startTestServer();
  try {
    const client = await pg.client();
    const other = await pg.client();
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    const ending: PreflightClient = {
      query: async (text, values) => {
        if (text.includes('pg_replication_slots'))
          await other.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
        return client.query(text, values);
      },
    };
    const topology = twoLinks(17, 'postgres', { native: { schemas: ['public'] } });
    await expect(runPreflight(ending, { topology, server: 'onPremises' })).rejects.toThrow(
      /terminating connection due to administrator command|Connection terminated|not queryable|EPIPE|ECONNRESET/,
    );
  } finally {
    await pg.stop();
  }
});
