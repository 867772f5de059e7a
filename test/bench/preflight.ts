import { createTopology, LinkKind, Platform, WalLevel } from '../../lib/postgres';
import { runPreflight } from '../../lib/runner';
import { startTestServer } from '../servers';

/** What the benchmark measured. */
export interface PreflightBench {
  readonly name: string;
  /** Wall time of one preflight of a source that DMS and a subscription read from. */
  readonly seconds: number;
  /** Statements that the server was sent. */
  readonly queries: number;
}

const TABLES = 10_000;
/** One transaction may not hold more locks than the server has room for. */
const TABLES_AT_ONCE = 1_000;
const RUNS = 3;

/** Runs preflight on a server with 10,000 tables, half of them without a primary key, and prints one row. */
export async function benchPreflight(): Promise<PreflightBench> {
  const settings = {
    wal_level: 'logical',
    max_locks_per_transaction: '512',
    autovacuum: 'off',
  };
  const pg = await startTestServer({ major: 17, settings });
  try {
    const client = await pg.client();
    for (let first = 0; first < TABLES; first += TABLES_AT_ONCE) {
      await client.query(
        `DO $$BEGIN FOR i IN ${first}..${first + TABLES_AT_ONCE - 1} LOOP
           EXECUTE format('CREATE TABLE t%s (id bigint %s, name text, amount numeric(10,2), at timestamptz)', i,
             CASE WHEN i % 2 = 0 THEN 'PRIMARY KEY' END);
         END LOOP; END$$`,
      );
    }
    await client.query('ANALYZE pg_class, pg_attribute, pg_index');
    const selection = { schemas: ['public'] };
    const server = { majorVersion: 17, database: 'postgres' };
    const topology = createTopology({
      servers: {
        source: { ...server, platform: Platform.SELF_MANAGED, walLevel: WalLevel.LOGICAL },
        aurora: { ...server, platform: Platform.AURORA },
        warehouse: { ...server, platform: Platform.EC2 },
      },
      links: [
        { kind: LinkKind.DMS, from: 'source', to: 'aurora', selection },
        { kind: LinkKind.NATIVE, from: 'source', to: 'warehouse', selection },
      ],
    });
    const runs: { seconds: number; queries: number }[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      const started = performance.now();
      const report = await runPreflight(client, { topology, server: 'source' });
      runs.push({ seconds: (performance.now() - started) / 1000, queries: report.queries });
    }
    const [median] = runs.sort((a, b) => a.seconds - b.seconds).slice(Math.floor(RUNS / 2));
    if (median === undefined) throw new Error('the benchmark must run at least once');
    const result = { name: `preflight of ${TABLES} tables`, ...median };
    console.log(`${result.name}  ${result.seconds.toFixed(2)} s  ${result.queries} statements`);
    return result;
  } finally {
    await pg.stop();
  }
}
