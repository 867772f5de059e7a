import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from 'pg';
import { type Lsn, Problems, parseLsn } from '../../postgres';
import { makeControlTables } from './control-tables';
import { loadTables } from './full-load';
import {
  inspectSlot,
  inspectSource,
  readPosition,
  type SourceServer,
  slotReleased,
  startPosition,
} from './preflight';
import { Replication, ReplicationPosition } from './replication';
import { fitToTarget, readSourceTables } from './source-catalog';
import { planTables, type TablePlan } from './table-plan';
import { resumeTable, type TableState } from './table-state';
import type { RunKind, RunServers, StopReason, TaskDefinition } from './task-definition';
import { errorCode, errorMessage, fatal, isRecoverable } from './task-errors';

/** undefined_object and object_not_in_prerequisite_state, which START_REPLICATION answers. */
const SLOT_ERRORS = new Set(['42704', '55000']);

/** One run of a task, from its start or resumption to its end. */
export class TaskRun {
  /** Where the run is in the source's log. */
  public readonly position = new ReplicationPosition();
  /** The slot that this run created because it was given none. */
  public ownSlot: string | undefined;
  private readonly stopSignal = new AbortController();
  private tables: readonly TableState[] = [];
  private server: SourceServer = { isStandby: false, positionSql: '' };
  private from: Lsn = '0/0';
  private replication: Replication | undefined;
  private retries = 0;

  constructor(
    private readonly definition: TaskDefinition,
    private readonly servers: RunServers,
  ) {}

  /** Looks at both servers and plans the tables. Rejects where DMS would fail the task. */
  public async prepare(
    kind: RunKind,
    previous: readonly TableState[],
  ): Promise<readonly TableState[]> {
    const source = await this.servers.openSource();
    try {
      this.server = await inspectSource(source, this.definition.sourceSettings);
      if (this.definition.migrationType !== 'full-load') await this.prepareSlot(source, kind);
      const plans = await this.plan(source);
      const now = await readPosition(source, this.server);
      const loads = this.definition.migrationType !== 'cdc';
      this.tables = plans.map((plan) => resumeTable(plan, previous, { kind, loads, now }));
    } finally {
      await source.end();
    }
    return this.tables;
  }

  /**
   * Loads and replicates until something ends it. Rejects with what no retry mends.
   * The slot is free afterwards, unless the source is gone.
   */
  public async work(): Promise<StopReason> {
    const reason = await this.attempts();
    await this.release();
    return reason;
  }

  /** Asks the run to end; {@link work} resolves once it has. */
  public async stop(): Promise<void> {
    this.stopSignal.abort();
    await this.replication?.stop();
  }

  private async attempts(): Promise<StopReason> {
    for (;;) {
      try {
        return await this.attempt();
      } catch (error) {
        if (this.stopped) return 'NORMAL';
        await this.recover(error);
      }
    }
  }

  private async release(): Promise<void> {
    if (this.slot === '') return;
    let source: Client;
    try {
      source = await this.servers.openSource();
    } catch (error) {
      if (isRecoverable(error)) return;
      throw error;
    }
    try {
      await slotReleased(source, this.slot);
    } finally {
      await source.end();
    }
  }

  private get stopped(): boolean {
    return this.stopSignal.signal.aborted;
  }

  private async prepareSlot(source: Client, kind: RunKind): Promise<void> {
    const { slotName, cdcStartPosition } = this.definition;
    if (slotName === undefined) {
      if (this.server.isStandby) {
        throw fatal(
          "'SlotName' is required on a standby, got none; DMS cannot create replication slots on a standby, so create one there and name it",
        );
      }
      const name = `dms_stand_in_${randomBytes(6).toString('hex')}`;
      await source.query("SELECT pg_create_logical_replication_slot($1, 'test_decoding')", [name]);
      this.ownSlot = name;
    }
    const confirmed = await inspectSlot(source, this.slot, this.server.isStandby);
    this.from = startPosition(
      this.slot,
      confirmed,
      kind === 'start' ? cdcStartPosition : undefined,
    );
    this.position.apply(parseLsn(this.from));
  }

  private get slot(): string {
    return this.definition.slotName ?? this.ownSlot ?? '';
  }

