import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import {
  type Connection,
  DIGEST_SESSION,
  type DigestScope,
  PontoonError,
  quoteQualified,
  type SecretStore,
  type Statement,
} from '../../postgres';
import { connect } from '../connect';
import { type Row, run, SqlError } from '../run';
import type { VerifyOptions } from './options';

/** Why a table cannot be compared: what the server refused is about this table, not about the server. */
export class Obstacle extends PontoonError {
  constructor(reason: string, options?: { readonly cause: unknown }) {
    super('UNCHECKED', reason, options);
    this.name = 'Obstacle';
  }
}

const STATEMENT_CANCELED = '57014';
/** What a standby says when replay needed a row version that the statement could still see. */
const RECOVERY_CONFLICT = '40001';
const ATTEMPTS = 8;
const RETRY_PAUSE_MS = 250;

/** A session that only reads tables, on one of the two servers. */
export class Reader {
  private settings = '';
  private limitMs = 0;

  private constructor(
    public readonly server: string,
    private readonly client: Client,
  ) {}

  /** Opens a session that digests. */
  public static async open(connection: Connection, secrets: SecretStore): Promise<Reader> {
    const client = await connect(connection, secrets, {
      purpose: 'verify',
      readOnly: true,
      statementTimeoutMs: 0,
      idleTimeoutMs: 0,
    });
    const reader = new Reader(connection.server, client);
    try {
      await reader.list(DIGEST_SESSION);
      return reader;
    } catch (error) {
      await reader.close();
      throw error;
    }
  }

  /** Closes the session. */
  public close(): Promise<void> {
    return this.client.end();
  }

  /** Closes the session, and does not wait for a server that may say nothing. */
  public leave(): void {
    this.client.connection.stream.destroy();
  }

  /**
   * Asks for what is no table's rows, `msLeft` long at most; 0 for no limit.
   *
   * @throws Obstacle if that was not enough.
   */
  public async list(statement: Statement, msLeft = 0, title?: string): Promise<readonly Row[]> {
    await this.set(Math.ceil(msLeft), true);
    try {
      return await run(this.client, statement, title);
    } catch (error) {
      if (msLeft > 0 && error instanceof SqlError && error.sqlState === STATEMENT_CANCELED)
        throw new Obstacle(TIME_SPENT, { cause: error });
      throw error;
    }
  }

  /**
   * Reads rows of a table, page by page where that is possible, which takes less than row by row; a statement `inOrder`
   * reads by the key. `msLeft` says how long that may take; 0 for no limit.
   *
   * @throws Obstacle if the server refuses or the time is not enough; a PontoonError with code VERIFY_INTERRUPTED if
   * the server is lost.
   */
  public async read(
    { table }: DigestScope,
    statement: Statement,
    msLeft: number,
    inOrder = false,
  ): Promise<readonly Row[]> {
    const title = `read ${quoteQualified(table)} on "${this.server}"`;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.set(Math.ceil(msLeft), inOrder);
        return await run(this.client, statement, title);
      } catch (error) {
        const state = error instanceof SqlError ? error.sqlState : '';
        if (state === RECOVERY_CONFLICT && attempt < ATTEMPTS) await delay(RETRY_PAUSE_MS);
        else throw this.obstacleOf(error, state, quoteQualified(table));
      }
    }
  }

  private async set(limitMs: number, inOrder: boolean): Promise<void> {
    const settings = `SET statement_timeout = ${limitMs}; SET enable_indexscan = ${inOrder ? 'on' : 'off'}`;
    if (settings === this.settings) return;
    await this.client.query(settings);
    this.settings = settings;
    this.limitMs = limitMs;
  }

  private obstacleOf(error: unknown, state: string, table: string): Error {
    if (error instanceof SqlError && !/^(08|57P|$)/.test(state)) {
      const timedOut = state === STATEMENT_CANCELED && this.limitMs > 0;
      return new Obstacle(timedOut ? TIME_SPENT : error.message, { cause: error });
    }
    const said = error instanceof Error ? error.message : String(error);
    return new PontoonError(
      'VERIFY_INTERRUPTED',
      `server "${this.server}" must stay reachable while ${table} is compared, got ${said}; verify again when it is`,
      { cause: error },
    );
  }
}

/** Why a table is unchecked whose comparison took too long. */
export const TIME_SPENT = 'the time for it was spent before it was compared';

/** A session on each of the two servers. */
export type Readers = readonly [source: Reader, target: Reader];

/** Opens a session on each of two servers at once. */
export async function openReaders({
  source,
  target,
  secrets,
}: Pick<VerifyOptions, 'source' | 'target' | 'secrets'>): Promise<Readers> {
  const opening = [Reader.open(source, secrets), Reader.open(target, secrets)] as const;
  const ends = await Promise.allSettled(opening);
  if (ends.some(({ status }) => status === 'rejected'))
    for (const end of ends) if (end.status === 'fulfilled') await end.value.close();
  return await Promise.all(opening);
}

/** Opens a session on each of two servers at once, and closes them, however `use` ends. */
export async function withReaders<Result>(
  options: Pick<VerifyOptions, 'source' | 'target' | 'secrets'>,
  use: (readers: Readers) => Promise<Result>,
): Promise<Result> {
  const readers = await openReaders(options);
  try {
    return await use(readers);
  } finally {
    for (const reader of readers) await reader.close();
  }
}
