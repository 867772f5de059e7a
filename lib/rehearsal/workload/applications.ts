import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase, ClientConfig } from 'pg';
import { PontoonError, type QualifiedName, quoteQualified } from '../../postgres';
import { Application } from './application';
import type { Crash, WriteCheck } from './journal';
import { type Outage, outagesOf } from './outage';
import { rowsOfRun } from './workload-table';

/** What applications write, and through what. */
export interface WorkloadOptions {
  /** How to connect: through the applications' endpoint, so that it follows a switch. */
  readonly connection: ClientConfig;
  /** A table made by {@link workloadTableDdl}. */
  readonly table: QualifiedName;
  /** The servers that the endpoint may lead to, to tell which one a write was on. */
  readonly servers: readonly WorkloadServer[];
  /** Connections whose commits wait for the disk. @default 4 */
  readonly synchronous?: number;
  /** Connections with `synchronous_commit = off`. @default 2 */
  readonly asynchronous?: number;
  /** Transactions a second, over all connections. @default 500 */
  readonly rate?: number;
  /** Milliseconds in which each connection must have written once. @default 10000 */
  readonly startMs?: number;
}

/** A server that the endpoint may lead to. */
export interface WorkloadServer {
  readonly name: string;
  readonly port: number;
}

/** Why writes or connections were refused, by SQLSTATE or error code. */
export interface Refusal {
  readonly code: string;
  /** What was said the last time. */
  readonly message: string;
  readonly count: number;
}

const SYNCHRONOUS = 4;
const ASYNCHRONOUS = 2;
const RATE = 500;
const START_MS = 10_000;
const LOOK_AGAIN_MS = 10;

/**
 * What a crash may take of commits that nobody waited for: PostgreSQL promises three times `wal_writer_delay`, which is
 * 200 ms; the rest is for a machine under load.
 */
const UNFLUSHED_MS = 3_000;

/**
 * Applications that keep writing through an endpoint while servers are switched, fenced and killed. They keep what they
 * were told of each write, so that it can be proved afterwards that nothing acknowledged was lost or doubled, and for
 * how long they could not write.
 */
export class Applications {
  private readonly all: readonly Application[];
  private readonly refused = new Map<string, Refusal>();
  private readonly crashes: Crash[] = [];
  private readonly id = randomInt(1, 2 ** 31 - 1);
  private stoppedAtMs: number | undefined;

  private constructor(private readonly options: WorkloadOptions) {
    const { synchronous = SYNCHRONOUS, asynchronous = ASYNCHRONOUS, rate = RATE } = options;
    const connections = synchronous + asynchronous;
    this.all = Array.from(
      { length: connections },
      (_, index) =>
        new Application({
          connection: options.connection,
          table: options.table,
          run: this.id,
          client: index + 1,
          synchronous: index < synchronous,
          paceMs: (1000 * connections) / rate,
          onRefusal: (code, message) => this.countRefusal(code, message),
        }),
    );
  }

  /**
   * Starts writing.
   *
   * @throws PontoonError with code NO_WORKLOAD unless each connection has written once in time.
   */
  public static async start(options: WorkloadOptions): Promise<Applications> {
    const started = new Applications(options);
    const { startMs = START_MS } = options;
    const ends = performance.now() + startMs;
    while (started.all.some(({ journal }) => journal.acknowledged === 0)) {
      if (performance.now() > ends) {
        await started.stop();
        const reasons = started.refusals.map(({ code, message }) => `${code}: ${message}`);
        throw new PontoonError(
          'NO_WORKLOAD',
          `applications must be able to write to ${quoteQualified(options.table)} within ${startMs / 1000} s, got ${reasons.join('; ') || 'no answer'}; check the table, the login and the endpoint`,
        );
      }
      await delay(LOOK_AGAIN_MS);
    }
    return started;
  }

  /** Writes that were acknowledged so far. */
  public get acknowledged(): number {
    return sum(this.all.map(({ journal }) => journal.acknowledged));
  }

  /** Why writes or connections were refused so far. */
  public get refusals(): readonly Refusal[] {
    return [...this.refused.values()];
  }

  /** The switches between servers so far, as the applications saw them. */
  public get outages(): readonly Outage[] {
    const gaps = this.all.flatMap(({ acknowledgements }) => acknowledgements.gaps);
    return outagesOf(gaps, (side) => this.nameOf(side));
  }

