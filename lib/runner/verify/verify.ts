import { quoteQualified, type TableComparison } from '../../postgres';
import type { VerifyOptions } from './options';
import { Pace } from './pace';
import { namesOf, planAll } from './plan';
import { ProgressMeter } from './progress';
import { type Readers, TIME_SPENT, withReaders } from './reader';
import { type TableVerification, type Verification, verdictOf } from './result';
import { beginTable, planOf } from './state';
import { StateKeeper } from './state-keeper';
import { verifyTable } from './table';

const CONCURRENCY = 2;
const SETTLE_MS = 10_000;
const CHUNK_ROWS = 50_000;

/**
 * Compares tables of two servers, exactly: each row by the representations of all its values, in pieces of the primary
 * key. Writes may go on: rows that differ are looked at again until they agree or `settleMs` has passed, so that each
 * row is known to have been the same at some moment after the verification began. A row whose key is changed meanwhile
 * is seen under one of its keys only; where that matters, verify behind a fence, with `settleMs` 0.
 *
 * Throws a PontoonError when a server cannot be reached, or is lost (VERIFY_INTERRUPTED).
 */
export async function verifyTables(options: VerifyOptions): Promise<Verification> {
  const started = performance.now();
  return await withReaders(options, async (readers) =>
    compareAll(options, await planAll(options, readers), readers, started),
  );
}

/** Compares as planned. What `options` allow has run since `started`, a time of performance.now(). */
export async function compareAll(
  options: VerifyOptions,
  comparisons: readonly TableComparison[],
  readers: Readers,
  started: number,
): Promise<Verification> {
  const state = new StateKeeper(options.resume, options.onState);
  try {
    const tables = await new Run(options, comparisons, state, started).all(readers);
    return {
      status: verdictOf(tables),
      tables,
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    state.keep();
  }
}

/** One verification that is under way. */
class Run {
  private readonly results = new Map<number, TableVerification>();
  private readonly queue: number[];
  private readonly meter: ProgressMeter;

  constructor(
    private readonly options: VerifyOptions,
    private readonly comparisons: readonly TableComparison[],
    private readonly state: StateKeeper,
    private readonly started: number,
  ) {
    this.queue = orderOf(comparisons, options);
    this.meter = new ProgressMeter(
      comparisons.map((one) => (one.kind === 'digest' ? one : { pages: 0, rows: 0 })),
    );
  }

  /** Compares with the sessions that there are, and with further ones of its own. */
  public async all(readers: Readers): Promise<TableVerification[]> {
    const more = Math.min(this.options.concurrency ?? CONCURRENCY, this.queue.length) - 1;
    await this.allOrStop([
      this.work(readers),
      ...Array.from({ length: Math.max(0, more) }, () =>
        withReaders(this.options, (own) => this.work(own)),
      ),
    ]);
    return this.comparisons.flatMap((_, index) => this.results.get(index) ?? []);
  }

  private async work(readers: Readers): Promise<void> {
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
      this.options.signal?.throwIfAborted();
      const comparison = this.comparisons[next];
      if (comparison !== undefined) await this.table(next, comparison, readers);
    }
  }

  private async table(index: number, comparison: TableComparison, readers: Readers): Promise<void> {
    const result =
      comparison.kind === 'decided'
        ? decidedResult(comparison)
        : await this.compare(index, comparison, readers);
    this.results.set(index, result);
    this.meter.finish(index);
    this.options.onTable?.(result);
    this.options.onProgress?.(this.meter.now());
  }

  private async compare(
    index: number,
    comparison: Extract<TableComparison, { kind: 'digest' }>,
    [source, target]: Readers,
  ): Promise<TableVerification> {
    const { options, meter } = this;
    const plan = planOf(comparison, options.source, options.target);
    const state = beginTable(comparison, plan, options.resume);
    if (state.result !== undefined) return state.result;
    const { table } = comparison;
    const ends = this.endOfTable();
    if (performance.now() >= ends)
      return { table, status: 'unchecked', reason: TIME_SPENT, seconds: 0 };
    meter.resumed(index, state.rows);
    const pace = new Pace(options.load ?? 1, ends, options.signal);
    let latest = state;
    const result = await verifyTable({
      comparison,
      sides: {
        source: { reader: source, scope: comparison.source },
        target: { reader: target, scope: comparison.target },
        pace,
      },
      names: namesOf(options),
      chunkRows: chunkRowsOf(options),
      settle: {
        settleMs: options.settleMs ?? SETTLE_MS,
        ...(options.caughtUp === undefined ? {} : { caughtUp: options.caughtUp }),
      },
      state,
      onState: (now, rows) => {
        latest = now;
        this.state.set(quoteQualified(table), now);
        meter.read(index, rows, now.rows);
        options.onProgress?.(meter.now());
      },
    });
    // What the time did not suffice for is gone on with.
    const ended = result.reason === TIME_SPENT ? {} : { result };
    this.state.set(quoteQualified(table), { ...latest, plan, ...ended });
    return result;
  }

  private endOfTable(): number {
    const { budgetMs, tableTimeoutMs } = this.options;
    return Math.min(
      budgetMs === undefined ? Number.POSITIVE_INFINITY : this.started + budgetMs,
      tableTimeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + tableTimeoutMs,
    );
  }

  // When a server is lost, the others must not go on to further tables.
  private async allOrStop(workers: readonly Promise<void>[]): Promise<void> {
    const settled = await Promise.allSettled(
      workers.map((worker) =>
        worker.catch((error: unknown) => {
          this.queue.length = 0;
          throw error;
        }),
      ),
    );
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
  }
}

/** Where nobody writes, one pass over the whole table is fastest. */
function chunkRowsOf({ chunkRows, settleMs, load }: VerifyOptions): number {
  const inOnePass = settleMs === 0 && (load ?? 1) === 1;
  return chunkRows ?? (inOnePass ? Number.POSITIVE_INFINITY : CHUNK_ROWS);
}

function decidedResult({
  table,
  status,
  reason,
}: Extract<TableComparison, { kind: 'decided' }>): TableVerification {
  return { table, status, reason, seconds: 0 };
}

/** The places of the tables in the order in which they are compared. */
function orderOf(
  comparisons: readonly TableComparison[],
  { first = [], budgetMs }: VerifyOptions,
): number[] {
  const wanted = first.map(quoteQualified);
  const rank = (one: TableComparison): number => {
    const at = wanted.indexOf(quoteQualified(one.table));
    return at === -1 ? wanted.length : at;
  };
  const pages = (one: TableComparison): number => (one.kind === 'digest' ? one.pages : 0);
  const bySize = budgetMs === undefined ? -1 : 1;
  return comparisons
    .map((one, index) => ({ one, index }))
    .sort((a, b) => rank(a.one) - rank(b.one) || bySize * (pages(a.one) - pages(b.one)))
    .map(({ index }) => index);
}
