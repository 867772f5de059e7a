import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { PontoonError, type QualifiedName, quoteQualified } from '../../postgres';

/** Milliseconds from the begin of an INSERT on the source until its row was seen on the target. */
export interface Latency {
  readonly median: number;
  readonly p95: number;
  readonly max: number;
  readonly count: number;
}

/** How often it is measured. */
export interface LatencyOptions {
  /** A table made as `orders` of the sample. */
  readonly table: QualifiedName;
  readonly rounds: number;
  /** Milliseconds between two rounds. */
  readonly pauseMs: number;
  /** Milliseconds that a row may take. */
  readonly deadlineMs: number;
}

/** What marks the rows whose way is timed. */
export const LATENCY_NOTE = 'latency';

const LOOK_AGAIN_MS = 5;

/** Writes single rows on the source and waits for each on the target. Throws a PontoonError when one is late. */
export async function measureLatency(
  source: ClientBase,
  target: ClientBase,
  options: LatencyOptions,
): Promise<Latency> {
  const table = quoteQualified(options.table);
  const times: number[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    if (round > 0) await delay(options.pauseMs);
    const begun = performance.now();
    const { rows } = await source.query<{ id: string }>(
      `INSERT INTO ${table} (customer_id, amount, status, note) VALUES (1, 0.01, 'new', '${LATENCY_NOTE}') RETURNING id`,
    );
    times.push(await untilSeen(target, { ...options, begun, id: rows[0]?.id ?? '' }));
  }
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  return { median: at(0.5), p95: at(0.95), max: at(1), count: sorted.length };
}

async function untilSeen(
  target: ClientBase,
  {
    table,
    id,
    deadlineMs,
    begun,
  }: Pick<LatencyOptions, 'table' | 'deadlineMs'> & { readonly id: string; readonly begun: number },
): Promise<number> {
  for (;;) {
    const { rowCount } = await target.query(`SELECT FROM ${quoteQualified(table)} WHERE id = $1`, [
      id,
    ]);
    const passed = performance.now() - begun;
    if (rowCount === 1) return passed;
    if (passed > deadlineMs) {
      throw new PontoonError(
        'TIMED_OUT',
        `row ${id} of ${quoteQualified(table)} must arrive on the target within ${deadlineMs / 1000} s, got none; look at the servers' logs`,
      );
    }
    await delay(LOOK_AGAIN_MS);
  }
}