  /**
   * The longest time for which any application had no write acknowledged, in milliseconds; of those that ended after
   * `sinceMs` of `performance.now()`, or last still.
   */
  public longestGapMs(sinceMs = 0): number {
    const now = this.stoppedAtMs ?? performance.now();
    return Math.max(
      ...this.all.map(({ acknowledgements }) => acknowledgements.longestSince(sinceMs, now)),
    );
  }

  /** Waits until each application has a write acknowledged that was begun after now, on `server` if it is named. */
  public async untilWriting({
    server,
    deadlineMs,
  }: {
    readonly server?: string;
    readonly deadlineMs: number;
  }): Promise<void> {
    const since = performance.now();
    const waits = (): readonly Application[] =>
      this.all.filter(({ acknowledgements }) => {
        const { last } = acknowledgements;
        if (last === undefined || last.atMs <= since) return true;
        return server !== undefined && this.nameOf(last.side) !== server;
      });
    while (waits().length > 0) {
      if (performance.now() - since > deadlineMs)
        throw this.notWriting(waits().length, server, deadlineMs);
      await delay(LOOK_AGAIN_MS);
    }
  }

  /**
   * Has `kill` crash a server. Commits there that applications with `synchronous_commit = off` did not wait for may be
   * lost from shortly before until it is dead, as PostgreSQL documents; the check takes them for unknown. Nothing else
   * is forgiven.
   */
  public async crash(server: WorkloadServer, kill: () => Promise<void>): Promise<void> {
    const fromMs = performance.now() - UNFLUSHED_MS;
    await kill();
    // The sessions of a postmaster that was killed answer until they notice, and what they said waits to be read.
    await Promise.all(this.all.map((application) => application.cutOff(server.port)));
    this.crashes.push({ fromMs, toMs: performance.now(), side: server.port });
  }

  /** Stops writing, each application after the write that is under way. */
  public async stop(): Promise<void> {
    await Promise.all(this.all.map((application) => application.stop()));
    this.stoppedAtMs ??= performance.now();
  }

  /**
   * Compares what the applications were told with the rows on a server that has received everything.
   *
   * @throws PontoonError unless they were stopped.
   */
  public async check(client: ClientBase): Promise<WriteCheck> {
    if (this.stoppedAtMs === undefined) {
      throw new PontoonError(
        'NO_WORKLOAD',
        'applications must be stopped before what they wrote is checked, got some that write; stop them, and let the server catch up',
      );
    }
    const { rows } = await client.query<[client: number, number: number, version: number]>({
      text: rowsOfRun(this.options.table),
      values: [this.id],
      rowMode: 'array',
    });
    const found = new Map<number, Map<number, number[]>>();
    for (const [id, number, version] of rows) {
      const ofClient = found.get(id) ?? new Map<number, number[]>();
      found.set(id, ofClient);
      ofClient.set(number, [...(ofClient.get(number) ?? []), version]);
    }
    const checks = this.all.map(({ journal }) =>
      journal.compare(found.get(journal.client) ?? new Map(), this.crashes),
    );
    return {
      acknowledged: this.acknowledged,
      unknown: sum(this.all.map(({ journal }) => journal.unknown)),
      forgiven: sum(checks.map(({ forgiven }) => forgiven)),
      missing: checks.flatMap(({ missing }) => missing),
      doubled: checks.flatMap(({ doubled }) => doubled),
      unexpected: checks.flatMap(({ unexpected }) => unexpected),
    };
  }

  private notWriting(count: number, server: string | undefined, deadlineMs: number): PontoonError {
    const reasons = this.refusals.map(({ code, message }) => `${code}: ${message}`).join('; ');
    return new PontoonError(
      'TIMED_OUT',
      `applications must write${server === undefined ? '' : ` on '${server}'`} within ${deadlineMs / 1000} s, got ${count} of ${this.all.length} that do not (${reasons || 'no refusal'}); look at the servers' logs`,
    );
  }

  private countRefusal(code: string, message: string): void {
    const count = (this.refused.get(code)?.count ?? 0) + 1;
    this.refused.set(code, { code, message, count });
  }

  private nameOf(side: number): string {
    const server = this.options.servers.find(({ port }) => port === side);
    return server?.name ?? `port ${side}`;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
