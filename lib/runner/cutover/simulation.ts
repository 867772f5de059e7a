import type { ClientBase, QueryConfig } from 'pg';
import {
  admittedTo,
  type CutoverPlan,
  canaryArrived,
  confirmed,
  countSessionsOf,
  entriesOf,
  fencesOfOthers,
  findJournal,
  foreignWrites,
  journalExists,
  lockJournal,
  otherSessions,
  type QualifiedName,
  quietSlotExists,
  quietSlotName,
  quoteIdentifier,
  quoteLiteral,
  quoteQualified,
  replayed,
  type Statement,
  type SubscriptionSql,
  slotState,
  takeWalkLock,
  unfencedLogins,
  whoWalks,
} from '../../postgres';
import { type Row, run } from '../run';

/** A statement that a walk would send. */
export interface SentStatement {
  /** The server, by its name in the topology. */
  readonly server: string;
  /** Its text; no secret is in it. */
  readonly text: string;
  /** Values for `$1`, `$2`, … */
  readonly values: readonly unknown[];
}

/** What only reads, unless it calls something. */
const READS = /^\s*(?:SELECT|WITH(?!.*\b(?:INSERT INTO|UPDATE|DELETE FROM) ))\b/is;

/** What changes something although it is selected. */
const CALLS =
  /\b(?:pg_terminate_backend|pg_cancel_backend|pg_create_\w+_slot|pg_drop_replication_slot|pg_log_standby_snapshot|pg_logical_slot_get\w*|pg_replication_origin_\w+|pg_try_advisory_lock|pg_advisory\w*lock\w*|setval|nextval|set_config|alter_subscription_\w+)\s*\(/;

/** How it is asked where sequences stand. */
const STANDS = /p\.last_value::text|pg_sequence_last_value/;

/** How a sequence is set. */
const SET = /setval\((.+?)::pg_catalog\.regclass, (-?\d+), (true|false)\)/g;

/**
 * The servers of a plan as a walk would find them, had its statements been run. Reads are really run, unless they ask
 * for what a statement that was kept back would have changed; those are answered as the servers would.
 */
export class Simulation {
  private readonly slots = new Map<string, readonly Row[]>();
  private readonly subscriptions = new Map<string, boolean>();
  /** How a walk asks for the canaries of this plan. */
  private readonly canaries: ReadonlySet<string>;
  private locked = false;
  private fenced = false;
  /** What the fence would have noted of who could connect. */
  private closed: unknown;
  private ended = false;
  /** Subscriptions that are made when they are asked for. */
  private readonly unmade = new Map<string, () => void>();
  /** Where sequences were set to, by their names as literals. */
  private readonly positions = new Map<string, { lastValue: string; isCalled: boolean }>();

  constructor(
    private readonly plan: CutoverPlan,
    private readonly owner: string,
    private readonly sessions: ReadonlyMap<string, ClientBase>,
    private readonly subscriptionSql: readonly SubscriptionSql[],
    private readonly onStatement: (statement: SentStatement) => void,
  ) {
    const paths = [...plan.forward, ...(plan.reverse ?? [])];
    this.canaries = new Set(paths.map(({ part }) => canaryArrived('', '', part).text));
  }

  /** Sessions that keep back what would change anything. */
  public guarded(): ReadonlyMap<string, ClientBase> {
    return new Map(
      [...this.sessions].map(([server, session]) => [
        server,
        new Proxy(session, {
          get: (target, key) =>
            key === 'query'
              ? async (asked: string | QueryConfig, values?: unknown[]) => ({
                  rows: await this.query(server, asked, values),
                })
              : Reflect.get(target, key, target),
        }),
      ]),
    );
  }

  /** Has the walk make a subscription as soon as it asks for it; `make` tells by which statements. */
  public makeWhenAsked(server: string, name: string, make: () => void): void {
    this.unmade.set(`${server} ${name}`, make);
  }

  /** Has the walk believe that a subscription is there. */
  public assumeSubscription(server: string, name: string, enabled: boolean): void {
    this.subscriptions.set(`${server} ${name}`, enabled);
  }

  private async query(
    server: string,
    asked: string | QueryConfig,
    more: readonly unknown[] = [],
  ): Promise<readonly Row[]> {
    const text = typeof asked === 'string' ? asked : asked.text;
    const values = typeof asked === 'string' ? more : (asked.values ?? []);
    if (text === takeWalkLock('').text) return await this.mayWalk(server);
    if (!READS.test(text) || CALLS.test(text)) {
      this.onStatement({ server, text, values });
      this.keepBack(server, text, values);
      return await this.returned(server, text);
    }
    return (
      this.answer(server, text, values) ??
      (await this.adjusted(server, { text, redacted: text, values }))
    );
  }

  private async mayWalk(server: string): Promise<readonly Row[]> {
    const holders = await this.read(server, whoWalks(this.plan.migration));
    return [{ taken: holders.length === 0 }];
  }

  /** What a statement that was kept back would have returned. */
  private async returned(server: string, text: string): Promise<readonly Row[]> {
    const { migration } = this.plan;
    if (/^DELETE FROM \S+\.cutover /.test(text))
      return await this.read(server, findJournal(migration));
    return /\bRETURNING\b/.test(text) ? [{ migration }] : [];
  }

  /** Notes what the statement would have changed. */
  private keepBack(server: string, text: string, values: readonly unknown[]): void {
    if (text === lockJournal().text) this.locked = true;
    if (/^INSERT INTO \S+\.cutover /.test(text)) {
      this.fenced = true;
      this.closed = JSON.parse(String(values.at(-1)));
    }
    for (const [, name = '', lastValue = '', isCalled] of text.matchAll(SET))
      this.positions.set(name, { lastValue, isCalled: isCalled === 'true' });
    if (text.includes('pg_terminate_backend(p.pid)')) this.ended = true;
    const [, name, verb] =
      /^ALTER SUBSCRIPTION "((?:[^"]|"")+)" (ENABLE|DISABLE)$/.exec(text) ?? [];
    if (name !== undefined)
      this.subscriptions.set(`${server} ${name.replaceAll('""', '"')}`, verb === 'ENABLE');
    const [, called] = /alter_subscription_(enable|disable)\(/.exec(text) ?? [];
    if (called !== undefined)
      this.subscriptions.set(`${server} ${String(values[0])}`, called === 'enable');
    this.keepBackSlot(server, text, values);
  }

  private keepBackSlot(server: string, text: string, values: readonly unknown[]): void {
    const created = /pg_create_logical_replication_slot\('([^']+)'/.exec(text)?.[1];
    if (created !== undefined)
      this.slots.set(`${server} ${created}`, [{ active: false, pid: null }]);
    const key = `${server} ${String(values[0])}`;
    if (text.includes('pg_drop_replication_slot(')) this.slots.set(key, []);
    if (text.includes('pg_terminate_backend(active_pid)'))
      this.slots.set(key, [{ active: false, pid: null }]);
  }

  /** What the server would say, where that depends on what was kept back. */
  private answer(
    server: string,
    text: string,
    values: readonly unknown[],
  ): readonly Row[] | undefined {
    const key = `${server} ${String(values[0])}`;
    if (text === slotState('').text) return this.slots.get(key);
    if (this.subscriptionSql.some(({ state }) => state('').text === text)) {
      this.unmade.get(key)?.();
      this.unmade.delete(key);
      const enabled = this.subscriptions.get(key);
      return enabled === undefined ? undefined : [{ enabled, workers: enabled ? 1 : 0 }];
    }
    if (text === entriesOf([], []).text) return this.keepBackSecret(server, values);
    // The gate looked; until the journal is made there is none to ask.
    if (this.locked && text === fencesOfOthers('').text) return [];
    if (this.canaries.has(text)) return [{ arrived: true }];
    if (text === replayed('').text || text === confirmed('', '').text)
      return [{ reached: true, lostBy: null }];
    if (text === countSessionsOf('').text) return [{ sessions: 0 }];
    if (text === quietSlotExists('').text) return [{ exists: true }];
    return this.fenced && server === this.plan.from ? this.answerFenced(text) : undefined;
  }

  /** A subscription is given its password anew where that was rotated, which no dry run looks at. */
  private keepBackSecret(server: string, [, names]: readonly unknown[]): readonly Row[] {
    const [name] = Array.isArray(names) ? names : [];
    const subscription = quoteIdentifier(String(name));
    const text = `ALTER SUBSCRIPTION ${subscription} CONNECTION '***' /* if its secret was rotated */`;
    this.onStatement({ server, text, values: [] });
    return [];
  }

  private answerFenced(text: string): readonly Row[] | undefined {
    const { plan } = this;
    if (text === journalExists().text) return [{ exists: true }];
    if (text === findJournal('').text) return [this.journal()];
    if (text === unfencedLogins([]).text) return [];
    if (text === otherSessions(admittedTo(plan)).text && this.ended) return [];
    if (text === foreignWrites(quietSlotName(plan.migration), '', []).text) return [];
    return undefined;
  }

  private journal(): Row {
    const { migration, from, to, limits } = this.plan;
    return {
      migration,
      from,
      to,
      owner: this.owner,
      expired: false,
      remainingMs: limits.budgetMs,
      closedMs: 0,
      connectBefore: this.closed,
      quietSince: '0/0',
      decided: false,
      opened: false,
      lifted: false,
    };
  }

  /** Sequences of the new writer are read back after they were set. */
  private async adjusted(server: string, statement: Statement): Promise<readonly Row[]> {
    const rows = await this.read(server, statement);
    if (server !== this.plan.to || !STANDS.test(statement.text)) return rows;
    return rows.map((row) => ({
      ...row,
      ...this.positions.get(quoteLiteral(quoteQualified(row as unknown as QualifiedName))),
    }));
  }

  private async read(server: string, statement: Statement): Promise<readonly Row[]> {
    const session = this.sessions.get(server);
    return session === undefined ? [] : await run(session, statement);
  }
}
