import type { Client } from 'pg';
import {
  type Connection,
  quoteQualified,
  rowFilterSql,
  selectedTable,
  type TableSelection,
} from '../../postgres';
import { staticSecrets, verifyTables, waitUntil } from '../../runner';
import type { VerifiedTable } from '../report/report';
import type { Server } from '../servers';
import type { SampleTable } from '../workload/sample-tables';

/** What is compared. */
export interface CompareOptions {
  readonly source: Server;
  readonly target: Server;
  readonly sourceDatabase: string;
  readonly targetDatabase: string;
  readonly selection: TableSelection;
}

/** Compares every selected table of two servers, row for row. */
export async function compare(options: CompareOptions): Promise<VerifiedTable[]> {
  const { source, target, selection } = options;
  const secrets = staticSecrets({
    source: { username: source.superuser.user, password: source.superuser.password },
    target: { username: target.superuser.user, password: target.superuser.password },
  });
  const { tables } = await verifyTables({
    source: connectionTo(source, options.sourceDatabase, 'source'),
    target: connectionTo(target, options.targetDatabase, 'target'),
    secrets,
    selection,
    // Nobody writes any more, and everything has arrived.
    settleMs: 0,
  });
  return tables.map(({ table, status, sourceRows, targetRows, reason }) => ({
    table: quoteQualified(table),
    status,
    ...(sourceRows === undefined ? {} : { sourceRows }),
    ...(targetRows === undefined ? {} : { targetRows }),
    ...(reason === undefined ? {} : { reason }),
  }));
}

/** Waits until each table has as many rows on the target as are selected on the source. */
export async function waitForRows(
  source: Client,
  target: Client,
  options: {
    readonly tables: readonly SampleTable[];
    readonly selection: TableSelection;
    readonly deadlineMs: number;
    readonly signal?: AbortSignal;
    readonly onProgress: (detail: string) => void;
  },
): Promise<void> {
  for (const table of options.tables) {
    const count = `SELECT count(*)::int AS rows FROM ${quoteQualified(table)}`;
    const { rowFilters = [] } = selectedTable(options.selection, table) ?? {};
    const where = rowFilters.length > 0 ? ` WHERE ${rowFilterSql(rowFilters)}` : '';
    await waitUntil({
      what: `${quoteQualified(table)} must have its rows on the target`,
      deadlineMs: options.deadlineMs,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      wayOut: 'look at the logs of the servers',
      probe: async () => {
        const wanted = await countRows(source, `${count}${where}`);
        const there = await countRows(target, count);
        if (there >= wanted) return { done: true, value: there };
        options.onProgress(`${table.name}: ${there} of ${wanted} rows`);
        return { done: false, reason: `${there} of ${wanted} rows` };
      },
    });
  }
}

async function countRows(client: Client, query: string): Promise<number> {
  const { rows } = await client.query<{ rows: number }>(query);
  return rows[0]?.rows ?? 0;
}

function connectionTo(server: Server, database: string, secret: string): Connection {
  const { name, host, port, caCertificate } = server;
  return { server: name, host, port, database, secret, sslMode: 'verify-full', caCertificate };
}
