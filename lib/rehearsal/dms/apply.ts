import type { Client, QueryResult } from 'pg';
import { quoteQualified } from '../../postgres';
import { deleteSql, insertShape, insertSql, replaceOnConflict, updateSql } from './change-sql';
import type { ProgressListener } from './progress';
import type { TableState } from './table-state';
import { errorMessage, fatal, isDataError, isRecoverable } from './task-errors';
import type { ApplyPolicy, DmsTaskSettings } from './task-settings';
import type { DecodedChange } from './test-decoding';

const MAX_STATEMENTS = 500;
const MAX_ROWS_PER_INSERT = 500;

type Action = DecodedChange['action'];

/** Statements that belong together: one UPDATE or DELETE, or rows of one INSERT. */
interface Step {
  readonly table: TableState;
  readonly action: Action;
  readonly changes: DecodedChange[];
  /** Whether the change may be on the target already. */
  readonly tolerant: boolean;
  readonly shape: string;
}

/** What the applier needs. */
export interface ApplierOptions {
  readonly target: Client;
  readonly settings: DmsTaskSettings;
  readonly failOnLobTruncation: boolean;
  readonly report: ProgressListener;
}

/** Applies decoded transactions on the target, in their order, as an ordinary session does. */
export class Applier {
  private steps: Step[] = [];
  private open = false;
  private counted: (() => void)[] = [];

  constructor(private readonly options: ApplierOptions) {}

  /** Whether nothing waits for {@link commit}. */
  public get settled(): boolean {
    return !this.open && this.steps.length === 0;
  }

  /** Takes one change of a transaction that committed on the source at `committedAt`. */
  public async take(table: TableState, change: DecodedChange, committedAt: bigint): Promise<void> {
    const { plan } = table;
    if (table.state === 'Table error' || committedAt <= table.loadedUntil) return;
    if (change.action !== 'INSERT' && plan.key.length === 0) {
      this.counted.push(() => {
        table.ignoredWithoutKey += 1;
      });
      return;
    }
    const tolerant =
      this.options.settings.fullLoadIgnoreConflicts && committedAt <= table.tolerantUntil;
    const shape = change.action === 'INSERT' ? insertShape(plan, change) : '';
    const last = this.steps.at(-1);
    const joins =
      last?.action === 'INSERT' &&
      change.action === 'INSERT' &&
      last.table === table &&
      last.shape === shape &&
      last.tolerant === tolerant &&
      last.changes.length < MAX_ROWS_PER_INSERT &&
      plan.filters.length === 0;
    if (joins) last.changes.push(change);
    else this.steps.push({ table, action: change.action, changes: [change], tolerant, shape });
    if (this.steps.length >= MAX_STATEMENTS) await this.flush();
  }

  /** Commits what was taken. */
  public async commit(): Promise<void> {
    await this.flush();
    if (this.open) await this.options.target.query('COMMIT');
    this.open = false;
    for (const count of this.counted) count();
    this.counted = [];
  }

  private async flush(): Promise<void> {
    const steps = this.steps;
    this.steps = [];
    const rendered = steps.map((step) => this.render(step));
    const texts = rendered.flatMap((one) => (one === undefined ? [] : [one.text]));
    if (texts.length === 0) return;
    const { target } = this.options;
    const begin = this.open ? [] : ['BEGIN'];
    this.open = true;
    let counts: (number | null)[];
    try {
      counts = await runAll(target, [...begin, 'SAVEPOINT dms_batch', ...texts]);
    } catch (error) {
      if (isRecoverable(error)) throw error;
      return this.repeatSingly(steps);
    }
    let at = begin.length + 1;
    const outcomes = rendered.map((one, index) => ({
      one,
      step: steps[index],
      count: one === undefined ? 0 : (counts[at++] ?? 0),
    }));
    const needsCare = outcomes.some(
      ({ one, step, count }) =>
        step !== undefined &&
        one !== undefined &&
        count === 0 &&
        !one.mayMiss &&
        !step.tolerant &&
        !isLenient(this.policy(step.action)),
    );
    if (needsCare) return this.repeatSingly(steps);
    for (const { one, step, count } of outcomes) {
      if (step !== undefined && one !== undefined) this.record(step, count, one.mayMiss);
    }
  }

  private async repeatSingly(steps: readonly Step[]): Promise<void> {
    await this.options.target.query('ROLLBACK TO SAVEPOINT dms_batch');
    for (const step of steps) {
      for (const change of step.changes) await this.applyOne({ ...step, changes: [change] });
    }
  }

