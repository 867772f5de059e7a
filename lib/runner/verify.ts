import type { Client } from 'pg';
import {
  type Connection,
  compareTables,
  DIGEST_SESSION,
  knownMajor,
  type QualifiedName,
  type ReportedTable,
  reportedTablesSql,
  type SecretStore,
  sql,
  type TableComparison,
  type TableSelection,
  type Verdict,
} from '../postgres';
import { withConnection } from './connect';
import { run, runOne } from './run';
import {
  BEGIN_SNAPSHOT,
  type Side,
  secondsSince,
  type TableVerification,
  verifyTable,
} from './verify-table';

/** What to compare, and how hard to work at it. */
export interface VerifyOptions {
  /** The server that the rows come from. */
  readonly source: Connection;
  /** The server that they must have come to. */
  readonly target: Connection;
  readonly secrets: SecretStore;
  /** Which tables, columns and rows. */
  readonly selection: TableSelection;
  /**
   * How many tables are read at a time, each by one session on each server; one more session on each holds the snapshot.
   *
   * @default 2
   */
  readonly concurrency?: number;
  /**
   * Milliseconds that a server may take for one table, which is *unchecked* if that is not enough.
   *
   * @default - no limit
   */
  readonly tableTimeoutMs?: number;
  /**
   * Called with each table's result as soon as it is known.
   *
   * @default - nobody is told before the end
   */
  readonly onTable?: (result: TableVerification) => void;
}

/** What was found out about all tables. */
export interface Verification {
  /** `same` only if every table is, and there is at least one. */
  readonly status: Verdict;
  /** By schema and name. */
  readonly tables: readonly TableVerification[];
  readonly seconds: number;
}

const CONCURRENCY = 2;

/**
 * Compares whole tables of two servers, exactly: counts, and checksums over the representations of all values. Each
 * server is seen as it was at one moment, which is not the same moment on both: compare when no change is under way.
 *
 * Throws a PontoonError when a server cannot be reached, or is lost.
 */
export async function verifyTables(options: VerifyOptions): Promise<Verification> {
  const started = performance.now();
  const tables = await withSnapshot(options.source, options, (source) =>
    withSnapshot(options.target, options, (target) => compareSides(source, target, options)),
  );
  return { status: verdictOf(tables), tables, seconds: secondsSince(started) };
}

async function withSnapshot<Result>(
  connection: Connection,
  options: VerifyOptions,
  use: (side: Side) => Promise<Result>,
): Promise<Result> {
  return withSession(connection, options, async (client) => {
    await client.query(BEGIN_SNAPSHOT);
    const row = await runOne(client, SNAPSHOT);
    const tables = await run(client, reportedTablesSql(options.selection), 'list the tables');
    return use({
      connection,
      snapshot: String(row?.snapshot),
      major: Math.floor(Number(row?.version) / 10_000),
      tables: tables as unknown as readonly ReportedTable[],
    });
  });
}

const SNAPSHOT = sql(
  "SELECT pg_export_snapshot() AS snapshot, current_setting('server_version_num') AS version",
);

function withSession<Result>(
  connection: Connection,
  { secrets }: VerifyOptions,
  use: (client: Client) => Promise<Result>,
): Promise<Result> {
  const session = {
    purpose: 'verify',
    readOnly: true,
    // Big tables take long, and the session with the snapshot waits for all of them.
    statementTimeoutMs: 0,
    idleTimeoutMs: 0,
  };
  return withConnection(connection, secrets, session, async (client) => {
    await run(client, DIGEST_SESSION);
    return use(client);
  });
}

async function compareSides(
  source: Side,
  target: Side,
  options: VerifyOptions,
): Promise<TableVerification[]> {
  const sides = { source: source.connection.server, target: target.connection.server };
  const comparisons = compareTables(
    options.selection,
    { source: source.tables, target: target.tables },
    sides,
  );
  const doubt = doubtAbout(source) ?? doubtAbout(target);
  const queue = comparisons.toSorted((a, b) => pagesOf(b) - pagesOf(a));
  const results = new Map<QualifiedName, TableVerification>();
  const worker = (): Promise<void> =>
    withSession(source.connection, options, (sourceClient) =>
      withSession(target.connection, options, async (targetClient) => {
        const readers = [
          { side: source, client: sourceClient },
          { side: target, client: targetClient },
        ] as const;
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          const result =
            doubt === undefined
              ? await verifyTable(next, readers, options.tableTimeoutMs ?? 0)
              : { table: next.table, status: 'unchecked' as const, reason: doubt, seconds: 0 };
          results.set(next.table, result);
          options.onTable?.(result);
        }
      }),
    );
  const workers = Math.min(options.concurrency ?? CONCURRENCY, queue.length);
  await allOrStop(Array.from({ length: workers }, worker), queue);
  return comparisons.flatMap(({ table }) => results.get(table) ?? []);
}

// When a server is lost, the others must not go on to further tables.
async function allOrStop(workers: readonly Promise<void>[], queue: unknown[]): Promise<void> {
  const settled = await Promise.allSettled(
    workers.map((worker) =>
      worker.catch((error: unknown) => {
        queue.length = 0;
        throw error;
      }),
    ),
  );
  for (const result of settled) if (result.status === 'rejected') throw result.reason;
}

function doubtAbout({ connection: { server }, major }: Side): string | undefined {
  switch (knownMajor(major)) {
    case 'known':
      return undefined;
    case 'too-old':
      return `PostgreSQL ${major} on "${server}" is older than what is supported`;
    case 'unchecked':
      return `PostgreSQL ${major} on "${server}" is newer than this release of pontoon knows`;
  }
}

function verdictOf(tables: readonly TableVerification[]): Verdict {
  if (tables.some(({ status }) => status === 'differs')) return 'differs';
  return tables.length === 0 || tables.some(({ status }) => status === 'unchecked')
    ? 'unchecked'
    : 'same';
}

function pagesOf(comparison: TableComparison): number {
  return comparison.kind === 'digest' ? comparison.pages : 0;
}
