import type { ClientConfig } from 'pg';
import { formatLsn, type Lsn, PontoonError, Problems, parseLsn } from '../../postgres';
import { type DmsEndpointSettings, readEndpointSettings } from './endpoint-settings';
import { readMappingRules } from './mapping-rules';
import type { DmsTaskStatus, ProgressListener } from './progress';
import { openSession, withSession } from './sessions';
import type { TableState, TableStatistics } from './table-state';
import { errorMessage } from './task-errors';
import { type RunKind, type TaskDefinition, TaskRun } from './task-run';
import { readTaskSettings } from './task-settings';

/** What a task migrates: the rows that are there, the changes from now on, or both. */
export type DmsMigrationType = 'full-load' | 'cdc' | 'full-load-and-cdc';

/** A task as its template describes it, with servers to run it on. */
export interface DmsStandInOptions {
  /** The server that rows and changes are read from: a standby or a primary. */
  readonly source: ClientConfig;
  /** The server that they are written to. */
  readonly target: ClientConfig;
  /** The source endpoint's PostgreSqlSettings, as in the template. @default - DMS's defaults */
  readonly sourceSettings?: unknown;
  /** The target endpoint's PostgreSqlSettings, as in the template. @default - DMS's defaults */
  readonly targetSettings?: unknown;
  /** The task's table mappings: JSON text or an object. */
  readonly tableMappings: unknown;
  /** The task's settings: JSON text or an object. */
  readonly taskSettings: unknown;
  readonly migrationType: DmsMigrationType;
  /** The slot on the source. @default - `SlotName` of sourceSettings; without any, a slot of its own on a primary */
  readonly slotName?: string;
  /** The output plugin. @default - `PluginName` of sourceSettings */
  readonly pluginName?: string;
  /** The position that CDC starts at. @default - where the slot stands */
  readonly cdcStartPosition?: string;
  /** Hears what happens. @default - nobody does */
  readonly onProgress?: ProgressListener;
}

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
  public start(): Promise<void> {
    this.require('start', ['ready']);
    return this.begin('start');
  }

  /**
   * Goes on where the slot stands. Tables that were not loaded completely are loaded again.
   * On a new stand-in, it takes over from one that was killed, with every table loaded.
   */
  public resume(): Promise<void> {
    this.require('resume', ['ready', 'stopped', 'failed']);
    return this.begin('resume');
  }

  /** Loads every table again and goes on from there. */
  public reload(): Promise<void> {
    this.require('reload', ['ready', 'stopped', 'failed']);
    return this.begin('reload');
  }

  /** Stops after the transaction in hand. Resolves once stopped. */
  public async stop(): Promise<void> {
    this.require('stop', ['starting', 'running']);
    this.change('stopping');
    await this.run?.stop();
    await this.running;
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

  private modified: DmsTaskChanges = {};

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

  private async begin(kind: RunKind): Promise<void> {
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
    try {
      this.tables = await run.prepare(kind, this.tables);
    } catch (error) {
      this.fail(error);
      throw error;
    } finally {
      this.ownSlot = run.ownSlot ?? this.ownSlot;
    }
    if (this.status === 'starting') this.change('running');
    this.running = run.work().then(
      (reason) => {
        this.stopReason = `Stop Reason ${reason}`;
        this.change('stopped');
      },
      (error: unknown) => this.fail(error),
    );
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

function checkOptions(options: DmsStandInOptions, settings: DmsEndpointSettings): void {
  const problems = new Problems();
  const plugin = options.pluginName ?? settings.pluginName;
  if (plugin === 'pglogical') {
    problems.add(
      "'pluginName' must be test-decoding for the DMS stand-in, got pglogical; it does not reproduce that plugin",
    );
  } else if (plugin !== 'test-decoding' && options.migrationType !== 'full-load') {
    problems.add(
      `'pluginName' must be test-decoding or pglogical, got ${JSON.stringify(plugin)}; other plugins are not for DMS`,
    );
  }
  for (const [name, given] of [
    ['slotName', settings.slotName],
    ['pluginName', settings.pluginName],
  ] as const) {
    const own = options[name];
    problems.addIf(
      own !== undefined && given !== undefined && own !== given,
      `'${name}' must be the one of sourceSettings, got ${JSON.stringify(own)} and ${JSON.stringify(given)}; give it once`,
    );
  }
  problems.throwIfAny('DMS task');
}

function checkStartPosition(options: DmsStandInOptions, slot: string | undefined): Lsn | undefined {
  const position = options.cdcStartPosition;
  if (position === undefined || position === '') {
    if (options.migrationType !== 'cdc' || slot === undefined) return undefined;
    throw new PontoonError(
      'INVALID',
      "'cdcStartPosition' is required by a cdc task with a slot of its own, got none; take the slot's confirmed_flush_lsn",
    );
  }
  if (position.startsWith('checkpoint:')) {
    throw new PontoonError(
      'INVALID',
      "'cdcStartPosition' must be a log position for the DMS stand-in, got a checkpoint of DMS; give a position such as 4AF/B00000D0",
    );
  }
  parseLsn(position);
  return position;
}
