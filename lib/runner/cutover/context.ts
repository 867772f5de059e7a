import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import {
  type CutoverPlan,
  findJournal,
  type JournalEntry,
  journalExists,
  PontoonError,
  type ReplicationPath,
  type Statement,
  sql,
} from '../../postgres';
import { Deadline, limitSession, unlimitSession } from '../deadline';
import { type Row, run, runAtEnd, runOne } from '../run';
import type { Readers } from '../verify/reader';
import type { ReadAhead } from './ahead';
import type { CutoverRequest, CutoverServices, FinallyCompared, ReplicationTask } from './services';

/** By how much a single statement may outlast the clock. */
const LATER_MS = 200;

/** One walk: the plan, the sessions, and how much of the budget is left. */
export class CutoverContext {
  public readonly plan: CutoverPlan;
  public readonly owner: string;
  private endsAt = Number.POSITIVE_INFINITY;
  /** Every switch of clients so far: one that was given up may take effect nevertheless. */
  private switching: Promise<unknown> = Promise.resolve();
  /** Every request to stop a task so far: one that was given up may stop it nevertheless. */
  private stopping: Promise<unknown> = Promise.resolve();
  /** What this walk compared behind the fence. */
  public compared: FinallyCompared = { tables: 0, of: 0 };
  /** What was read before the fence, as long as it holds. */
  public ahead: ReadAhead | undefined;
  /** Sessions that compare behind the fence, opened before it. */
  public readers: Readers | undefined;
  /** Whether this walk closed the old writer, or goes on behind a fence that it found. */
  public fenced = false;
  /** Whether an undo has let applications in on the old writer again. */
  public freed = false;
  /** Whether nothing but what goes before the fence is taken back: the old writer was never closed. */
  public preparing = false;
  /** Servers that are known to have a journal. */
  private readonly journals = new Set<string>();
  /** What this walk logs in as, by server. */
  private readonly logins = new Map<string, string>();

  constructor(
    public readonly request: CutoverRequest,
    public readonly services: CutoverServices,
  ) {
    this.plan = request.plan;
    this.owner = request.owner;
  }

  /** The session on `server`. */
  public session(server: string): ClientBase {
    const session = this.services.sessions.get(server);
    if (session !== undefined) return session;
    throw new PontoonError(
      'NO_SESSION',
      `the cutover must have a session on '${server}', got none; start the server, or add its connection`,
    );
  }

  /** Runs `statement` on `server` and returns its rows. */
  public async run(server: string, statement: Statement, title?: string): Promise<readonly Row[]> {
    return await run(this.session(server), statement, title);
  }

  /** Runs `statement` on `server` and returns its first row. */
  public async runOne(server: string, statement: Statement): Promise<Row | undefined> {
    return await runOne(this.session(server), statement);
  }

  /** Runs `statements` on `server` in one transaction. */
  public async together(
    server: string,
    statements: readonly Statement[],
    check: () => Promise<void> = async () => undefined,
  ): Promise<void> {
    const session = this.session(server);
    await run(session, sql('BEGIN'));
    try {
      await check();
      for (const statement of statements) await run(session, statement);
      await run(session, sql('COMMIT'));
    } catch (error) {
      // A session that is gone has rolled back by itself.
      await runAtEnd(session, sql('ROLLBACK')).catch(() => undefined);
      throw error;
    }
  }

  /** The journal's entry on `server`; undefined if the server is not fenced by this migration. */
  public async journal(server: string): Promise<JournalEntry | undefined> {
    if (!this.journals.has(server)) {
      if ((await this.runOne(server, journalExists()))?.exists !== true) return undefined;
      this.journals.add(server);
    }
    const row = await this.runOne(server, findJournal(this.plan.migration));
    return row as unknown as JournalEntry | undefined;
  }

  /** The role that this walk logs in as. */
  public async loginOn(server: string): Promise<string> {
    const known = this.logins.get(server);
    if (known !== undefined) return known;
    const login = String((await this.runOne(server, sql('SELECT current_user AS me')))?.me);
    this.logins.set(server, login);
    return login;
  }

  /** The server that `path` is applied on. */
  public receiver(path: ReplicationPath): string {
    return this.plan.forward.includes(path) ? this.plan.to : this.plan.from;
  }

