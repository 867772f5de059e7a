import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import type { Connection } from '../../lib/postgres';
import { staticSecrets, type Verification, verifyTables } from '../../lib/runner';
import { type TestServer, withServers } from '../servers';

/** One way to compare two servers, and what it took. */
export interface VerificationBench {
  readonly name: string;
  /** Wall time, both servers at once. */
  readonly seconds: number;
  readonly rowsPerSecond: number;
  /** Time in relation to the article's checksum. */
  readonly ratio: number;
  /** The most memory that this process had while it verified; baselines need none here. */
  readonly memoryMiB?: number;
}

const SAMPLE_MS = 20;

/** Compares one table of that many rows on two servers, and so do the usual ways to do it. */
export async function benchVerification(rows = 5_000_000): Promise<readonly VerificationBench[]> {
  const results: VerificationBench[] = [];
  // One process on each server for every way: more would only take time from other work on the machine.
  const settings = {
    max_parallel_workers_per_gather: '0',
    shared_buffers: '256MB',
    max_wal_size: '8GB',
    autovacuum: 'off',
  };
  await withServers(
    [
      { name: 'source', major: 17, settings },
      { name: 'target', major: 17, settings },
    ],
    async (servers) => {
      const clients = await Promise.all(servers.map((server) => server.client()));
      await Promise.all(clients.map((client) => fill(client, rows)));
      const on = async (query: string): Promise<void> => {
        await Promise.all(clients.map((client) => client.query(query)));
      };
      await on('SELECT count(*) FROM orders');
      const ways = [
        () => plain('count(*)', () => on('SELECT count(*) FROM orders')),
        () => plain(ARTICLE, () => on('SELECT SUM(hashtext(t::text)) FROM orders t')),
        ...pgcopydb(servers),
        () => ours('pontoon verify, nobody writes', servers, { rows, settleMs: 0 }),
        () => ours('pontoon verify, in chunks as if somebody wrote', servers, { rows }),
      ];
      const measured = await bestOf(ways);
      await clients[1]?.query(
        `UPDATE orders SET name = name || '!' WHERE id % ${Math.max(1, Math.floor(rows / 50))} = 0`,
      );
      measured.push(
        await ours('pontoon verify, 50 rows differ', servers, { rows, settleMs: 0, differs: true }),
      );
      const article = measured.find(({ name }) => name === ARTICLE)?.seconds ?? Number.NaN;
      results.push(
        ...measured.map(({ seconds, ...rest }) => ({
          ...rest,
          seconds,
          rowsPerSecond: Math.round(rows / seconds),
          ratio: seconds / article,
        })),
      );
    },
  );
  return results;
}

const ARTICLE = "the article's SUM(hashtext(t::text))";
const RUNS = 3;

/** Each way's best run, all of them in turns, so that other work on the machine slows none in particular. */
async function bestOf(ways: readonly (() => Promise<Measured>)[]): Promise<Measured[]> {
  const best: Measured[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    for (const [index, way] of ways.entries()) {
      const measured = await way();
      const before = best[index];
      if (before === undefined || measured.seconds < before.seconds) best[index] = measured;
    }
  }
  return best;
}

async function plain(name: string, work: () => Promise<void>): Promise<Measured> {
  return { name, ...(await time(work)) };
}

type Measured = Pick<VerificationBench, 'name' | 'seconds' | 'memoryMiB'>;

async function fill(client: Client, rows: number): Promise<void> {
  await client.query(
    'CREATE TABLE orders (id bigint PRIMARY KEY, name text, amount numeric(12,2), at timestamptz, doc jsonb)',
  );
  await client.query(
    `INSERT INTO orders SELECT g, 'customer ' || g, (g % 100000) / 100.0,
       timestamptz '2026-01-01' + g * interval '1 second',
       jsonb_build_object('id', g, 'note', 'order ' || g, 'lines', jsonb_build_array(1, 2, g % 7))
     FROM generate_series(1, ${rows}) g`,
  );
  await client.query('VACUUM (ANALYZE) orders');
}

async function ours(
  name: string,
  [source, target]: readonly TestServer[],
  options: { readonly rows: number; readonly settleMs?: number; readonly differs?: boolean },
): Promise<Measured> {
  if (source === undefined || target === undefined) throw new Error('two servers are needed');
  const { user: username, password } = source.server.superuser;
  const login = { username, password };
  const other = target.server.superuser;
  let result: Verification | undefined;
  let most = 0;
  const sampler = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, SAMPLE_MS);
  try {
    const measured = await time(async () => {
      result = await verifyTables({
        source: connectionTo(source),
        target: connectionTo(target),
        secrets: staticSecrets({
          source: login,
          target: { username: other.user, password: other.password },
        }),
        selection: { tables: [{ schema: 'public', name: 'orders' }] },
        ...(options.settleMs === undefined ? {} : { settleMs: options.settleMs }),
      });
    });
    const [table] = result?.tables ?? [];
    const status = options.differs === true ? 'differs' : 'same';
    if (table?.status !== status || table.sourceRows !== options.rows)
      throw new Error(`the table must be ${status}, got ${JSON.stringify(table)}`);
    return { name, ...measured, memoryMiB: Math.round(most / 1024 / 1024) };
  } finally {
    clearInterval(sampler);
  }
}

/** Nothing where none that compares (0.16 or later) is on the path, or named by PONTOON_PGCOPYDB. */
function pgcopydb(servers: readonly TestServer[]): readonly (() => Promise<Measured>)[] {
  const program = process.env.PONTOON_PGCOPYDB ?? 'pgcopydb';
  if (spawnSync(program, ['compare', 'data', '--help']).status !== 0) {
    console.log(`${program} is not there or cannot compare, and is left out`);
    return [];
  }
  const [source, target] = servers.map(({ server: { host, port, superuser } }) => {
    const { user, password } = superuser;
    return `postgresql://${user}:${encodeURIComponent(password)}@${host}:${port}/postgres?sslmode=require`;
  });
  const env = { ...process.env, PGCOPYDB_SOURCE_PGURI: source, PGCOPYDB_TARGET_PGURI: target };
  const compare = async (): Promise<void> => {
    // It makes its directory itself, and takes none that knows another server.
    const directory = join(tmpdir(), `pontoon-bench-${randomUUID()}`);
    const { status, stderr } = spawnSync(program, ['compare', 'data', '--dir', directory], {
      env,
      encoding: 'utf8',
    });
    rmSync(directory, { recursive: true, force: true });
    if (status !== 0) throw new Error(`pgcopydb must compare, got: ${stderr}`);
  };
  return [() => plain('pgcopydb compare data', compare)];
}

function connectionTo({ server }: TestServer): Connection {
  const { name, host, port, caCertificate } = server;
  return {
    server: name,
    host,
    port,
    database: 'postgres',
    secret: name,
    sslMode: 'verify-full',
    caCertificate,
  };
}

async function time(work: () => Promise<void>): Promise<{ readonly seconds: number }> {
  const started = performance.now();
  await work();
  return { seconds: (performance.now() - started) / 1000 };
}