  private async plan(source: Client): Promise<readonly TablePlan[]> {
    const { rules, settings, mapBooleanAsBoolean } = this.definition;
    const tables = await readSourceTables(source);
    const selected = planTables(tables, rules, { lobs: settings.lobs, mapBooleanAsBoolean });
    if (selected.length === 0 && settings.failOnNoTables) {
      throw fatal('no table of the source matches the selection rules; correct the table mappings');
    }
    const target = await this.servers.openTarget();
    try {
      const { plans, missing } = await fitToTarget(target, selected);
      const problems = new Problems();
      for (const problem of missing) problems.add(problem);
      problems.throwIfAny('DMS target');
      return plans;
    } finally {
      await target.end();
    }
  }

  private async attempt(): Promise<StopReason> {
    const { settings, migrationType, sourceSettings } = this.definition;
    if (migrationType !== 'cdc') {
      await loadTables(this.tables, {
        openSource: this.servers.openSource,
        openTarget: this.servers.openTarget,
        server: this.server,
        settings,
        failOnLobTruncation: sourceSettings.failTasksOnLobTruncation,
        report: this.servers.report,
        isStopping: () => this.stopped,
      });
    }
    if (this.stopped) return 'NORMAL';
    if (migrationType === 'full-load') return 'FULL_LOAD_ONLY_FINISHED';
    if (settings.stopAfterFullLoad === 'before-cached-changes') return 'STOPPED_AFTER_FULL_LOAD';
    return this.replicate();
  }

  private async replicate(): Promise<StopReason> {
    const { settings, sourceSettings } = this.definition;
    const target = await this.servers.openTarget();
    try {
      await makeControlTables(target, settings);
      this.replication = new Replication({
        source: this.servers.source,
        slot: this.slot,
        target,
        settings,
        failOnLobTruncation: sourceSettings.failTasksOnLobTruncation,
        report: this.servers.report,
        tables: this.tables,
        position: this.position,
        stopAt:
          settings.stopAfterFullLoad === 'after-cached-changes' ? this.cachedUntil() : undefined,
        committed: () => {
          this.retries = 0;
        },
      });
      if (this.stopped) return 'NORMAL';
      const reached = await this.replication.run(this.from);
      return reached ? 'STOPPED_AFTER_CACHED_EVENTS' : 'NORMAL';
    } finally {
      await target.end();
    }
  }

  /** Where the changes end that happened while the tables were loaded. */
  private cachedUntil(): bigint {
    let latest = 0n;
    for (const { tolerantUntil } of this.tables) if (tolerantUntil > latest) latest = tolerantUntil;
    return latest;
  }

  /** Waits until another attempt makes sense; rejects if none does. */
  private async recover(error: unknown): Promise<void> {
    const { settings } = this.definition;
    // The server words a lost slot in several ways; our own look at it has one.
    if (SLOT_ERRORS.has(errorCode(error))) await this.checkSlotAgain();
    if (!isRecoverable(error)) throw error;
    if (settings.recoverableErrorCount >= 0 && this.retries >= settings.recoverableErrorCount) {
      throw fatal(
        `the connection was lost ${this.retries + 1} times: ${errorMessage(error)}`,
        error,
      );
    }
    this.retries += 1;
    this.servers.report({ type: 'warning', message: `trying again after: ${errorMessage(error)}` });
    const { signal } = this.stopSignal;
    await wait(settings.recoverableErrorSeconds * 1000, undefined, { signal }).catch(
      () => undefined,
    );
    if (this.stopped || this.definition.migrationType === 'full-load') return;
    await this.checkSlotAgain();
  }

  private async checkSlotAgain(): Promise<void> {
    let source: Client;
    try {
      source = await this.servers.openSource();
    } catch (error) {
      return this.recover(error);
    }
    try {
      const confirmed = await inspectSlot(source, this.slot, this.server.isStandby);
      if (parseLsn(confirmed) > parseLsn(this.from)) this.from = confirmed;
      // A commit may have reached the target without its answer reaching us.
      const now = await readPosition(source, this.server);
      for (const table of this.tables)
        if (now > table.tolerantUntil && table.state === 'Table completed')
          table.tolerantUntil = now;
    } finally {
      await source.end();
    }
  }
}
