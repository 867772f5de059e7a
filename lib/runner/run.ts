import type { ClientBase, QueryConfig } from 'pg';
import { PontoonError, type Statement } from '../postgres';
import { deadlineOf, forgetLimit, isOutOfTime, limitStatement } from './deadline';
import { inTurn } from './in-turn';

/** A row as `pg` returns it. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * Runs `statement` and returns its rows. The error of a server may quote the statement, so that it is rebuilt from the
 * redacted text; SQLSTATE and the server's own message are kept.
 */
export async function run(
  client: ClientBase,
  statement: Statement,
  title?: string,
): Promise<readonly Row[]> {
  const what = title ?? firstWords(statement.redacted);
  const { text, values } = statement;
  try {
    return await inTurn(client, what, async () => {
      const patience = await limitStatement(client, what);
      // pg understands `query_timeout`; its types do not.
      const asked: QueryConfig & { query_timeout?: number } = {
        text,
        ...(values === undefined ? {} : { values: [...values] }),
        ...(patience === undefined ? {} : { query_timeout: patience }),
      };
      const result = await client.query(asked);
      return result.rows ?? [];
    });
  } catch (error) {
    if (error instanceof PontoonError) throw error;
    if (isOutOfTime(client, error)) throw deadlineOf(client)?.passed(what) ?? error;
    throw sqlError(error, statement, what);
  }
}

/** Ends a transaction, or something else that must end, however little time is left. */
export async function runAtEnd(client: ClientBase, statement: Statement): Promise<void> {
  const { text, values, redacted } = statement;
  try {
    await inTurn(
      client,
      undefined,
      async () => await client.query(text, values === undefined ? undefined : [...values]),
    );
  } catch (error) {
    throw sqlError(error, statement, firstWords(redacted));
  }
  forgetLimit(client);
}

/** Runs `statement` and returns its first row. */
export async function runOne(client: ClientBase, statement: Statement): Promise<Row | undefined> {
  return (await run(client, statement))[0];
}

/** A server's refusal: which step, in the server's words, with SQLSTATE in `cause`. */
export class SqlError extends PontoonError {
  constructor(
    message: string,
    /** The five characters that PostgreSQL classifies the error by. */
    public readonly sqlState: string,
    options: { readonly cause: unknown },
  ) {
    super('SQL', message, options);
    this.name = 'SqlError';
  }
}

function sqlError(error: unknown, statement: Statement, what: string): unknown {
  if (!isError(error)) return error;
  const { code, hint } = error as Error & { code?: string; hint?: string };
  // What carries a secret may come back inside the message or its detail.
  const secret = statement.text !== statement.redacted;
  const said = secret ? withoutSecrets(error.message, statement) : error.message;
  return new SqlError(
    `cannot ${what}: the server said "${said}"${hint === undefined || secret ? '' : ` (${hint})`}${code === undefined ? '' : ` [${code}]`}`,
    code ?? '',
    { cause: secret ? { code } : { code, message: error.message } },
  );
}

function withoutSecrets(message: string, { text, redacted }: Statement): string {
  const parts = redacted.split('***');
  const secretText = parts.reduce((rest, part) => rest.replace(part, '\0'), text);
  return secretText
    .split('\0')
    .filter((secret) => secret.length > 3)
    .reduce((said, secret) => said.replaceAll(secret, '***'), message);
}

function firstWords(text: string): string {
  const words = text.replace(/\s+/g, ' ').trim();
  return words.length > 80 ? `run ${words.slice(0, 80)}…` : `run ${words}`;
}

/** Errors of another realm, such as a test's sandbox, are errors too. */
function isError(error: unknown): error is Error {
  return (
    typeof error === 'object' &&
    error !== null &&
    'message' in error &&
    typeof error.message === 'string'
  );
}

/**
 * Runs `work`, then `end`. What fails first is what is thrown: an end that fails after failed work says nothing new,
 * since it is the session that is gone.
 */
export async function finallyQuietly<Result>(
  work: () => Promise<Result>,
  end: () => Promise<void>,
): Promise<Result> {
  let result: Result;
  try {
    result = await work();
  } catch (error) {
    await end().catch(() => undefined);
    throw error;
  }
  await end();
  return result;
}
