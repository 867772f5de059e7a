import type { Client } from 'pg';
import { isMetricsEvent, publishMetrics } from '../../lib/handler/metrics';
import {
  createTopology,
  deriveWatchPoints,
  LinkKind,
  Platform,
  type Topology,
  WalLevel,
} from '../../lib/postgres';
import { createStandby, type Server, Workspace } from '../../lib/rehearsal/servers';
import { staticSecrets, waitUntil } from '../../lib/runner';
import { sampled } from '../faults/matrix';
import { startTestServer, type TestServer } from '../servers';

const SETTINGS = {
  wal_level: 'logical',
  hot_standby_feedback: 'on',
  wal_receiver_status_interval: '1s',
};
const MAJORS = sampled([16, 17, 18], (major) => major !== 17);
const CHAIN = 'onPremises->standby';
const BRIDGE = 'standby->aurora';

function topologyOf(major: number): Topology {
  const server = { majorVersion: major, database: 'postgres' };
  return createTopology({
    servers: {
      onPremises: { ...server, platform: Platform.SELF_MANAGED, walLevel: WalLevel.LOGICAL },
      standby: { ...server, platform: Platform.EC2 },
      aurora: { ...server, platform: Platform.AURORA },
    },
    links: [
      { kind: LinkKind.PHYSICAL, from: 'onPremises', to: 'standby', slotName: 'b' },
      {
        kind: LinkKind.NATIVE,
        from: 'standby',
        to: 'aurora',
        slotName: 'c',
        selection: { schemas: ['public'] },
      },
    ],
  });
}

/** One published value, found by what it is of. */
type Published = Map<string, number>;

