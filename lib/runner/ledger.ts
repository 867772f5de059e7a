import type { ClientBase } from 'pg';
import {
  deleteEntry,
  findEntry,
  findRequest,
  type LedgerEntry,
  leaveLedger,
  ledgerIsUsed,
  noLedger,
  type ObjectKey,
  retireEntry,
  sql,
  writeEntry,
  writeRequest,
} from '../postgres';
import { finallyQuietly, run, runAtEnd, runOne } from './run';

/** What this library made on a server, as the server itself remembers it. */
export class Ledger {
  constructor(
    private readonly client: ClientBase,
    private readonly server: string,
  ) {}

  /** Whether there is a ledger at all. */
  public async exists(): Promise<boolean> {
    const row = await runOne(
      this.client,
      sql(`SELECT pg_catalog.to_regclass('pontoon.objects') IS NOT NULL AS exists`),
    );
    return row?.exists === true;
  }

  /** Throws a PontoonError with code NO_LEDGER unless there is a ledger. */
  public async require(): Promise<void> {
    if (!(await this.exists())) throw noLedger(this.server);
  }

  /**
   * Has everybody else who works on `key` wait until `work` is done, across processes. Two deliveries of one request
   * are so answered one after the other.
   */
  public async alone<Result>(key: ObjectKey, work: () => Promise<Result>): Promise<Result> {
    const lock = [`pontoon ${key.server}/${key.kind}/${key.name}`];
    // The other one works for as long as it works; the session's limit for locks is meant for objects.
    await run(this.client, sql('SET lock_timeout = 0'));
    await run(
      this.client,
      sql('SELECT pg_catalog.pg_advisory_lock(pg_catalog.hashtextextended($1, 0))', lock),
      `wait for others who work on ${key.kind} '${key.name}' of '${key.server}'`,
    );
    await run(this.client, sql('RESET lock_timeout'));
    return await finallyQuietly(work, async () => {
      await runAtEnd(
        this.client,
        sql('SELECT pg_catalog.pg_advisory_unlock(pg_catalog.hashtextextended($1, 0))', lock),
      );
    });
  }

  /** What the ledger says of `key`. */
  public async find(key: ObjectKey): Promise<LedgerEntry | undefined> {
    return (await runOne(this.client, findEntry(key))) as LedgerEntry | undefined;
  }

  /** Remembers `entry`. */
  public async write(key: ObjectKey, entry: LedgerEntry): Promise<void> {
    await run(this.client, writeEntry(key, entry));
  }

  /** Forgets `key`. */
  public async delete(key: ObjectKey): Promise<void> {
    await run(this.client, deleteEntry(key));
  }

  /** Remembers that `migration`, which was finalized, needs `key` no more. */
  public async retire(key: ObjectKey, migration: string): Promise<void> {
    await run(this.client, retireEntry(key, migration));
  }

  /** Forgets that `owner` needs the ledger, and says whether anybody still does. */
  public async leave(owner: string): Promise<boolean> {
    await run(this.client, leaveLedger(this.server, owner));
    return (await runOne(this.client, ledgerIsUsed()))?.used !== false;
  }

  /** How request `id` was answered, if it was. */
  public async answer(id: string): Promise<unknown> {
    return (await runOne(this.client, findRequest(id)))?.outcome;
  }

  /** Remembers how request `id` was answered. */
  public async remember(id: string, outcome: unknown): Promise<void> {
    await run(this.client, writeRequest(id, outcome));
  }
}