  /** Starts the clock: `milliseconds` are left, also for a server that says nothing. */
  public startClock(milliseconds: number): void {
    this.endsAt = performance.now() + milliseconds;
    // Whoever waits knows best what for, and gives up first.
    const deadline = Deadline.after(milliseconds + LATER_MS);
    for (const session of this.services.sessions.values()) limitSession(session, deadline);
  }

  /** Does `work` within `milliseconds`, whatever is left for what follows. */
  public async within<Result>(milliseconds: number, work: () => Promise<Result>): Promise<Result> {
    const { endsAt } = this;
    this.startClock(milliseconds);
    return await work().finally(() => this.startClock(endsAt - performance.now()));
  }

  /** Stops the clock: the sessions are somebody else's, who may go on with them. */
  public stopClock(): void {
    this.endsAt = Number.POSITIVE_INFINITY;
    for (const session of this.services.sessions.values()) unlimitSession(session);
  }

  /** What `work` returns; it is told to end when no time is left, so that it does not go on behind an undo. */
  public async inTime<Result>(
    what: string,
    work: (signal: AbortSignal) => Promise<Result>,
    ms = this.remainingMs(),
  ): Promise<Result> {
    const [ended, givenUp] = [new AbortController(), new AbortController()];
    const working = work(givenUp.signal);
    const late = delay(ms, undefined, { signal: ended.signal }).then(async () => {
      const reason = Deadline.after(ms).passed(what);
      givenUp.abort(reason);
      await Promise.race([working.catch(() => undefined), delay(LATER_MS)]);
      throw reason;
    });
    late.catch(() => undefined);
    try {
      return await Promise.race([working, late]);
    } finally {
      ended.abort();
    }
  }

  /** Has the endpoint send clients to `server`. */
  public async sendClients(server: string, what: string): Promise<void> {
    const { endpoint } = this.services;
    if (endpoint === undefined) return;
    await this.inTime(what, async (signal) => {
      const call = endpoint.activate(server, { signal });
      this.switching = Promise.allSettled([this.switching, call]);
      await call;
    });
  }

  /** Where the endpoint sends clients; undefined without one. */
  public async activeSide(): Promise<string | undefined> {
    return await this.inTime(
      'see where clients are sent',
      async () => await this.services.endpoint?.active(),
    );
  }

  /** Waits until every switch of clients has ended, also those that were given up. */
  public async clientsSent(milliseconds: number): Promise<void> {
    const what = 'see the switch of clients end that was given up';
    await this.inTime(what, async () => await this.switching, milliseconds);
  }

  /** Has `task` stop, some time later. */
  public async requestStop(task: ReplicationTask): Promise<void> {
    await this.inTime('have the DMS task stop', async (signal) => {
      const call = task.requestStop(signal);
      this.stopping = Promise.allSettled([this.stopping, call]);
      await call;
    });
  }

  /** Waits until every request to stop a task has ended, also those that were given up. */
  public async stopsRequested(milliseconds: number): Promise<void> {
    const what = 'see the request end that the DMS task stop, which was given up';
    await this.inTime(what, async () => await this.stopping, milliseconds);
  }

  /** Milliseconds that are left. Throws a PontoonError with code BUDGET_SPENT if none are. */
  public remainingMs(): number {
    const left = this.endsAt - performance.now();
    if (left > 0) return Math.min(Math.ceil(left), this.plan.limits.budgetMs);
    throw new PontoonError(
      'BUDGET_SPENT',
      `the cutover of '${this.plan.migration}' must be done within ${this.plan.limits.budgetMs} ms of the fence, got no time left; look at what took long, or raise 'budgetMs'`,
    );
  }

  /** Closes the sessions that compare: others may have no place left. */
  public leaveReaders(): void {
    for (const reader of this.readers ?? []) reader.leave();
    this.readers = undefined;
  }

  /** Tells whoever listens. */
  public async note(text: string): Promise<void> {
    await this.services.onEvent?.({ kind: 'note', text });
  }
}

/** Does `work` in a walk of its own, whose clock ends with it. */
export async function inWalk<Result>(
  request: CutoverRequest,
  services: CutoverServices,
  work: (context: CutoverContext) => Promise<Result>,
): Promise<Result> {
  const context = new CutoverContext(request, services);
  try {
    return await work(context);
  } finally {
    context.stopClock();
  }
}