describe.each(MAJORS)('a chain of PostgreSQL %i', (major) => {
  let workspace: Workspace;
  let primary: TestServer;
  let target: TestServer;
  let standby: Server;
  let a: Client;
  let c: Client;
  const lines: string[] = [];

  beforeAll(async () => {
    workspace = await Workspace.open();
    [primary, target] = await Promise.all([
      startTestServer({ workspace, name: 'onPremises', major, settings: SETTINGS }),
      startTestServer({ workspace, name: 'aurora', major, settings: SETTINGS }),
    ]);
    a = await primary.client();
    c = await target.client();
    await a.query(
      'CREATE TABLE orders (id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE orders',
    );
    await a.query(
      'CREATE SCHEMA pontoon; CREATE TABLE pontoon.heartbeat (singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton), beat_at timestamptz NOT NULL)',
    );
    await c.query('CREATE TABLE orders (id int PRIMARY KEY)');
    const made = await createStandby(workspace, {
      name: 'standby',
      settings: SETTINGS,
      upstream: primary.server,
      slot: 'b',
      role: primary.server.superuser,
    });
    standby = made.server;
    await standby.start();
    await subscribe();
  });
  afterAll(async () => {
    await Promise.all([primary.stop(), target.stop(), standby.stop('immediate')]);
    await workspace.dispose();
  });

  async function subscribe(): Promise<void> {
    const { host, port, caCertificateFile, superuser } = standby;
    const conninfo = `host=localhost hostaddr=${host} port=${port} user=${superuser.user} password=${superuser.password} sslmode=verify-full sslrootcert=${caCertificateFile} dbname=postgres`;
    let made = false;
    const subscription = c
      .query(`CREATE SUBSCRIPTION s CONNECTION '${conninfo}' PUBLICATION p WITH (slot_name = 'c')`)
      .finally(() => {
        made = true;
      });
    // The slot on the standby waits for the pulse of the very function that is tested.
    await Promise.all([
      subscription,
      until('the subscription must be made', async () => {
        await publish();
        return made;
      }),
    ]);
  }

  async function publish(): Promise<Published> {
    const secrets = Object.fromEntries(
      Object.entries(servers()).map(([name, { superuser }]) => [
        name,
        { username: superuser.user, password: superuser.password },
      ]),
    );
    lines.length = 0;
    await publishMetrics(event(), staticSecrets(secrets), { log: (line) => lines.push(line) });
    return new Map(lines.flatMap(valuesOf));
  }

  function servers(): Record<string, Server> {
    return { onPremises: primary.server, standby, aurora: target.server };
  }

  function event() {
    const described = {
      pontoon: 'metrics' as const,
      run: {
        namespace: 'Pontoon',
        migration: 'Test',
        beats: ['onPremises'],
        pulses: ['onPremises'],
        servers: deriveWatchPoints(topologyOf(major)).map((watch) => ({
          connection: connectionTo(watch.server),
          watch,
        })),
      },
      // As in the cloud: the standby's is known only when it streams.
      certificates: { standby: standby.caCertificate },
    };
    // As EventBridge carries it.
    const carried: unknown = JSON.parse(JSON.stringify(described));
    if (typeof carried !== 'object' || carried === null || !isMetricsEvent(carried))
      throw new Error('not an event of the metrics');
    return carried;
  }

  function connectionTo(name: string): object {
    const server = servers()[name];
    if (server === undefined) throw new Error(name);
    return {
      server: name,
      host: server.host,
      port: server.port,
      database: 'postgres',
      secret: name,
      sslMode: 'verify-full',
      caCertificate: name === 'standby' ? '' : server.caCertificate,
    };
  }

  async function until(what: string, holds: (values: Published) => unknown): Promise<Published> {
    return await waitUntil({
      what,
      deadlineMs: 60_000,
      intervalMs: 100,
      probe: async () => {
        const value = await publish();
        return (await holds(value)) === true
          ? { done: true, value }
          : { done: false, reason: lines.join('\n') };
      },
    });
  }

  test('is well', async () => {
    await a.query('INSERT INTO orders SELECT generate_series(1, 1000)');
    const values = await until(
      'the rows must arrive',
      (now) =>
        now.get(`${BRIDGE} TablesLeft`) === 0 &&
        now.get(`${BRIDGE} LinkDown`) === 0 &&
        (now.get(`${BRIDGE} LagBytes`) ?? 1e9) < 1e6 &&
        now.get('standby Unreadable') === 0,
    );
    expect([...values.keys()].sort()).toEqual(
      [
        `${BRIDGE} LagBytes`,
        `${BRIDGE} LagSeconds`,
        `${BRIDGE} LinkDown`,
        `${BRIDGE} SubscriptionDown`,
        `${BRIDGE} SubscriptionErrors`,
        `${BRIDGE} TablesLeft`,
        `${CHAIN} LagBytes`,
        `${CHAIN} LagSeconds`,
        `${CHAIN} LinkDown`,
        'aurora LongestTransactionSeconds',
        'aurora ServerDown',
        'aurora Unreadable',
        ...['onPremises', 'standby'].flatMap((name) => [
          `${name} DataBytes`,
          `${name} LongestTransactionSeconds`,
          `${name} MostRetainedWalBytes`,
          `${name} ServerDown`,
          `${name} Unreadable`,
        ]),
        ...['onPremises/b', 'standby/c'].flatMap((slot) => [
          `${slot} RetainedWalBytes`,
          `${slot} SlotLost`,
          `${slot} SlotMissing`,
        ]),
      ].sort(),
    );
    for (const name of ['ServerDown', 'Unreadable', 'LinkDown', 'SlotLost', 'SlotMissing'])
      expect([...values].filter(([key, value]) => key.endsWith(name) && value !== 0)).toEqual([]);
    expect(values.get(`${CHAIN} LagSeconds`)).toBeLessThan(30);
    expect(values.get('standby DataBytes')).toBeGreaterThan(20e6);
  });

  test('shows a subscription that was disabled, and the WAL that its slot keeps', async () => {
    await c.query('ALTER SUBSCRIPTION s DISABLE');
    const before = await until(
      'the link must be down',
      (now) => now.get(`${BRIDGE} LinkDown`) === 1,
    );
    expect(before.get(`${BRIDGE} SubscriptionDown`)).toBe(1);
    // Nobody measures the seconds of a link without a reader: they are missing, and not 0.
    expect(before.has(`${BRIDGE} LagSeconds`)).toBe(false);
    expect(before.get('standby Unreadable')).toBe(1);
    expect(lines.join()).toContain("LagSeconds: nobody reads slot 'c'");
    await a.query('INSERT INTO orders SELECT generate_series(2001, 30000)');
    await until(
      'lag and WAL must grow',
      (now) =>
        Number(now.get(`${BRIDGE} LagBytes`)) > Number(before.get(`${BRIDGE} LagBytes`)) + 1e6 &&
        Number(now.get('standby/c RetainedWalBytes')) >
          Number(before.get('standby/c RetainedWalBytes')) + 1e6,
    );
    await c.query('ALTER SUBSCRIPTION s ENABLE');
    await until(
      'the link must catch up',
      (now) => now.get(`${BRIDGE} LinkDown`) === 0 && Number(now.get(`${BRIDGE} LagBytes`)) < 1e6,
    );
  });

  test('shows an error of the subscription', async () => {
    await c.query('INSERT INTO orders VALUES (77777)');
    await a.query('INSERT INTO orders VALUES (77777)');
    await until(
      'the error must be counted',
      (now) => Number(now.get(`${BRIDGE} SubscriptionErrors`)) > 0,
    );
    await c.query('DELETE FROM orders WHERE id = 77777');
    await until('the link must go on', (now) => now.get(`${BRIDGE} LinkDown`) === 0);
  });

  test('shows a long transaction', async () => {
    const other = await primary.client();
    await other.query('BEGIN');
    await until(
      'the transaction must show',
      (now) => Number(now.get('onPremises LongestTransactionSeconds')) > 0.2,
    );
    await other.query('ROLLBACK');
  });

  test('shows a standby that is down, and measures the others', async () => {
    await standby.stop();
    const values = await until(
      'the standby must be down',
      (now) => now.get(`${CHAIN} LinkDown`) === 1,
    );
    expect(values.get('standby ServerDown')).toBe(1);
    expect(values.get('standby Unreadable')).toBe(10);
    expect(values.get('onPremises ServerDown')).toBe(0);
    expect(values.get('onPremises Unreadable')).toBe(0);
    expect(values.get('aurora ServerDown')).toBe(0);
    expect(values.has('standby/c SlotLost')).toBe(false);
    expect(lines.join()).not.toContain(primary.server.superuser.password);
    await standby.start();
    await until('the chain must be whole', (now) => now.get(`${CHAIN} LinkDown`) === 0);
  });

  test('shows a slot that is lost, and one that is missing', async () => {
    await c.query('ALTER SUBSCRIPTION s DISABLE');
    await until('the link must be down', (now) => now.get(`${BRIDGE} LinkDown`) === 1);
    await primary.server.configure({ wal_level: 'replica' });
    await primary.server.restart();
    const lost = await until('the slot must be lost', (now) => now.get('standby/c SlotLost') === 1);
    expect(lost.get('standby/c SlotMissing')).toBe(0);
    const { Client: Session } = await import('pg');
    const b = new Session(standby.controlConfig());
    await b.connect();
    await b.query("SELECT pg_drop_replication_slot('c')");
    await b.end();
    const missing = await publish();
    expect(missing.get('standby/c SlotMissing')).toBe(1);
    expect(missing.has('standby/c SlotLost')).toBe(false);
    expect(missing.get(`${BRIDGE} LinkDown`)).toBe(1);
  });
});

function valuesOf(line: string): [string, number][] {
  const printed = JSON.parse(line) as Record<string, unknown> & {
    _aws: { CloudWatchMetrics: { Metrics: { Name: string }[] }[] };
  };
  const of = printed.Link ?? [printed.Server, printed.Slot].filter(Boolean).join('/');
  return printed._aws.CloudWatchMetrics.flatMap(({ Metrics }) =>
    Metrics.map(({ Name }): [string, number] => [`${String(of)} ${Name}`, Number(printed[Name])]),
  );
}
