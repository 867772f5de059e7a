import { formatLsn, type Lsn, PontoonError } from '../../postgres';
import { type DmsEndpointSettings, readEndpointSettings } from './endpoint-settings';
import { readMappingRules } from './mapping-rules';
import type { DmsTaskStatus } from './progress';
import { openSession, withSession } from './sessions';
import type { TableState, TableStatistics } from './table-state';
import type { RunKind, TaskDefinition } from './task-definition';
import { errorMessage } from './task-errors';
import { checkOptions, checkStartPosition, type DmsStandInOptions } from './task-options';
import { TaskRun } from './task-run';
import { readTaskSettings } from './task-settings';

/** What of a task can be modified while it does not run. */
export interface DmsTaskChanges {
  readonly tableMappings?: unknown;
  readonly taskSettings?: unknown;
  readonly cdcStartPosition?: string;
}

/** Where a task stands. */
export interface DmsTaskState {
  readonly status: DmsTaskStatus;
  /** As DMS words it: `Stop Reason NORMAL`. */
  readonly stopReason: string | undefined;
  readonly lastFailureMessage: string | undefined;
  readonly hasRun: boolean;
  readonly fullLoadPercent: number;
  /** The position up to which the source's log is safe on the target. */
  readonly appliedPosition: Lsn | undefined;
  readonly lag: { readonly bytes: bigint; readonly milliseconds: number };
  readonly tables: readonly TableStatistics[];
}

/** Stands in for one AWS DMS task, on this machine and in this process. */
export class DmsStandIn {
  private readonly sourceSettings: DmsEndpointSettings;
  private readonly targetSettings: DmsEndpointSettings;
  private definition: TaskDefinition;
  private status: DmsTaskStatus = 'ready';
  private stopReason: string | undefined;
  private lastFailureMessage: string | undefined;
  private hasRun = false;
  private run: TaskRun | undefined;
  private tables: readonly TableState[] = [];
  private running: Promise<void> = Promise.resolve();
  private ownSlot: string | undefined;
  private modified: DmsTaskChanges = {};

  /** Throws a ValidationError with everything that DMS, or the stand-in, refuses. */
  constructor(private readonly options: DmsStandInOptions) {
    this.sourceSettings = readEndpointSettings(options.sourceSettings, 'sourceSettings');
    this.targetSettings = readEndpointSettings(options.targetSettings, 'targetSettings');
    checkOptions(options, this.sourceSettings);
    this.definition = this.define(options);
  }

  /** Where the task stands now. */
  public state(): DmsTaskState {
    const completed = this.tables.filter(({ state }) => state === 'Table completed').length;
    const position = this.run?.position;
    return {
      status: this.status,
      stopReason: this.stopReason,
      lastFailureMessage: this.lastFailureMessage,
      hasRun: this.hasRun,
      fullLoadPercent:
        this.tables.length === 0 ? 0 : Math.floor((100 * completed) / this.tables.length),
      appliedPosition: position === undefined ? undefined : formatLsn(position.applied),
      lag: { bytes: position?.lagBytes ?? 0n, milliseconds: position?.lagMilliseconds ?? 0 },
      tables: this.tables.map((table) => table.statistics()),
    };
  }

  /** Runs the task for the first time. Resolves once it runs; rejects with why it cannot. */
  public async start(): Promise<void> {
    this.require('start', ['ready']);
    return this.begin('start');
  }

  /**
   * Goes on where the slot stands. Tables that were not loaded completely are loaded again.
   * On a new stand-in, it takes over from one that was killed, with every table loaded.
   */
  public async resume(): Promise<void> {
    this.require('resume', ['ready', 'stopped', 'failed']);
    return this.begin('resume');
  }

  /** Loads every table again and goes on from there. */
  public async reload(): Promise<void> {
    this.require('reload', ['ready', 'stopped', 'failed']);
    return this.begin('reload');
  }

