import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Client } from 'pg';
import { TcpEndpoint } from '../../../lib/rehearsal/endpoint';
import type { Server } from '../../../lib/rehearsal/servers';
import { Applications, type WorkloadOptions } from '../../../lib/rehearsal/workload/applications';
import { workloadTableDdl } from '../../../lib/rehearsal/workload/workload-table';
import { type TestServer, withServers } from '../../servers';

const table = { schema: 'public', name: 'Work load' };
const app = { user: 'app', password: 'p' };

/** A database with the table, and a role that is no superuser. */
async function prepare(server: TestServer): Promise<Client> {
  const client = await server.client();
  await client.query(workloadTableDdl(table));
  await client.query(`CREATE ROLE app LOGIN PASSWORD 'p'; GRANT ALL ON ALL TABLES IN SCHEMA public TO app;
    GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO app`);
  return client;
}

function options(servers: readonly Server[], more: Partial<WorkloadOptions> = {}): WorkloadOptions {
  const [first] = servers;
  if (first === undefined) throw new Error('no server was given');
  return { connection: first.connectionConfig('postgres', app), table, servers, ...more };
}

/** Runs `act` while applications write to one server. */
async function whileWriting(
  act: (workload: Applications, server: TestServer, admin: Client) => Promise<void>,
): Promise<void> {
  await withServers([{ name: 'old' }], async ([server]) => {
    if (server === undefined) throw new Error('no server was started');
    const admin = await prepare(server);
    const workload = await Applications.start(options([server.server]));
    try {
      await act(workload, server, admin);
    } finally {
      await workload.stop();
    }
  });
}

const nothingWrong = { missing: [], doubled: [], unexpected: [] };

test('every acknowledged write is found once: new rows, changed ones and deleted ones', async () => {
  await whileWriting(async (workload, _, admin) => {
    const begun = performance.now();
    const before = workload.acknowledged;
    while (workload.acknowledged < 1000) await workload.untilWriting({ deadlineMs: 60_000 });
    // Never faster than it was asked to: 500 a second, and one at once from each connection.
    const written = workload.acknowledged - before;
    expect(written / (performance.now() - begun)).toBeLessThan(0.6);
    await expect(workload.check(admin)).rejects.toThrow(
      'applications must be stopped before what they wrote is checked, got some that write; stop them, and let the server catch up',
    );
    await workload.stop();
    expect(await workload.check(admin)).toEqual({
      acknowledged: workload.acknowledged,
      unknown: 0,
      forgiven: 0,
      ...nothingWrong,
    });
    expect([workload.refusals, workload.outages]).toEqual([[], []]);
    const { rows } = await admin.query<{ changed: string; gone: string }>(
      `SELECT count(*) FILTER (WHERE version > 1) AS changed, max(number) * 6 - count(*) AS gone FROM "Work load"`,
    );
    expect(Number(rows[0]?.changed)).toBeGreaterThan(50);
    expect(Number(rows[0]?.gone)).toBeGreaterThan(6);
  });
});

test('a lost, a doubled, a stale and a foreign row are found', async () => {
  await whileWriting(async (workload, _, admin) => {
    while (workload.acknowledged < 100) await workload.untilWriting({ deadlineMs: 60_000 });
    await workload.stop();
    const rows = (
      await admin.query<{ id: string; client: number; number: number }>(
        'SELECT id, client, number FROM "Work load" WHERE version = 1 ORDER BY id LIMIT 3',
      )
    ).rows;
    const [lost, doubled, foreign] = rows;
    await admin.query('DELETE FROM "Work load" WHERE id = $1', [lost?.id]);
    await admin.query(
      `INSERT INTO "Work load" (run, client, number, version) SELECT run, client, number, version FROM "Work load" WHERE id = $1`,
      [doubled?.id],
    );
    await admin.query('UPDATE "Work load" SET version = 99 WHERE id = $1', [foreign?.id]);
    const finding = (row: typeof lost, found: string) => ({
      client: row?.client,
      number: row?.number,
      expected: 'version 1',
      found,
    });
    expect(await workload.check(admin)).toMatchObject({
      missing: [finding(lost, 'absent')],
      doubled: [finding(doubled, 'version 1 or version 1')],
      unexpected: [finding(foreign, 'version 99')],
    });
  });
});