  private async applyOne(step: Step): Promise<void> {
    const one = this.render(step);
    if (one === undefined || step.table.state === 'Table error') return;
    const { target } = this.options;
    let count: number;
    try {
      count = (await runAll(target, ['SAVEPOINT dms_one', one.text]))[1] ?? 0;
    } catch (error) {
      if (isRecoverable(error)) throw error;
      await target.query('ROLLBACK TO SAVEPOINT dms_one');
      if (step.tolerant && isDataError(error)) return;
      const data = isDataError(error);
      const policy = data ? this.policy(step.action) : this.options.settings.tablePolicy;
      return this.obey(policy, step, errorMessage(error));
    }
    if (count > 0 || one.mayMiss || step.tolerant) this.record(step, count, one.mayMiss);
    else await this.obey(this.policy(step.action), step, 'no row of the target matches');
  }

  private async obey(policy: ApplyPolicy, step: Step, reason: string): Promise<void> {
    const { plan } = step.table;
    const name = quoteQualified(plan.source);
    switch (policy) {
      case 'IGNORE_RECORD':
        return;
      case 'LOG_ERROR':
        return this.logException(step, reason);
      case 'SUSPEND_TABLE':
        this.logException(step, reason);
        step.table.suspend(`${step.action} of a row failed: ${reason}`);
        return;
      case 'STOP_TASK':
        throw fatal(`${step.action} of a row of table ${name} failed: ${reason}`);
      case 'INSERT_RECORD':
      case 'UPDATE_RECORD': {
        const text = insertSql(plan, step.changes, replaceOnConflict(plan), () => undefined);
        const counts = await runAll(this.options.target, [text]);
        return this.record(step, counts[0] ?? 0, false);
      }
    }
  }

  private policy(action: Action): ApplyPolicy {
    const { insertPolicy, updatePolicy, deletePolicy } = this.options.settings;
    return { INSERT: insertPolicy, UPDATE: updatePolicy, DELETE: deletePolicy }[action];
  }

  private record(step: Step, count: number, mayMiss: boolean): void {
    const { table, action, tolerant } = step;
    if (count === 0 && !mayMiss && !tolerant) {
      if (this.policy(action) !== 'IGNORE_RECORD')
        this.logException(step, 'no row of the target matches');
      return;
    }
    this.counted.push(() => {
      table.updatedAt = new Date();
      if (action === 'INSERT') table.inserts += count;
      if (action === 'UPDATE') table.updates += count;
      if (action === 'DELETE') table.deletes += count;
    });
  }

  private logException({ table, action }: Step, reason: string): void {
    this.counted.push(() => {
      table.exceptions += 1;
    });
    this.options.report({ type: 'exception', table: table.plan.source, action, reason });
  }

  private render(step: Step): { readonly text: string; readonly mayMiss: boolean } | undefined {
    const { plan } = step.table;
    const [change] = step.changes;
    if (change === undefined) return undefined;
    const truncated = (column: string): void => this.truncated(step, column);
    if (step.action === 'UPDATE') return updateSql(plan, change, truncated);
    if (step.action === 'DELETE') return deleteSql(plan, change);
    const onConflict = step.tolerant ? ' ON CONFLICT DO NOTHING' : '';
    return {
      text: insertSql(plan, step.changes, onConflict, truncated),
      mayMiss: plan.filters.length > 0,
    };
  }

  private truncated({ table }: Step, column: string): void {
    const message = `a value of column ${JSON.stringify(column)} of table ${quoteQualified(table.plan.source)} is longer than LobMaxSize`;
    if (this.options.failOnLobTruncation) {
      throw fatal(`${message} and 'FailTasksOnLobTruncation' is set; raise LobMaxSize`);
    }
    this.options.report({ type: 'warning', message: `${message} and was cut` });
  }
}

function isLenient(policy: ApplyPolicy): boolean {
  return policy === 'LOG_ERROR' || policy === 'IGNORE_RECORD';
}

/** Runs statements in one round trip and gives how many rows each one touched. */
async function runAll(target: Client, texts: readonly string[]): Promise<(number | null)[]> {
  // pg gives a list for several statements, which its types do not know.
  const results: QueryResult | QueryResult[] = await target.query(texts.join(';\n'));
  return (Array.isArray(results) ? results : [results]).map(({ rowCount }) => rowCount);
}
