import { type AddressInfo, createServer, type Server as NetServer, Socket } from 'node:net';
import type { Client } from 'pg';
import { Problems, Reader, readConnection, sql } from '../../lib/postgres';
import { connect, Deadline, run } from '../../lib/runner';
import { startTestServer, type TestServer } from '../servers';
import { Link, RotatingSecrets } from './hybrid-chain';

const PUBLICATION = { kind: 'publication', name: 'p', selection: { schemas: ['shop'] } };
const NO_END =
  'got no end; look for what it waits for, such as a lock, a long transaction or a server that does not answer, and try again';

let pg: TestServer;
let secrets: RotatingSecrets;
let link: Link;

beforeAll(async () => {
  pg = await startTestServer({ settings: { wal_level: 'logical' } });
  secrets = new RotatingSecrets();
  const { user, password } = pg.server.superuser;
  secrets.set('admin', user, password);
  link = new Link('a', await pg.client(), secrets);
  await link.client.query('CREATE SCHEMA shop; CREATE TABLE shop.orders (id int PRIMARY KEY)');
  await link.apply({ kind: 'ledger' });
});
afterAll(() => pg.stop());

/** Works with a session that has `ms` milliseconds. */
async function within<Result>(
  ms: number,
  use: (client: Client) => Promise<Result>,
  port = pg.server.port,
): Promise<Result> {
  const { host, caCertificate } = pg.server;
  const input = { server: 'a', host, port, database: 'postgres', secret: 'admin', caCertificate };
  const connection = readConnection(new Reader(input, 'connection', new Problems()));
  const deadline = Deadline.after(ms);
  const client = await connect(connection, secrets, { purpose: 'test', deadline });
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Has somebody do `text` in a transaction that is still open while `work` goes on. */
async function during(text: string, work: () => Promise<unknown>): Promise<void> {
  const other = await pg.client();
  await other.query('BEGIN');
  await other.query(text);
  await work();
  await other.query('ROLLBACK');
}

async function expectNothingLeft(): Promise<void> {
  expect(await link.value('SELECT count(*)::int FROM pontoon.objects')).toBe(0);
  expect(await link.value('SELECT count(*)::int FROM pg_publication')).toBe(0);
  expect(await link.value('SELECT count(*)::int FROM pg_replication_slots')).toBe(0);
}

test('what waits for a lock ends in time, and is taken back', async () => {
  await during('LOCK TABLE shop.orders', async () => {
    await expect(
      within(4000, (client) => new Link('a', client, secrets).apply(PUBLICATION)),
    ).rejects.toMatchObject({
      code: 'OUT_OF_TIME',
      message: `cannot create publication "p" for 1 tables: it must end within the 4 s of its request, ${NO_END}`,
    });
  });
  await expectNothingLeft();
});

test('a slot that waits for a transaction is given up, and gone', async () => {
  const spec = { kind: 'logical-slot', name: 'late', plugin: 'test_decoding' };
  await during('SELECT pg_current_xact_id()', async () => {
    await expect(
      within(4000, (client) => new Link('a', client, secrets).apply(spec)),
    ).rejects.toThrow(
      `cannot create logical slot 'late' (test_decoding): it must end within the 4 s of its request, ${NO_END}`,
    );
  });
  await expectNothingLeft();
});

test('who waits for another who works on the same object hears so', async () => {
  const key = `pg_advisory_xact_lock(hashtextextended('pontoon a/publication/p', 0))`;
  await during(`SELECT ${key}`, async () => {
    await expect(
      within(4000, (client) => new Link('a', client, secrets).apply(PUBLICATION)),
    ).rejects.toThrow(
      `cannot wait for others who work on publication 'p' of 'a': it must end within the 4 s of its request, ${NO_END}`,
    );
  });
});

test('many short statements have no more time than one long one', async () => {
  let slept = 0;
  await within(4000, async (client) => {
    const naps = async () => {
      for (; ; slept += 1) await run(client, sql('SELECT pg_sleep(2.5)'), 'sleep');
    };
    await expect(naps()).rejects.toThrow(`cannot sleep: it must end within the 4 s`);
    await expect(run(client, sql('SELECT 1'), 'go on')).rejects.toThrow(
      'cannot go on: it must end',
    );
  });
  expect(slept).toBeLessThanOrEqual(1);
});

test('a server that falls silent is given up', async () => {
  const silent = await startSilentProxy(pg.server.port);
  try {
    await expect(
      within(
        4000,
        async (client) => {
          silent.fallSilent();
          await run(client, sql('SELECT 1'), 'ask');
        },
        silent.port,
      ),
    ).rejects.toThrow(`cannot ask: it must end within the 4 s of its request, ${NO_END}`);
  } finally {
    await silent.close();
  }
});

test('a refusal is told as before, whatever time is left', async () => {
  await within(60_000, async (client) => {
    await expect(run(client, sql('SELECT 1 / 0'), 'divide')).rejects.toThrow(
      'cannot divide: the server said "division by zero" [22012]',
    );
  });
});

/** Passes everything on until it is told not to. */
async function startSilentProxy(port: number) {
  const sockets: Socket[] = [];
  const server: NetServer = createServer((downstream) => {
    const upstream = new Socket().connect(port, '127.0.0.1');
    sockets.push(downstream, upstream);
    for (const socket of [downstream, upstream]) socket.on('error', () => undefined);
    downstream.pipe(upstream).pipe(downstream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    fallSilent: () => {
      for (const socket of sockets) socket.unpipe();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
