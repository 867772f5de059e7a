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
  sql,
} from '../../postgres';
import { withConnection } from '../connect';
import { type Row, run, SqlError } from '../run';

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
  private limitMs = 0;

  constructor(
    public readonly server: string,
    private readonly client: Client,
  ) {}

  /**
   * Reads rows of a table. `msLeft` says how long that may take; 0 for no limit.
   *
   * @throws Obstacle if the server refuses or the time is not enough; a PontoonError with code VERIFY_INTERRUPTED if
   * the server is lost.
   */
  public async read(
    { table }: DigestScope,
    statement: Statement,
    msLeft: number,
  ): Promise<readonly Row[]> {
    const title = `read ${quoteQualified(table)} on "${this.server}"`;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.limit(msLeft);
        return await run(this.client, statement, title);
      } catch (error) {
        const state = error instanceof SqlError ? error.sqlState : '';
        if (state === RECOVERY_CONFLICT && attempt < ATTEMPTS) await delay(RETRY_PAUSE_MS);
        else throw this.obstacleOf(error, state, quoteQualified(table));
      }
    }
  }

  /** Has ranges read page by page, which takes less than row by row; a statement that needs the key's order pays for it. */
  public async readByPages(): Promise<void> {
    await run(this.client, sql('SET enable_indexscan = off'));
  }

  private async limit(ms: number): Promise<void> {
    const whole = Math.ceil(ms);
    if (whole === this.limitMs) return;
    await this.client.query(`SET statement_timeout = ${whole}`);
    this.limitMs = whole;
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

/** Opens a session that digests, and closes it, however `use` ends. */
export function withReader<Result>(
  connection: Connection,
  secrets: SecretStore,
  use: (reader: Reader, client: Client) => Promise<Result>,
): Promise<Result> {
  const session = { purpose: 'verify', readOnly: true, statementTimeoutMs: 0, idleTimeoutMs: 0 };
  return withConnection(connection, secrets, session, async (client) => {
    await run(client, DIGEST_SESSION);
    return use(new Reader(connection.server, client), client);
  });
}
