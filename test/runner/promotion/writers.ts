import { Client, type ClientConfig } from 'pg';

/** A commit that a server acknowledged. */
export interface Acknowledged {
  readonly id: number;
  /** Where the log reached at least when it was acknowledged. */
  readonly after: string;
}

/** Several connections that write one row after the other to whichever server is the primary, and keep what was acknowledged. */
export class Writers {
  public readonly acknowledged: Acknowledged[] = [];
  private stopped = false;
  private next = 1;
  private readonly running: Promise<unknown>;

  constructor(
    private readonly where: () => ClientConfig,
    connections = 4,
  ) {
    this.running = Promise.all(Array.from({ length: connections }, (_, by) => this.write(by)));
  }

  public async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async write(by: number): Promise<void> {
    while (!this.stopped) {
      const client = new Client({
        ...this.where(),
        connectionTimeoutMillis: 2_000,
        query_timeout: 5_000,
      });
      client.on('error', () => undefined);
      try {
        await client.connect();
        while (!this.stopped) await this.writeOne(client, by);
        await client.end();
      } catch {
        // It is the server that is gone, or no primary yet.
        client.connection.stream.destroy();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  private async writeOne(client: Client, by: number): Promise<void> {
    const id = this.next++;
    await client.query('INSERT INTO t VALUES ($1, $2)', [id, by]);
    const { rows } = await client.query<{ lsn: string }>(
      'SELECT pg_current_wal_flush_lsn() AS lsn',
    );
    this.acknowledged.push({ id, after: rows[0]?.lsn ?? '0/0' });
  }
}
