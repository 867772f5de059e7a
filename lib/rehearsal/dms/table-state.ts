import { quoteQualified } from '../../postgres';
import type { TableStateName } from './progress';
import type { TablePlan } from './table-plan';
import type { RunKind } from './task-definition';

/** What DescribeTableStatistics tells about one table, and why it is in error if it is. */
export interface TableStatistics {
  readonly schemaName: string;
  readonly tableName: string;
  readonly state: TableStateName;
  readonly fullLoadRows: number;
  readonly inserts: number;
  readonly updates: number;
  readonly deletes: number;
  /** UPDATEs and DELETEs that were dropped because the table has no primary key. */
  readonly ignoredWithoutKey: number;
  /** TRUNCATEs that were dropped. */
  readonly ignoredTruncates: number;
  /** Changes that did not fit the target, and were logged. */
  readonly exceptions: number;
  readonly error: string | undefined;
  /** Whether the rows come from a reload. */
  readonly reloaded: boolean;
  readonly fullLoadStartedAt: Date | undefined;
  readonly fullLoadEndedAt: Date | undefined;
  readonly updatedAt: Date | undefined;
}

/** A table of a running task: its plan, what happened to it, and from where changes concern it. */
export class TableState {
  public state: TableStateName = 'Before load';
  public fullLoadRows = 0;
  public inserts = 0;
  public updates = 0;
  public deletes = 0;
  public ignoredWithoutKey = 0;
  public ignoredTruncates = 0;
  public exceptions = 0;
  public error: string | undefined;
  public reloaded = false;
  public fullLoadStartedAt: Date | undefined;
  public fullLoadEndedAt: Date | undefined;
  public updatedAt: Date | undefined;
  /** Transactions that committed up to here are part of the full load. */
  public loadedUntil = 0n;
  /** Transactions that committed up to here may be on the target already. */
  public tolerantUntil = 0n;

  constructor(public plan: TablePlan) {
    if (plan.error !== undefined) this.suspend(plan.error);
  }

  /** Takes the table out of the replication; the task goes on with the others. */
  public suspend(error: string): void {
    this.state = 'Table error';
    this.error = error;
  }

  /** A copy for callers. */
  public statistics(): TableStatistics {
    const { plan, loadedUntil, tolerantUntil, ...figures } = this;
    return { schemaName: plan.source.schema, tableName: plan.source.name, ...figures };
  }
}

/** What a run of a task means for its tables. */
interface RunStart {
  readonly kind: RunKind;
  /** Whether the run loads tables. */
  readonly loads: boolean;
  /** The source's position as the run begins. */
  readonly now: bigint;
}

/** The state in which a run takes up the table of `plan`, of which it may know from a run before. */
export function resumeTable(
  plan: TablePlan,
  previous: readonly TableState[],
  { kind, loads, now }: RunStart,
): TableState {
  const name = quoteQualified(plan.source);
  const known = previous.find((table) => quoteQualified(table.plan.source) === name);
  const table = kind === 'resume' && known !== undefined ? known : new TableState(plan);
  table.plan = plan;
  if (table.state === 'Table error') return table;
  if (kind === 'resume' && known === undefined) table.state = 'Table completed';
  if (kind === 'reload' && loads) {
    table.state = 'Table is being reloaded';
    table.reloaded = true;
  }
  if (!loads) table.state = 'Table completed';
  // What committed before now may have been applied by an earlier run that could not confirm it.
  if (kind === 'resume' && now > table.tolerantUntil) table.tolerantUntil = now;
  return table;
}
