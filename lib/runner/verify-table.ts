import type { Client } from 'pg';
import {
  type Connection,
  type Digest,
  judgeDigests,
  PontoonError,
  type QualifiedName,
  quoteQualified,
  type ReportedTable,
  type Statement,
  type TableComparison,
  type Verdict,
} from '../postgres';
import { run, SqlError } from './run';

/** What was found out about one table. */
export interface TableVerification {
  readonly table: QualifiedName;
  /** `unchecked` is never `same`: the table could not be compared. */
  readonly status: Verdict;
  /** Rows on the source that the selection wants, if they were counted. */
  readonly sourceRows?: number;
  /** Rows on the target, if they were counted. */
  readonly targetRows?: number;
  /** Why it differs or is unchecked. */
  readonly reason?: string;
  /** Seconds that the comparison took. */
  readonly seconds: number;
}

/** A server, seen as it was at one moment. */
export interface Side {
  readonly connection: Connection;
  readonly snapshot: string;
  readonly major: number;
  readonly tables: readonly ReportedTable[];
}

/** A session on one of the two servers. */
export interface Reading {
  readonly side: Side;
  readonly client: Client;
}

/** Compares one table as `comparison` says. Throws a PontoonError with code VERIFY_INTERRUPTED when a server is lost. */
export async function verifyTable(
  comparison: TableComparison,
  [source, target]: readonly [Reading, Reading],
  timeoutMs: number,
): Promise<TableVerification> {
  const { table } = comparison;
  if (comparison.kind === 'decided') {
    return { table, status: comparison.status, reason: comparison.reason, seconds: 0 };
  }
  const started = performance.now();
  const [there, here] = await Promise.all([
    read(source, table, comparison.source, timeoutMs),
    read(target, table, comparison.target, timeoutMs),
  ]);
  const seconds = secondsSince(started);
  if ('obstacle' in there || 'obstacle' in here) {
    const reasons = [there, here].flatMap((one) => ('obstacle' in one ? [one.obstacle] : []));
    return { table, status: 'unchecked', reason: reasons.join('; '), seconds };
  }
  const sides = { source: source.side.connection.server, target: target.side.connection.server };
  return {
    table,
    ...judgeDigests(there, here, sides),
    sourceRows: Number(there.rows),
    targetRows: Number(here.rows),
    seconds,
  };
}

/** Digests one table in a transaction of its own, so that what fails there does not touch the next. */
async function read(
  { side, client }: Reading,
  table: QualifiedName,
  statement: Statement,
  timeoutMs: number,
): Promise<Digest | { readonly obstacle: string }> {
  const { server } = side.connection;
  try {
    await client.query(BEGIN_SNAPSHOT);
    await client.query(`SET TRANSACTION SNAPSHOT '${side.snapshot}'`);
    await client.query(`SET LOCAL statement_timeout = ${timeoutMs}`);
    const row = await run(client, statement, `read ${quoteQualified(table)} on "${server}"`).catch(
      obstacleOf,
    );
    await client.query('ROLLBACK');
    if ('obstacle' in row) return row;
    return row[0] as unknown as Digest;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new PontoonError(
      'VERIFY_INTERRUPTED',
      `server "${server}" must stay reachable while ${quoteQualified(table)} is compared, got ${said}; verify again when it is`,
      { cause: error },
    );
  }
}

/** What the server refused is about this table; anything else is about the server. */
function obstacleOf(error: unknown): { readonly obstacle: string } {
  const lost = error instanceof SqlError && /^(08|57P|$)/.test(error.sqlState);
  if (!(error instanceof SqlError) || lost) throw error;
  return { obstacle: error.message };
}

/** Begins a transaction that sees the server as it is at one moment. */
export const BEGIN_SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

/** Seconds since `started`, a time of performance.now(). */
export function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}
