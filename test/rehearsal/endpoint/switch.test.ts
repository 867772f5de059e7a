import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { openEndpoint } from '../../../lib/endpoints';
import { parseEndpoint, quoteConninfo, quoteLiteral } from '../../../lib/postgres';
import { HostedZones, RdsProxies, SecretStore } from '../../../lib/rehearsal/aws-endpoint';
import { endpointResolver, TcpEndpoint } from '../../../lib/rehearsal/endpoint';
import type { Server } from '../../../lib/rehearsal/servers';
import { Applications } from '../../../lib/rehearsal/workload/applications';
import { workloadTableDdl } from '../../../lib/rehearsal/workload/workload-table';
import { LocalCloud } from '../../endpoints/cloud';
import { type TestServer, withServers } from '../../servers';

const table = { schema: 'public', name: 'workload' };
const app = { user: 'app', password: 'p' };
const FENCE = 'REVOKE CONNECT ON DATABASE postgres FROM PUBLIC';
const OPEN = 'GRANT CONNECT ON DATABASE postgres TO PUBLIC';
const spec = parseEndpoint({
  kind: 'route53-record',
  hostedZoneId: 'Z1',
  recordName: 'db.shop.example',
  sides: { old: 'old.example', new: 'new.example' },
});

let cloud: LocalCloud;
beforeEach(async () => {
  cloud = await LocalCloud.start();
});
afterEach(() => cloud.stop());

/** A port that leads where the record in the stand-in of Route 53 says. */
async function startEndpoint(servers: readonly Server[]): Promise<TcpEndpoint> {
  const services = {
    zones: new HostedZones(),
    secrets: new SecretStore(),
    proxies: new RdsProxies(),
  };
  services.zones.add('Z1', [
    { name: 'db.shop.example', type: 'CNAME', ttl: 5, values: ['old.example'] },
  ]);
  cloud.endpoint.registerXml(services.zones.service);
  return await TcpEndpoint.start(
    endpointResolver(spec, services, (name) => servers.find((server) => server.name === name)),
  );
}

async function prepare(server: TestServer): Promise<Client> {
  const client = await server.client();
  await client.query(workloadTableDdl(table));
  await client.query(
    `CREATE ROLE app LOGIN PASSWORD 'p'; GRANT ALL ON workload, workload_id_seq TO app`,
  );
  return client;
}

async function replicate(from: Server, source: Client, target: Client): Promise<void> {
  await source.query('CREATE PUBLICATION forward FOR TABLE workload');
  const fields = {
    host: from.host,
    port: String(from.port),
    dbname: 'postgres',
    user: from.superuser.user,
    password: from.superuser.password,
    sslmode: 'verify-full',
    sslrootcert: from.caCertificateFile,
  };
  const connection = Object.entries(fields).map(([key, text]) => `${key}=${quoteConninfo(text)}`);
  await target.query(
    `CREATE SUBSCRIPTION forward CONNECTION ${quoteLiteral(connection.join(' '))} PUBLICATION forward`,
  );
}

async function until(client: Client, truth: string): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ done: boolean | null }>(`SELECT (${truth}) AS done`);
    if (rows[0]?.done === true) return;
    await delay(5);
  }
}

test('a switch through a record loses and doubles nothing, without waiting for the disk either', async () => {
  const settings = { wal_level: 'logical' };
  await withServers([{ name: 'old', settings }, { name: 'new' }], async ([old, next]) => {
    if (old === undefined || next === undefined) throw new Error('two servers must be started');
    const [source, target] = [await prepare(old), await prepare(next)];
    await target.query(FENCE);
    await replicate(old.server, source, target);
    await until(target, `SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel`);
    const endpoint = await startEndpoint([old.server, next.server]);
    const workload = await Applications.start({
      connection: { ...old.server.connectionConfig('postgres', app), port: endpoint.port },
      table,
      servers: [old.server, next.server],
    });
    try {
      // Before the fence, so that nobody waits for the SDK to be loaded behind it.
      const record = openEndpoint(spec);
      expect(await record.active()).toBe('old');
      while (workload.acknowledged < 500) await workload.untilWriting({ deadlineMs: 60_000 });
      await source.query(FENCE);
      await until(
        source,
        `SELECT count(pg_terminate_backend(pid)) = 0 FROM pg_stat_activity WHERE usename = 'app'`,
      );
      await source.query('CREATE TABLE canary ()');
      const { rows } = await source.query<{ lsn: string; last: string }>(
        'SELECT pg_current_wal_insert_lsn() AS lsn, (SELECT last_value FROM workload_id_seq) AS last',
      );
      await until(
        source,
        `SELECT bool_and(confirmed_flush_lsn >= '${rows[0]?.lsn}') FROM pg_replication_slots`,
      );
      await target.query(`SELECT setval('workload_id_seq', ${rows[0]?.last} + 100)`);
      await record.activate('new');
      await target.query(OPEN);
      await workload.untilWriting({ server: 'new', deadlineMs: 60_000 });
    } finally {
      await workload.stop();
      await endpoint.close();
    }
    expect(await workload.check(target)).toMatchObject({
      missing: [],
      doubled: [],
      unexpected: [],
    });
    const [outage, ...more] = workload.outages;
    expect([outage?.from, outage?.to, outage?.clientsMs.length, more]).toEqual([
      'old',
      'new',
      6,
      [],
    ]);
    expect(workload.refusals.map(({ code }) => code)).not.toContain('23505');
    await target.query('ALTER SUBSCRIPTION forward DISABLE');
  });
});
