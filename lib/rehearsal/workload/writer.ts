import { setTimeout as delay } from 'node:timers/promises';
import { Client, type ClientConfig } from 'pg';
import { type QualifiedName, quoteQualified } from '../../postgres';
import { LATENCY_NOTE } from './latency';

/** How the workload writes. */
export interface WriterOptions {
  /** Where it writes. */
  readonly connection: ClientConfig;
  /** A table made as `orders` of the sample. */
  readonly table: QualifiedName;
  /** Connections side by side. */
  readonly connections: number;
  /** Transactions a second, over all connections. */
  readonly rate: number;
}

/** Applications that keep writing while the migration runs. Their first failure is kept, and thrown by `stop`. */
export class Writer {
  private readonly controller = new AbortController();
  private readonly running: Promise<void>[];
  private count = 0;

  constructor(private readonly options: WriterOptions) {
    this.running = Array.from({ length: options.connections }, (_, index) => this.write(index));
    // A failure waits for `stop`, which throws it.
    for (const run of this.running) run.catch(() => undefined);
  }

  /** Rows that were inserted, changed or deleted, and acknowledged. */
  public get written(): number {
    return this.count;
  }

  /** Stops writing. Throws what ended a connection before. */
  public async stop(): Promise<void> {
    this.controller.abort();
    await Promise.all(this.running);
  }

  private async write(index: number): Promise<void> {
    const client = new Client(this.options.connection);
    // A server that ends takes the next statement with it, which says so.
    client.on('error', () => undefined);
    await client.connect();
    try {
      const { signal } = this.controller;
      for (let turn = index; !signal.aborted; turn += 1) {
        await client.query(this.statement(turn));
        this.count += 1;
        const pause = (1000 * this.options.connections) / this.options.rate;
        await delay(pause, undefined, { signal }).catch(() => undefined);
      }
    } finally {
      await client.end();
    }
  }

  /** Mostly new rows; every fifth statement changes one, every twelfth deletes one, but none whose way is timed. */
  private statement(turn: number): string {
    const table = quoteQualified(this.options.table);
    if (turn % 12 === 11)
      return `DELETE FROM ${table} WHERE id = (SELECT max(id) - ${turn % 7} FROM ${table}) AND note <> '${LATENCY_NOTE}'`;
    if (turn % 5 === 4)
      return `UPDATE ${table} SET status = 'paid', note = 'turn ${turn}' WHERE id = (SELECT max(id) FROM ${table}) AND note <> '${LATENCY_NOTE}'`;
    return `INSERT INTO ${table} (customer_id, amount, status, note) VALUES (1, ${turn % 1000}.${String(turn % 100).padStart(2, '0')}, 'new', 'live ${turn}')`;
  }
}
