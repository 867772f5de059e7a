import { Socket } from 'node:net';
import type { ClientConfig } from 'pg';
import { LogicalReplicationService } from 'pg-logical-replication';
import { formatLsn, type Lsn, PontoonError, parseLsn } from '../../postgres';
import { sessionConfig } from './sessions';
import { type DecodedMessage, LosslessTestDecoding } from './test-decoding';

/** How often the server hears where we are, well below any sensible wal_sender_timeout. */
const STATUS_INTERVAL_MS = 1000;

/** What a reader of the stream does with it. */
export interface ChangeHandler {
  /** Handles one message; the stream waits for it. */
  message(message: DecodedMessage, lsn: Lsn): Promise<void>;
  /** Hears how far the server has read its log, in bytes. */
  serverPosition(position: bigint): void;
  /** Whether everything that was handled is committed on the target. */
  settled(): boolean;
}

/**
 * Changes out of a slot, decoded by test_decoding.
 * Nothing is confirmed to the server but what was passed to {@link ChangeStream.confirm}.
 */
export class ChangeStream {
  private readonly plugin = new LosslessTestDecoding({
    includeXids: true,
    includeTimestamp: true,
    skipEmptyXacts: true,
  });
  private readonly service: LogicalReplicationService;
  private readonly socket = new Socket();
  private handled = 0;
  private confirmed = 0n;
  private insideTransaction = false;
  private failure: Error | undefined;
  private closing = false;
  private resolveEnd: () => void = () => undefined;
  private rejectEnd: (error: unknown) => void = () => undefined;
  /** The library's own promise stays open for ever when it is told to stop while it connects. */
  private readonly end = new Promise<void>((resolve, reject) => {
    this.resolveEnd = resolve;
    this.rejectEnd = reject;
  });

  constructor(
    config: ClientConfig,
    private readonly slot: string,
    private readonly handler: ChangeHandler,
  ) {
    this.service = new LogicalReplicationService(
      { ...sessionConfig(config), stream: () => this.socket },
      { acknowledge: { auto: false, timeoutSeconds: 0 }, flowControl: { enabled: true } },
    );
    // A stream that breaks before it runs is heard by run().
    this.end.catch(() => undefined);
  }

  /** Reads from `from` (or where the slot stands) until {@link close}. Rejects when the stream breaks. */
  public async run(from: Lsn = '0/0'): Promise<void> {
    this.service.on('error', (error: Error) => this.fail(error));
    this.service.on('data', (lsn: string, message: DecodedMessage) => this.handle(lsn, message));
    this.service.on('heartbeat', (lsn: string) => this.heartbeat(lsn));
    const status = setInterval(() => this.sendStatus(), STATUS_INTERVAL_MS);
    try {
      await Promise.race([this.service.subscribe(this.plugin, this.slot, from), this.end]);
      if (!this.closing) throw this.failure ?? endedByServer();
    } catch (error) {
      if (!this.closing) throw error;
    } finally {
      clearInterval(status);
      await this.close();
    }
  }

  /** Ends the stream because of `error`: {@link run} rejects with it. */
  public fail(error: unknown): void {
    this.failure ??= asError(error);
    this.rejectEnd(this.failure);
  }

  /** Tells the server that everything before `position` is safe on the target. */
  public confirm(position: bigint): void {
    if (position > this.confirmed) this.confirmed = position;
    this.sendStatus();
  }

  /** Stops reading. What was not confirmed comes again next time. */
  public async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    do await new Promise((resolve) => setImmediate(resolve));
    while (this.plugin.received > this.handled);
    // A server that no longer answers would not close it, and while the library hands out messages nobody reads it.
    this.socket.destroy();
    try {
      await this.service.destroy();
    } finally {
      this.resolveEnd();
    }
  }

  private async handle(lsn: Lsn, message: DecodedMessage): Promise<void> {
    try {
      if (this.closing || this.failure !== undefined) return;
      this.insideTransaction = message.kind !== 'commit';
      if (message.kind === 'unreadable') throw message.error;
      await this.handler.message(message, lsn);
    } catch (error) {
      this.failure ??= asError(error);
      throw error;
    } finally {
      this.handled += 1;
    }
  }

  private heartbeat(lsn: Lsn): void {
    const position = parseLsn(lsn);
    this.handler.serverPosition(position);
    const idle = !this.insideTransaction && this.plugin.received === this.handled;
    if (idle && this.failure === undefined && this.handler.settled()) this.confirm(position);
    else this.sendStatus();
  }

  private sendStatus(): void {
    if (this.confirmed === 0n || this.service.isStop()) return;
    // The library confirms one byte more than it is told. The next transaction's commit record can begin
    // right there, and the server would never send that transaction again.
    void this.service.acknowledge(formatLsn(this.confirmed - 1n));
  }
}

function endedByServer(): PontoonError {
  return new PontoonError(
    'STREAM_ENDED',
    'the source ended the replication stream; look into its log',
  );
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
