import { Client, type ClientConfig } from 'pg';
import { waitUntil } from '../../../lib/runner';

/** Where a writer connects at the moment. */
export type WhereTo = () => ClientConfig;

/**
 * A hostile client: it reconnects in a loop, sets whatever fences by reading only off, and keeps a journal of what the
 * server acknowledged. Those with odd numbers do not wait for the disk. Every write inserts a row and counts it in one transaction.
 */
export class JournalWriter {
  /** Numbers of rows whose commit was acknowledged. */
  public readonly acknowledged: number[] = [];
  /** Whether a write may be under way; a writer that is held ends its last one first. */
  public busy = false;
  private number = 0;
  private last = performance.now();
  private longest = 0;
  private stopped = false;
  private held = false;
  private readonly running: Promise<void>;

  constructor(
    public readonly client: number,
    private readonly where: WhereTo,
    private readonly paceMs = 0,
    private readonly retryMs = 5,
  ) {
    this.running = this.run();
  }

  /** The longest time without an acknowledged write since this was asked last, in milliseconds. */
  public takeLongestGap(): number {
    const longest = Math.max(this.longest, performance.now() - this.last);
    this.longest = 0;
    return longest;
  }

  /** Writes nothing, and is not connected, until it is to go on: how an application that cooperates is paused. */
  public hold(held: boolean): void {
    this.held = held;
  }

  public async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      if (this.held) {
        await pause(1);
        continue;
      }
      const session = new Client({ ...this.where(), connectionTimeoutMillis: 2_000 });
      session.on('error', () => undefined);
      this.busy = true;
      try {
        await session.connect();
        await session.query(`SET synchronous_commit = ${waitsForDisk(this.client) ? 'on' : 'off'}`);
        await session.query('SET default_transaction_read_only = off');
        while (!this.stopped && !this.held) await this.write(session);
      } catch {
        // Refused or ended: what was not acknowledged does not count, and the next number is another.
        await pause(this.retryMs);
      } finally {
        await session.end().catch(() => undefined);
        this.busy = false;
      }
    }
  }

  private async write(session: Client): Promise<void> {
    const begun = performance.now();
    this.number += 1;
    const { client, number } = this;
    await session.query(
      `WITH counted AS (INSERT INTO shop.counters VALUES (${client}, 1) ON CONFLICT (client) DO UPDATE SET written = counters.written + 1)
       INSERT INTO shop.orders (client, number) VALUES (${client}, ${number})`,
    );
    this.acknowledged.push(number);
    const now = performance.now();
    this.longest = Math.max(this.longest, now - this.last);
    const left = this.paceMs - (now - begun);
    this.last = now;
    if (left > 0) await pause(left);
  }
}

/** Whether the commits of a client with this number wait for the disk. */
export function waitsForDisk(client: number): boolean {
  return client % 2 === 0;
}

/** Waits until every writer was acknowledged `count` more writes. */
export async function untilWritten(writers: readonly JournalWriter[], count = 5): Promise<void> {
  const before = writers.map(({ acknowledged }) => acknowledged.length);
  await waitUntil({
    what: 'every writer must be acknowledged more writes',
    deadlineMs: 60_000,
    intervalMs: 5,
    probe: async () => {
      const more = writers.map((one, index) => one.acknowledged.length - (before[index] ?? 0));
      return more.every((each) => each >= count)
        ? { done: true, value: undefined }
        : { done: false, reason: more.join(', ') };
    },
  });
}

/** What is wrong with the journals of `writers` as `client` sees the server; empty if nothing is. */
export async function contradictions(
  client: Client,
  writers: readonly JournalWriter[],
): Promise<readonly string[]> {
  const journals = writers.flatMap((writer) =>
    writer.acknowledged.map((number) => `${writer.client}/${number}`),
  );
  const { rows } = await client.query(
    'SELECT client, number, count(*)::int AS times FROM shop.orders GROUP BY 1, 2',
  );
  const found = new Map(rows.map((row) => [`${row.client}/${row.number}`, Number(row.times)]));
  const doubled = [...found].filter(([, times]) => times !== 1).map(([key]) => `${key} doubled`);
  const lost = journals.filter((key) => !found.has(key)).map((key) => `${key} lost`);
  const { rows: counters } = await client.query(
    `SELECT c.client, c.written, count(o.id)::int AS rows FROM shop.counters c LEFT JOIN shop.orders o USING (client) GROUP BY 1, 2 HAVING c.written <> count(o.id)`,
  );
  return [...lost, ...doubled, ...counters.map((row) => `counter ${JSON.stringify(row)}`)];
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