test('a server that is killed loses nothing that its clients waited for, and they come back', async () => {
  await whileWriting(async (workload, { server, client }) => {
    for (let round = 0; round < 3; round += 1) {
      const begun = performance.now();
      await workload.crash(server, () => server.kill());
      await server.start();
      await workload.untilWriting({ deadlineMs: 60_000 });
      expect(workload.longestGapMs(begun)).toBeGreaterThan(0);
    }
    await workload.stop();
    const check = await workload.check(await client());
    expect(check).toMatchObject(nothingWrong);
    // Each connection was cut three times, in the middle of a write or between two.
    expect(check.unknown).toBeLessThanOrEqual(18);
    expect(workload.outages).toEqual([]);
  });
});

test('a fence stops all writes, the clients try again and again, and go on when it is lifted', async () => {
  await whileWriting(async (workload, _, admin) => {
    await admin.query('REVOKE CONNECT ON DATABASE postgres FROM PUBLIC');
    await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'`,
    );
    while (!workload.refusals.some(({ code, count }) => code === '42501' && count > 16))
      await new Promise((resolve) => setTimeout(resolve, 5));
    const fenced = workload.acknowledged;
    expect(workload.refusals).toContainEqual({
      code: '42501',
      message: 'permission denied for database "postgres"',
      count: expect.any(Number),
    });
    expect(workload.acknowledged).toBe(fenced);
    const begun = performance.now();
    await admin.query('GRANT CONNECT ON DATABASE postgres TO PUBLIC');
    await workload.untilWriting({ server: 'old', deadlineMs: 60_000 });
    expect(workload.longestGapMs(begun)).toBeGreaterThan(10);
    await workload.stop();
    expect(await workload.check(admin)).toMatchObject(nothingWrong);
  });
});

test('a switch is followed, its outage is measured, and what stayed behind is missed', async () => {
  await withServers([{ name: 'old' }, { name: 'new' }], async ([old, next]) => {
    if (old === undefined || next === undefined) throw new Error('two servers must be started');
    const [admin, other] = await Promise.all([prepare(old), prepare(next)]);
    let active = old.server;
    const endpoint = await TcpEndpoint.start(async () => active);
    const connection = { ...old.server.connectionConfig('postgres', app), port: endpoint.port };
    const workload = await Applications.start(options([old.server, next.server], { connection }));
    try {
      await admin.query('REVOKE CONNECT ON DATABASE postgres FROM PUBLIC');
      await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'`,
      );
      active = next.server;
      await workload.untilWriting({ server: 'new', deadlineMs: 60_000 });
    } finally {
      await workload.stop();
      await endpoint.close();
    }
    const [outage, ...more] = workload.outages;
    expect([outage?.from, outage?.to, outage?.clientsMs.length, more]).toEqual([
      'old',
      'new',
      6,
      [],
    ]);
    expect(workload.longestGapMs(outage?.beganAtMs)).toBeGreaterThanOrEqual(outage?.longestMs ?? 0);
    expect((outage?.endedAtMs ?? 0) - (outage?.beganAtMs ?? 0)).toBeGreaterThanOrEqual(
      outage?.longestMs ?? 0,
    );
    const before = Number((await admin.query('SELECT count(*) FROM "Work load"')).rows[0]?.count);
    const { missing } = await workload.check(other);
    expect(missing.length).toBeGreaterThanOrEqual(before);
    expect(missing.length).toBeLessThanOrEqual(before + 6);
  });
});

test('applications that cannot write say why', async () => {
  await withServers([{}], async ([server]) => {
    if (server === undefined) throw new Error('no server was started');
    await server.client();
    const starting = Applications.start({
      ...options([server.server]),
      connection: server.server.connectionConfig(),
      synchronous: 1,
      asynchronous: 0,
      startMs: 4_000,
    });
    await expect(starting).rejects.toMatchObject({
      code: 'NO_WORKLOAD',
      message:
        'applications must be able to write to "public"."Work load" within 4 s, got 42P01: relation "public.Work load" does not exist; check the table, the login and the endpoint',
    });
  });
});

test('applications that are left without an answer are stopped before they give up by themselves', async () => {
  const silent = createServer((socket) => socket.on('error', () => undefined));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const starting = Applications.start({
    connection: { host: '127.0.0.1', port, ...app, database: 'postgres' },
    table,
    servers: [],
    startMs: 100,
  });
  await expect(starting).rejects.toThrow(
    /^applications must be able to write to "public"\."Work load" within 0\.1 s, got CUT: Connection terminated unexpectedly; check the table, the login and the endpoint$/,
  );
  silent.close();
});
