import { setTimeout as delay } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import { lsnDistance } from '../../postgres';
import type { LagSample } from '../report/report';
import type { Server } from '../servers';

/** Whom a sampler asks, and whom it tells. */
export interface SamplerOptions {
  readonly source: Server;
  /** The standby, as soon as there is one. */
  readonly standby: () => Server | undefined;
  /** Seconds since the start of the rehearsal. */
  readonly now: () => number;
  /** Rows that the workload has written so far. */
  readonly written: () => number;
  readonly onSample: (sample: LagSample) => void;
}

const INTERVAL_MS = 250;

/** What a server says that is being stopped, or is not there yet: admin_shutdown, crash_shutdown, cannot_connect_now. */
const LEAVING: ReadonlySet<string> = new Set(['57P01', '57P02', '57P03']);

/**
 * Looks at the log's positions on the servers themselves, from the first moment of the standby on, so that the report
 * shows the lag during the copy too and not only what the metrics of the cloud would say later.
 */
export class Sampler {
  private readonly controller = new AbortController();
  private readonly running: Promise<void>;
  private standbyClient: Client | undefined;
  private last = { atSeconds: 0, written: 0 };

  constructor(private readonly options: SamplerOptions) {
    this.running = this.run();
    // A failure waits for `stop`, which throws it.
    this.running.catch(() => undefined);
  }

  /** Stops looking. Throws what kept it from looking before. */
  public async stop(): Promise<void> {
    this.controller.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const source = await connect(this.options.source);
    try {
      while (!this.controller.signal.aborted) {
        await this.sample(source);
        await delay(INTERVAL_MS, undefined, { signal: this.controller.signal }).catch(
          () => undefined,
        );
      }
    } finally {
      await this.standbyClient?.end();
      await source.end();
    }
  }

  private async sample(source: Client): Promise<void> {
    const written = await ask(source, 'SELECT pg_current_wal_flush_lsn()::text AS lsn');
    const standby = this.options.standby();
    const below =
      standby?.pid === undefined
        ? await sourceLag(source, written)
        : await this.standbyLag(standby, written);
    this.options.onSample({ atSeconds: this.options.now(), ...below, ...this.rate() });
  }

  private async standbyLag(standby: Server, written: string): Promise<Partial<LagSample>> {
    try {
      return await this.readStandby(standby, written);
    } catch (error) {
      // A standby that goes takes its session along, or says so; whether it should have gone is asked elsewhere.
      if (error instanceof DatabaseError && !LEAVING.has(error.code ?? '')) throw error;
      this.standbyClient = undefined;
      return {};
    }
  }

  private async readStandby(standby: Server, written: string): Promise<Partial<LagSample>> {
    this.standbyClient ??= await connect(standby);
    const replayed = await ask(this.standbyClient, 'SELECT pg_last_wal_replay_lsn()::text AS lsn');
    const confirmed = await ask(this.standbyClient, CONFIRMED);
    return {
      sourceToStandbyBytes: bytes(replayed, written),
      ...(confirmed === '' ? {} : { standbyToTargetBytes: bytes(confirmed, replayed) }),
    };
  }

  private rate(): Partial<LagSample> {
    const atSeconds = this.options.now();
    const written = this.options.written();
    const seconds = atSeconds - this.last.atSeconds;
    if (seconds < 1) return {};
    const writesPerSecond = Math.round((written - this.last.written) / seconds);
    this.last = { atSeconds, written };
    return { writesPerSecond };
  }
}

/** What the reader of a server's slot has confirmed; not those of table copies, nor what watches a fence. */
const CONFIRMED = `SELECT min(confirmed_flush_lsn)::text AS lsn FROM pg_replication_slots WHERE slot_type = 'logical' AND NOT temporary AND slot_name NOT LIKE 'pg\\_%' AND slot_name NOT LIKE 'pontoon\\_fence\\_%'`;

async function sourceLag(source: Client, written: string): Promise<Partial<LagSample>> {
  const confirmed = await ask(source, CONFIRMED);
  return confirmed === '' ? {} : { sourceToTargetBytes: bytes(confirmed, written) };
}

/** A position that was read a moment later may lie behind by less than nothing. */
function bytes(from: string, to: string): number {
  return Math.max(0, Number(lsnDistance(from, to)));
}

async function ask(client: Client, query: string): Promise<string> {
  const { rows } = await client.query<{ lsn: string | null }>(query);
  return rows[0]?.lsn ?? '';
}

/** To a database that nobody fences: a superuser's session in the replicated one would keep a cutover from beginning. */
async function connect(server: Server): Promise<Client> {
  const client = new Client(server.controlConfig());
  // A server that ends takes the next statement with it, which says so.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
