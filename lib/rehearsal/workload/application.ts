import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type ClientConfig, DatabaseError } from 'pg';
import type { QualifiedName } from '../../postgres';
import { ABSENT, Journal } from './journal';
import { Acknowledgements } from './outage';
import { type WriteKind, writeStatement } from './workload-table';

/** How one connection of the workload writes. */
export interface ApplicationOptions {
  readonly connection: ClientConfig;
  readonly table: QualifiedName;
  /** Tells the rows of this workload from those of others. */
  readonly run: number;
  readonly client: number;
  /** Whether its commits wait for the disk. */
  readonly synchronous: boolean;
  /** Milliseconds between two writes. */
  readonly paceMs: number;
  /** Told of each refusal: its SQLSTATE or error code, and what was said. */
  readonly onRefusal: (code: string, message: string) => void;
}

/** A write, and the version in which it leaves its row. */
interface Write {
  readonly kind: WriteKind;
  readonly number: number;
  readonly version: number;
}

const CONNECT_MS = 5_000;
const ANSWER_MS = 10_000;
const FAREWELL_MS = 1_000;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 40;

/**
 * One application: it writes single rows, each in a transaction of its own, keeps what it was told, and connects anew
 * at once when it is cut or refused.
 */
export class Application {
  public readonly journal: Journal;
  public readonly acknowledgements: Acknowledgements;
  private readonly stopping = new AbortController();
  private readonly running: Promise<void>;
  private turn = 0;
  private side = 0;
  private connection: Promise<void> = Promise.resolve();

  constructor(private readonly options: ApplicationOptions) {
    this.journal = new Journal(options.client, options.synchronous);
    this.acknowledgements = new Acknowledgements(options.client);
    this.running = this.run();
    // A fault waits for `stop`, which throws it.
    this.running.catch(() => undefined);
  }

  /** Ends with the connection that there is now, if it writes to the server at port `side`. */
  public async cutOff(side: number): Promise<void> {
    if (this.side === side) await this.connection;
  }

  /** Ends after the write that is under way. */
  public async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    let pauseMs = 0;
    while (!this.stopping.signal.aborted) {
      const before = this.journal.acknowledged;
      this.connection = this.session();
      await this.connection;
      // A connection that was cut is made anew at once; one that is refused is not to keep the server busy.
      const refused = this.journal.acknowledged === before;
      pauseMs = refused ? Math.min(Math.max(2 * pauseMs, FIRST_PAUSE_MS), LONGEST_PAUSE_MS) : 0;
      await pause(pauseMs, this.stopping.signal);
    }
  }

  /** Writes on one connection until it breaks, or is not wanted any more. */
  private async session(): Promise<void> {
    const lost = new AbortController();
    const socket = new Socket();
    const client = this.createClient(socket);
    const lose = (): void => lost.abort();
    client.on('error', lose);
    client.on('end', lose);
    try {
      await this.connect(client, socket);
      const over = AbortSignal.any([lost.signal, this.stopping.signal]);
      // The first write tells which server this is.
      for (let first = true; !over.aborted; first = false) {
        const next = performance.now() + this.options.paceMs;
        await this.perform(client, first ? this.insertion() : this.nextWrite());
        await pause(Math.max(0, next - performance.now()), over);
      }
    } catch (error) {
      this.refuse(error);
    } finally {
      // A server that is cut off does not answer to a farewell.
      await Promise.race([client.end(), delay(FAREWELL_MS, undefined, { ref: false })]);
      socket.destroy();
    }
  }

  private async connect(client: Client, socket: Socket): Promise<void> {
    const { signal } = this.stopping;
    const abandon = (): void => void socket.destroy();
    signal.addEventListener('abort', abandon);
    try {
      await client.connect();
    } finally {
      signal.removeEventListener('abort', abandon);
    }
  }

  private createClient(socket: Socket): Client {
    const { connection, client, synchronous } = this.options;
    return new Client({
      ...connection,
      stream: () => socket,
      application_name: `workload ${client}`,
      options: `-c synchronous_commit=${synchronous ? 'on' : 'off'}`,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: ANSWER_MS,
    });
  }

  /** Throws when the connection cannot be used any more. */
  private async perform(client: Client, write: Write): Promise<void> {
    const { table, run, client: id } = this.options;
    const values = [run, id, write.number];
    try {
      const { rows, rowCount } = await client.query<{ port: number | null }>({
        ...writeStatement(table, write.kind),
        values: write.kind === 'delete' ? values : [...values, write.version],
      });
      this.side = rows[0]?.port ?? this.side;
      const atMs = performance.now();
      this.acknowledgements.add(atMs, this.side);
      if (rowCount === 1)
        this.journal.keep(write.number, write.version, 'acknowledged', { atMs, side: this.side });
      else this.missed(write, rowCount ?? 0);
    } catch (error) {
      // An ERROR undid the statement; whatever ended the session may have come after its commit.
      if (error instanceof DatabaseError && error.severity === 'ERROR') {
        this.refuse(error);
        return;
      }
      const at = { atMs: performance.now(), side: this.side };
      this.journal.keep(write.number, write.version, 'unknown', at);
      throw error;
    }
  }

  /** A row that was there must be there once. */
  private missed({ kind, number }: Write, count: number): void {
    this.journal.abandon(number);
    const { client } = this.options;
    this.options.onRefusal(
      'ROW',
      `${kind} of row ${number} of client ${client} must find one row, got ${count}`,
    );
  }

  /** Mostly new rows; of ten writes two change a row, and one deletes the oldest. */
  private nextWrite(): Write {
    this.turn += 1;
    const phase = this.turn % 10;
    const deletable = phase === 9 ? this.journal.deletable() : undefined;
    if (deletable !== undefined)
      return { kind: 'delete', number: deletable.number, version: ABSENT };
    const row = phase === 3 || phase === 6 ? this.journal.changeable(this.turn) : undefined;
    if (row !== undefined) return { kind: 'update', number: row.number, version: row.version + 1 };
    return this.insertion();
  }

  private insertion(): Write {
    return { kind: 'insert', number: this.journal.next(), version: 1 };
  }

  private refuse(error: unknown): void {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
    this.options.onRefusal(typeof code === 'string' ? code : 'CUT', String(message ?? error));
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // Ended early is ended.
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
