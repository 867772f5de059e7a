import { createTopology, deriveSettings, serverOf } from '../../../lib/postgres';
import { withServers } from '../../servers';
import { hybridChain } from '../hybrid-chain';
import { look, mend, twoLinks } from './lab';

const PUBLIC = { schemas: ['public'] };
const OWN = ['ALTER SYSTEM SET ', 'SELECT pg_catalog.pg_reload_conf();'] as const;

test.each([14, 18])(
  'PostgreSQL %i: every setting that is wrong is named, and passes once it is mended',
  async (major) => {
    const settings = {
      wal_level: 'replica',
      max_wal_senders: '3',
      max_replication_slots: '3',
      password_encryption: 'md5',
      max_slot_wal_keep_size: '1GB',
      wal_sender_timeout: '5s',
    };
    await withServers([{ major, settings }], async ([server]) => {
      if (server === undefined) throw new Error('withServers must give a server');
      const client = await server.client();
      const topology = twoLinks(major, 'postgres', { native: PUBLIC });
      const context = { topology, server: 'onPremises' };
      const finding = (name: string, rule: string, got: string, wayOut: string) => {
        const required = deriveSettings(topology, 'onPremises').find(
          (setting) => setting.name === name,
        );
        return {
          severity: 'error',
          object: name,
          message: `'${name}' must be ${rule} on 'onPremises' (${required?.reason}), got ${got}; ${wayOut}`,
          fix: `${OWN[0]}${name} = '${required?.value}';\n${OWN[1]}`,
        };
      };
      // A guard of the owner's disk stays, and nothing offers to remove it.
      const guard = {
        severity: 'warning',
        object: 'max_slot_wal_keep_size',
        message: `'max_slot_wal_keep_size' is 1024 (MB) on 'onPremises': a slot that needs more WAL than that is given up, and its copy begins anew; make sure that the limit outlasts the copy and an outage, and state it as 'maxSlotWalKeepMiB' of this server`,
      };
      // A native subscription carries changes back.
      const retry = {
        severity: 'warning',
        object: 'wal_retrieve_retry_interval',
        message: `'wal_retrieve_retry_interval' is 5000 (ms) on 'onPremises', and 500ms would be better: a stream that breaks is asked for again at once`,
      };
      const restart = 'change it and restart the server';
      const findings = await look(client, context, 'settings');
      expect(findings).toEqual([
        finding('wal_level', 'logical', 'replica', restart),
        finding('max_wal_senders', 'at least 10', '3', restart),
        finding('max_replication_slots', 'at least 10', '3', restart),
        guard,
        finding('wal_sender_timeout', '0 or at least 60s', '5000 (ms)', 'change it and reload'),
        retry,
        finding('password_encryption', 'scram-sha-256', 'md5', 'change it and reload'),
      ]);
      const room = await look(client, context, 'room');
      expect(room).toEqual([
        {
          severity: 'error',
          object: 'max_replication_slots',
          message: `'max_replication_slots' must leave 5 free on 'onPremises', got 3 (0 of 3 in use); free some, or set it to 5 and restart the server`,
          fix: `ALTER SYSTEM SET max_replication_slots = '5';`,
        },
        {
          severity: 'error',
          object: 'max_wal_senders',
          message: `'max_wal_senders' must leave 5 free on 'onPremises', got 3 (0 of 3 in use); free some, or set it to 5 and restart the server`,
          fix: `ALTER SYSTEM SET max_wal_senders = '5';`,
        },
      ]);
      await mend(client, [...room, ...findings]);
      const waiting = await look(client, context, 'settings');
      expect(waiting[0]).toEqual(
        finding(
          'wal_level',
          'logical',
          'replica',
          'a change of it waits: make sure that it is this one, and restart the server',
        ),
      );
      await server.server.restart();
      const again = await server.client();
      expect(await look(again, context, 'settings')).toEqual([guard, retry]);
      const stated = (maxSlotWalKeepMiB: number) => ({
        ...context,
        topology: createTopology({
          ...topology,
          servers: {
            ...topology.servers,
            onPremises: { ...serverOf(topology, 'onPremises'), maxSlotWalKeepMiB },
          },
        }),
      });
      expect(await look(again, stated(1024), 'settings')).toEqual([retry]);
      expect(await look(again, stated(2048), 'settings')).toEqual([
        {
          severity: 'error',
          object: 'max_slot_wal_keep_size',
          message: `'max_slot_wal_keep_size' must be 2048MB on 'onPremises' (how much WAL a slot may hold back is decided, not left to chance), got 1024 (MB); change it and reload`,
          fix: `${OWN[0]}max_slot_wal_keep_size = '2048MB';\n${OWN[1]}`,
        },
        retry,
      ]);
      expect(await look(again, context, 'room')).toEqual([]);

      await again.query(
        `SELECT pg_create_physical_replication_slot('mine_' || i) FROM generate_series(1, 6) i`,
      );
      expect((await look(again, context, 'room')).map(({ message }) => message)).toEqual([
        `'max_replication_slots' must leave 5 free on 'onPremises', got 4 (6 of 10 in use); free some, or set it to 11 and restart the server`,
      ]);
    });
  },
);

test('a managed server is told its parameters by their own names', async () => {
  await withServers([{ major: 17, settings: { wal_level: 'replica' } }], async ([server]) => {
    if (server === undefined) throw new Error('withServers must give a server');
    const client = await server.client();
    const findings = await look(client, { topology: hybridChain(), server: 'aurora' }, 'settings');
    expect(findings.slice(0, 2)).toEqual([
      {
        severity: 'error',
        object: 'rds.logical_replication',
        message: `'rds.logical_replication' must be 1 on 'aurora' (changes can flow back after the cutover), got wal_level = replica; change the parameter group and reboot the writer`,
        fix: 'aws rds modify-db-cluster-parameter-group --db-cluster-parameter-group-name "$PARAMETER_GROUP" --parameters "ParameterName=rds.logical_replication,ParameterValue=1,ApplyMethod=pending-reboot"',
      },
      {
        severity: 'error',
        object: 'max_sync_workers_per_subscription',
        message: `'max_sync_workers_per_subscription' must be at least 4 on 'aurora' (table copies side by side), got 2; change the parameter group`,
        fix: 'aws rds modify-db-cluster-parameter-group --db-cluster-parameter-group-name "$PARAMETER_GROUP" --parameters "ParameterName=max_sync_workers_per_subscription,ParameterValue=4,ApplyMethod=immediate"',
      },
    ]);
  });
});