  /** Stops after the transaction in hand. Resolves once stopped. */
  public async stop(): Promise<void> {
    this.require('stop', ['starting', 'running']);
    this.change('stopping');
    const { run, running } = this;
    await run?.stop();
    await running;
  }

  /** Resolves when the task no longer runs, whatever ended it. */
  public async ended(): Promise<void> {
    await this.running;
  }

  /** Changes what the task does. Throws unless it is not running, or a ValidationError. */
  public modify(changes: DmsTaskChanges): void {
    this.require('modify', ['ready', 'stopped', 'failed']);
    this.definition = this.define({ ...this.options, ...this.modified, ...changes });
    this.modified = { ...this.modified, ...changes };
  }

  /** Connects to an endpoint as the task would. Rejects with the server's error. */
  public async testConnection(side: 'source' | 'target'): Promise<void> {
    const settings = side === 'source' ? this.sourceSettings : this.targetSettings;
    await withSession(this.options[side], settings.afterConnectScript, (client) =>
      client.query('SELECT 1'),
    );
  }

  /** Deletes the task: drops the slot, if it made one itself; one that it was given stays. */
  public async delete(): Promise<void> {
    this.require('delete', ['ready', 'stopped', 'failed']);
    const slot = this.ownSlot;
    if (slot === undefined) return;
    await withSession(this.options.source, undefined, (client) =>
      client.query(
        'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1',
        [slot],
      ),
    );
    this.ownSlot = undefined;
  }

  private define(options: DmsStandInOptions): TaskDefinition {
    const slotName = options.slotName ?? this.sourceSettings.slotName;
    return {
      migrationType: options.migrationType,
      rules: readMappingRules(options.tableMappings),
      settings: readTaskSettings(options.taskSettings, options.migrationType),
      slotName,
      cdcStartPosition: checkStartPosition(options, slotName),
      sourceSettings: this.sourceSettings,
      mapBooleanAsBoolean:
        this.sourceSettings.mapBooleanAsBoolean && this.targetSettings.mapBooleanAsBoolean,
    };
  }

  private begin(kind: RunKind): Promise<void> {
    this.hasRun = true;
    this.stopReason = undefined;
    this.lastFailureMessage = undefined;
    this.change('starting');
    const run = new TaskRun(
      { ...this.definition, slotName: this.definition.slotName ?? this.ownSlot },
      {
        source: this.options.source,
        openSource: () => openSession(this.options.source, this.sourceSettings.afterConnectScript),
        openTarget: () => openSession(this.options.target, this.targetSettings.afterConnectScript),
        report: this.options.onProgress ?? (() => undefined),
      },
    );
    this.run = run;
    const prepared = this.prepare(run, kind);
    this.running = prepared.then(
      () => this.work(run),
      () => undefined,
    );
    return prepared;
  }

  private async prepare(run: TaskRun, kind: RunKind): Promise<void> {
    try {
      this.tables = await run.prepare(kind, this.tables);
      if (this.status === 'starting') this.change('running');
    } catch (error) {
      this.fail(error);
      throw error;
    } finally {
      this.ownSlot = run.ownSlot ?? this.ownSlot;
    }
  }

  private async work(run: TaskRun): Promise<void> {
    try {
      this.stopReason = `Stop Reason ${await run.work()}`;
      this.change('stopped');
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    this.stopReason = 'Stop Reason FATAL_ERROR';
    this.lastFailureMessage = `Last Error ${errorMessage(error)} Stop Reason FATAL_ERROR Error Level FATAL`;
    this.change('failed');
  }

  private change(status: DmsTaskStatus): void {
    this.status = status;
    const reason = this.lastFailureMessage ?? this.stopReason;
    this.options.onProgress?.({ type: 'status', status, reason });
  }

  private require(action: string, states: readonly DmsTaskStatus[]): void {
    if (states.includes(this.status)) return;
    throw new PontoonError(
      'INVALID_STATE',
      `to ${action}, the DMS task must be ${states.join(' or ')}, got ${this.status}; wait for that state`,
    );
  }
}
