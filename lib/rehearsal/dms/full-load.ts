import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { quoteIdentifier, quoteQualified } from '../../postgres';
import { countCutSql, loadColumnSql } from './change-sql';
import { readPosition, type SourceServer } from './preflight';
import type { ProgressListener } from './progress';
import { filterSql } from './row-filter';
import type { TableState } from './table-state';
import { errorMessage, fatal, isRecoverable } from './task-errors';
import type { DmsTaskSettings } from './task-settings';

/** Tables without a primary key get a snapshot whose position is certain, if this many tries suffice. */
const SNAPSHOT_TRIES = 50;
const OPEN_TRANSACTIONS_POLL_MS = 20;

/** What the full load needs. */
export interface FullLoadOptions {
  readonly openSource: () => Promise<Client>;
  readonly openTarget: () => Promise<Client>;
  readonly server: SourceServer;
  readonly settings: DmsTaskSettings;
  readonly failOnLobTruncation: boolean;
  readonly report: ProgressListener;
  readonly isStopping: () => boolean;
}

/** Copies every table that is not completed, several at a time. A broken connection rejects. */
export async function loadTables(
  tables: readonly TableState[],
  options: FullLoadOptions,
): Promise<void> {
  const waiting = tables.filter(
    ({ state }) => state !== 'Table completed' && state !== 'Table error',
  );
  const workers = Math.min(options.settings.maxFullLoadSubTasks, waiting.length);
  const results = await Promise.allSettled(
    Array.from({ length: workers }, () => loadFrom(waiting, options)),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function loadFrom(waiting: TableState[], options: FullLoadOptions): Promise<void> {
  const source = await options.openSource();
  try {
    const target = await options.openTarget();
    try {
      for (
        let table = waiting.shift();
        table !== undefined && !options.isStopping();
        table = waiting.shift()
      ) {
        await loadOrSuspend(table, source, target, options);
      }
    } finally {
      await target.end();
    }
  } finally {
    await source.end();
  }
}

async function loadOrSuspend(
  table: TableState,
  source: Client,
  target: Client,
  options: FullLoadOptions,
): Promise<void> {
  const { report, settings } = options;
  const name = quoteQualified(table.plan.source);
  try {
    await loadTable(table, source, target, options);
  } catch (error) {
    table.state = 'Before load';
    if (isRecoverable(error) || (options.failOnLobTruncation && isTruncation(error))) throw error;
    if (settings.tablePolicy === 'STOP_TASK')
      throw fatal(`the full load of table ${name} failed: ${errorMessage(error)}`, error);
    await source.query('ROLLBACK');
    await target.query('ROLLBACK');
    table.suspend(errorMessage(error));
  }
  report({ type: 'table', table: table.plan.source, state: table.state, rows: table.fullLoadRows });
}

class LobTruncation extends Error {}

function isTruncation(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof LobTruncation;
}

async function loadTable(
  table: TableState,
  source: Client,
  target: Client,
  options: FullLoadOptions,
): Promise<void> {
  const { plan } = table;
  const targetName = quoteQualified(plan.target);
  if (table.state !== 'Table is being reloaded') table.state = 'Full load';
  table.fullLoadStartedAt = new Date();
  options.report({ type: 'table', table: plan.source, state: table.state, rows: 0 });
  const { before, snapshot } = await takeSnapshot(table, source, options);
  await reportCutValues(table, source, options);
  await target.query('BEGIN');
  if (options.settings.prepMode === 'TRUNCATE_BEFORE_LOAD')
    await target.query(`TRUNCATE TABLE ${targetName}`);
  const filter =
    plan.filters.length === 0
      ? ''
      : ` WHERE ${filterSql(plan.filters, plan.types, quoteIdentifier)}`;
  const read = `SELECT ${plan.columns.map(loadColumnSql).join(', ')} FROM ${quoteQualified(plan.source)}${filter}`;
  const write = `COPY ${targetName} (${plan.columns.map((column) => quoteIdentifier(column.target)).join(', ')}) FROM STDIN`;
  const rows = target.query(copyFrom(write));
  await pipeline(source.query(copyTo(`COPY (${read}) TO STDOUT`)), rows);
  await target.query('COMMIT');
  await source.query('COMMIT');
  table.fullLoadRows = rows.rowCount;
  table.loadedUntil = before;
  table.tolerantUntil = snapshot;
  table.state = 'Table completed';
  table.fullLoadEndedAt = new Date();
}

/**
 * Opens a snapshot between two positions: what committed before `before` is in it, what commits after
 * `snapshot` is not. In between nobody can tell, which primary keys make harmless.
 */
async function takeSnapshot(
  { plan }: TableState,
  source: Client,
  { server, settings }: FullLoadOptions,
): Promise<{ before: bigint; snapshot: bigint }> {
  for (let tries = plan.key.length > 0 ? 1 : SNAPSHOT_TRIES; ; tries -= 1) {
    let before = await readPosition(source, server);
    if (!server.isStandby && !(await openTransactionsEnd(source, settings))) before = 0n;
    await source.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const snapshot = await readPosition(source, server);
    if (before === snapshot || tries <= 1) return { before, snapshot };
    await source.query('ROLLBACK');
  }
}

/** Waits for the transactions that are open now: one of them may have its commit logged, yet be invisible. */
async function openTransactionsEnd(
  source: Client,
  { transactionConsistencySeconds }: DmsTaskSettings,
): Promise<boolean> {
  const deadline = Date.now() + transactionConsistencySeconds * 1000;
  const read = async (what: 'xmin' | 'xmax') => {
    const { rows } = await source.query<{ xid: string }>(
      `SELECT pg_snapshot_${what}(pg_current_snapshot())::text AS xid`,
    );
    return BigInt(rows[0]?.xid ?? 0);
  };
  const newest = await read('xmax');
  while ((await read('xmin')) < newest) {
    if (Date.now() > deadline) return false;
    await wait(OPEN_TRANSACTIONS_POLL_MS);
  }
  return true;
}

async function reportCutValues(
  table: TableState,
  source: Client,
  options: FullLoadOptions,
): Promise<void> {
  const sql = countCutSql(table.plan);
  if (sql === undefined) return;
  const { rows } = await source.query<{ cut: string }>(sql);
  const cut = Number(rows[0]?.cut ?? 0);
  if (cut === 0) return;
  const message = `${cut} rows of table ${quoteQualified(table.plan.source)} hold values longer than LobMaxSize`;
  if (options.failOnLobTruncation) {
    throw fatal(
      `${message} and 'FailTasksOnLobTruncation' is set; raise LobMaxSize`,
      new LobTruncation(),
    );
  }
  options.report({ type: 'warning', message: `${message}, which were cut` });
}
