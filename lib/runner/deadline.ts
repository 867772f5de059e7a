import type { ClientBase } from 'pg';
import { PontoonError } from '../postgres';
import { fieldOf, messageOf } from './message-of';

/** The moment by which a request must have ended, whatever it is made of. */
export class Deadline {
  private endsAt: number;

  private constructor(private readonly totalMs: number) {
    this.endsAt = performance.now() + totalMs;
  }

  /** Ends in `ms` milliseconds. */
  public static after(ms: number): Deadline {
    return new Deadline(ms);
  }

  /** Milliseconds that are left; 0 when it has passed. */
  public remainingMs(): number {
    return Math.max(0, this.endsAt - performance.now());
  }

  /** Gives at least `ms` milliseconds from now on, for taking away again what was begun. */
  public allow(ms: number): void {
    this.endsAt = Math.max(this.endsAt, performance.now() + ms);
  }

  /** Says that `what` did not end in time. */
  public passed(what: string): PontoonError {
    return new PontoonError(
      'OUT_OF_TIME',
      `cannot ${what}: it must end within the ${Math.round(this.totalMs / 1000)} s of its request, got no end; look for what it waits for, such as a lock, a long transaction or a server that does not answer, and try again`,
    );
  }
}

/** Milliseconds that a request needs after its deadline for taking away again what it began. */
export const CLEAN_UP_MS = 10_000;

/** A session whose statements all end before one deadline. */
interface LimitedSession {
  readonly deadline: Deadline;
  /** What the server was last told, in milliseconds. */
  statementTimeoutMs: number;
}

const LIMITED = new WeakMap<ClientBase, LimitedSession>();

/** Has `client` end every statement before `deadline`. */
export function limitSession(client: ClientBase, deadline: Deadline): void {
  LIMITED.set(client, { deadline, statementTimeoutMs: Number.POSITIVE_INFINITY });
}

/** Has `client` take its time again, if it was limited; the server is told with the next statement. */
export function unlimitSession(client: ClientBase): void {
  if (LIMITED.has(client)) limitSession(client, Deadline.after(Number.POSITIVE_INFINITY));
}

/** The deadline of `client`, if it has one. */
export function deadlineOf(client: ClientBase): Deadline | undefined {
  return LIMITED.get(client)?.deadline;
}

/**
 * Tells the server how long the next statement may take, and returns after how many milliseconds a server that says
 * nothing is given up; undefined for a session without a deadline.
 *
 * @throws PontoonError with code OUT_OF_TIME if `what` had no time left.
 */
export async function limitStatement(
  client: ClientBase,
  what: string,
): Promise<number | undefined> {
  const session = LIMITED.get(client);
  if (session === undefined) return undefined;
  const left = Math.floor(session.deadline.remainingMs());
  if (left < LEAST_MS) throw session.deadline.passed(what);
  const limit = Math.min(left, LONGEST_MS);
  const told = session.statementTimeoutMs;
  if (told < limit || told - limit >= SLACK_MS) {
    const statement = { text: `SET statement_timeout = ${limit}`, query_timeout: limit };
    await client.query(statement);
    session.statementTimeoutMs = limit;
  }
  return limit + SLACK_MS;
}

/** Whether `error` says that a statement was ended because its session's deadline passed. */
export function isOutOfTime(client: ClientBase, error: unknown): boolean {
  const deadline = deadlineOf(client);
  if (deadline === undefined || deadline.remainingMs() > SLACK_MS) return false;
  return fieldOf(error, 'code') === QUERY_CANCELED || messageOf(error) === NO_ANSWER;
}

/** To be told when a transaction was rolled back, and with it what the server was told inside of it. */
export function forgetLimit(client: ClientBase): void {
  const session = LIMITED.get(client);
  if (session !== undefined) session.statementTimeoutMs = Number.POSITIVE_INFINITY;
}

/** SQLSTATE of a statement that the server ended. */
const QUERY_CANCELED = '57014';

/** What `pg` says when a server says nothing. */
const NO_ANSWER = 'Query read timeout';

/** Less is not worth asking for. */
const LEAST_MS = 20;

/** By how much a statement may be late, so that not every one of them has to be announced. */
const SLACK_MS = 500;

/** The longest that timers of PostgreSQL and Node.js take. */
const LONGEST_MS = 2_000_000_000;
