import type { ClientConfig } from 'pg';
import { formatLsn, type Lsn, parseLsn, quoteQualified } from '../../postgres';
import { Applier, type ApplierOptions } from './apply';
import { type ChangeHandler, ChangeStream } from './change-stream';
import type { TableState } from './table-state';
import type { DecodedChange, DecodedMessage } from './test-decoding';

/** Where a task is in the source's log, in bytes, and how late. */
export class ReplicationPosition {
  /** Everything before is safe on the target. */
  public applied = 0n;
  /** What the server told last. */
  private seen = 0n;
  private lastCommit: Date | undefined;

  public apply(position: bigint): void {
    if (position > this.applied) this.applied = position;
  }

  public see(position: bigint): void {
    if (position > this.seen) this.seen = position;
  }

  public commit(committedAt: Date | undefined): void {
    this.lastCommit = committedAt;
  }

  public get lagBytes(): bigint {
    return this.seen > this.applied ? this.seen - this.applied : 0n;
  }

  /** Age of the newest applied transaction while more is known to wait, otherwise 0. */
  public get lagMilliseconds(): number {
    if (this.lagBytes === 0n || this.lastCommit === undefined) return 0;
    return Math.max(0, Date.now() - this.lastCommit.getTime());
  }
}

/** What a replication needs. */
export interface ReplicationOptions extends ApplierOptions {
  readonly source: ClientConfig;
  readonly slot: string;
  readonly tables: readonly TableState[];
  readonly position: ReplicationPosition;
  /** The position at which to stop, in bytes. */
  readonly stopAt: bigint | undefined;
  /** Called after each commit on the target. */
  readonly committed: () => void;
}

/** Changes flowing from the slot to the target, one source transaction after the other. */
export class Replication implements ChangeHandler {
  private readonly tables: ReadonlyMap<string, TableState>;
  private readonly stream: ChangeStream;
  private readonly applier: Applier;
  private transaction: DecodedChange[] = [];
  /** Changes, and the newest commit, of source transactions that are not committed on the target. */
  private waiting = 0;
  private newest: { readonly position: bigint; readonly at: Date | undefined } | undefined;
  private scheduled: NodeJS.Immediate | undefined;
  private committing: Promise<void> = Promise.resolve();
  private reachedEnd = false;

  constructor(private readonly options: ReplicationOptions) {
    this.tables = new Map(
      options.tables.map((table) => [quoteQualified(table.plan.source), table]),
    );
    this.applier = new Applier(options);
    this.stream = new ChangeStream(options.source, options.slot, this);
  }

  /** Runs until {@link stop}, or until `stopAt`: then it resolves to true. */
  public async run(from: Lsn): Promise<boolean> {
    // An idle session that breaks would otherwise be noticed by the next change only.
    this.options.target.once('error', (error) => this.stream.fail(error));
    try {
      await this.stream.run(from);
    } finally {
      // What is taken but not committed comes again, as it was never confirmed.
      clearImmediate(this.scheduled);
      await this.committing;
    }
    return this.reachedEnd;
  }

  /** Ends after the message in hand. */
  public stop(): Promise<void> {
    return this.stream.close();
  }

  public settled(): boolean {
    return this.applier.settled && this.newest === undefined;
  }

  public serverPosition(position: bigint): void {
    this.options.position.see(position);
    if (!this.settled() || this.transaction.length > 0) return;
    this.options.position.apply(position);
    this.stopIfReached(position);
  }

  public async message(message: DecodedMessage, lsn: Lsn): Promise<void> {
    await this.committing;
    const position = parseLsn(lsn);
    this.options.position.see(position);
    switch (message.kind) {
      case 'begin':
        clearImmediate(this.scheduled);
        this.transaction = [];
        return;
      case 'change':
        this.transaction.push(message);
        return;
      case 'truncate':
        return this.ignoreTruncate(message.tables);
      case 'commit':
        return this.takeTransaction(position, message.committedAt);
      case 'message':
      case 'unreadable':
        return;
    }
  }

  private async takeTransaction(position: bigint, at: Date | undefined): Promise<void> {
    const changes = this.transaction;
    this.transaction = [];
    for (const change of changes) {
      const table = this.tables.get(quoteQualified({ schema: change.schema, name: change.table }));
      if (table !== undefined) await this.applier.take(table, change, position);
    }
    this.waiting += changes.length;
    this.newest = { position, at };
    if (this.waiting >= this.options.settings.minTransactionSize) return this.commit();
    // Whatever was received already is handed out before this runs, and joins the same commit.
    this.scheduled = setImmediate(() => {
      this.committing = this.commit().catch((error: unknown) => this.stream.fail(error));
    });
  }

  private async commit(): Promise<void> {
    const { newest, waiting: changes } = this;
    if (newest === undefined) return;
    await this.applier.commit();
    this.newest = undefined;
    this.waiting = 0;
    const { position, at } = newest;
    this.stream.confirm(position);
    this.options.position.apply(position);
    this.options.position.commit(at);
    this.options.committed();
    const latencyMs = at === undefined ? undefined : Math.max(0, Date.now() - at.getTime());
    this.options.report({ type: 'committed', position: formatLsn(position), changes, latencyMs });
    this.stopIfReached(position);
  }

  private stopIfReached(position: bigint): void {
    const { stopAt } = this.options;
    if (stopAt === undefined || position < stopAt || this.reachedEnd) return;
    this.reachedEnd = true;
    // Closing waits for this very message, so it cannot be awaited here.
    void this.stream.close();
  }

  private ignoreTruncate(tables: readonly { schema: string; table: string }[]): void {
    for (const { schema, table: name } of tables) {
      const table = this.tables.get(quoteQualified({ schema, name }));
      if (table === undefined) continue;
      table.ignoredTruncates += 1;
      this.options.report({
        type: 'warning',
        message: `TRUNCATE of table ${quoteQualified(table.plan.source)} was ignored`,
      });
    }
  }
}
