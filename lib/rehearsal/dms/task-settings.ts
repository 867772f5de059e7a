import { Problems } from '../../postgres';
import { JsonReader, readJsonObject } from './json-reader';

const APPLY_POLICIES = ['IGNORE_RECORD', 'LOG_ERROR', 'SUSPEND_TABLE', 'STOP_TASK'] as const;
const INSERT_POLICIES = [
  'LOG_ERROR',
  'IGNORE_RECORD',
  'SUSPEND_TABLE',
  'STOP_TASK',
  'INSERT_RECORD',
] as const;
const UPDATE_POLICIES = [
  'LOG_ERROR',
  'IGNORE_RECORD',
  'SUSPEND_TABLE',
  'STOP_TASK',
  'UPDATE_RECORD',
] as const;

/** What happens to a change that does not fit the target. */
export type ApplyPolicy =
  | (typeof APPLY_POLICIES)[number]
  | (typeof INSERT_POLICIES)[number]
  | (typeof UPDATE_POLICIES)[number];

/** How large values travel. `bytes` is undefined where nothing is cut. */
export type LobMode =
  | { readonly mode: 'none' }
  | { readonly mode: 'limited'; readonly bytes: number }
  | { readonly mode: 'unlimited' };

/** The part of a DMS task's settings that the stand-in obeys. */
export interface DmsTaskSettings {
  readonly lobs: LobMode;
  readonly prepMode: 'DO_NOTHING' | 'TRUNCATE_BEFORE_LOAD';
  /** Tables loaded at the same time. */
  readonly maxFullLoadSubTasks: number;
  /** How long the load waits for transactions that are open on a primary. */
  readonly transactionConsistencySeconds: number;
  readonly stopAfterFullLoad: 'never' | 'before-cached-changes' | 'after-cached-changes';
  readonly failOnNoTables: boolean;
  readonly fullLoadIgnoreConflicts: boolean;
  readonly insertPolicy: ApplyPolicy;
  readonly updatePolicy: ApplyPolicy;
  readonly deletePolicy: ApplyPolicy;
  readonly tablePolicy: 'SUSPEND_TABLE' | 'STOP_TASK';
  /** How often a lost connection is tried again; -1 for ever. */
  readonly recoverableErrorCount: number;
  readonly recoverableErrorSeconds: number;
  /** The tables of its own that a task makes on the target, and in which schema, if not in the default. */
  readonly controlTables: {
    readonly schema: string | undefined;
    readonly names: readonly string[];
  };
  /** Changes collected before a commit while more are waiting. */
  readonly minTransactionSize: number;
}

/** Reads a task's settings, as JSON text or object. Throws a ValidationError with everything wrong. */
export function readTaskSettings(value: unknown, migrationType: string): DmsTaskSettings {
  const problems = new Problems();
  const root = new JsonReader(
    readJsonObject(value, 'taskSettings', problems),
    'taskSettings',
    problems,
  );
  const settings: DmsTaskSettings = {
    lobs: readLobMode(root.child('TargetMetadata')),
    ...readFullLoad(root.child('FullLoadSettings'), migrationType !== 'cdc', problems),
    ...readErrorBehavior(root.child('ErrorBehavior')),
    controlTables: readControlTables(root),
    minTransactionSize: root
      .child('ChangeProcessingTuning')
      .integer('MinTransactionSize', 1000, 1, 1_000_000),
  };
  problems.throwIfAny('DMS task settings');
  return settings;
}

function readLobMode(metadata: JsonReader): LobMode {
  const kibibytes = metadata.integer('LobMaxSize', 32, 0, 102_400);
  if (!metadata.boolean('SupportLobs', true)) return { mode: 'none' };
  if (metadata.boolean('FullLobMode', false)) return { mode: 'unlimited' };
  return { mode: 'limited', bytes: (kibibytes === 0 ? 32 : kibibytes) * 1024 };
}

function readFullLoad(load: JsonReader, loads: boolean, problems: Problems) {
  const prepMode = load.oneOf(
    'TargetTablePrepMode',
    ['DO_NOTHING', 'TRUNCATE_BEFORE_LOAD', 'DROP_AND_CREATE'],
    loads ? 'DROP_AND_CREATE' : 'DO_NOTHING',
  );
  problems.addIf(
    prepMode === 'DROP_AND_CREATE' && loads,
    "'taskSettings.FullLoadSettings.TargetTablePrepMode' must be DO_NOTHING or TRUNCATE_BEFORE_LOAD, got DROP_AND_CREATE or nothing; the DMS stand-in does not reproduce tables that DMS creates, so copy the schema first",
  );
  const beforeCached = load.boolean('StopTaskCachedChangesNotApplied', false);
  const afterCached = load.boolean('StopTaskCachedChangesApplied', false);
  return {
    prepMode: prepMode === 'TRUNCATE_BEFORE_LOAD' ? prepMode : ('DO_NOTHING' as const),
    maxFullLoadSubTasks: load.integer('MaxFullLoadSubTasks', 8, 1, 49),
    transactionConsistencySeconds: load.integer('TransactionConsistencyTimeout', 600, 0, 86_400),
    stopAfterFullLoad: beforeCached
      ? ('before-cached-changes' as const)
      : afterCached
        ? ('after-cached-changes' as const)
        : ('never' as const),
  };
}

function readControlTables(root: JsonReader): DmsTaskSettings['controlTables'] {
  const recovery = root.child('TargetMetadata').boolean('TaskRecoveryTableEnabled', false);
  const validation = root.child('ValidationSettings').boolean('EnableValidation', false);
  return {
    schema: root.child('ControlTablesSettings').text('ControlSchema'),
    names: [
      'awsdms_apply_exceptions',
      ...(recovery ? ['awsdms_txn_state'] : []),
      ...(validation ? ['awsdms_validation_failures_v1'] : []),
    ],
  };
}

function readErrorBehavior(errors: JsonReader) {
  return {
    failOnNoTables: errors.boolean('FailOnNoTablesCaptured', true),
    fullLoadIgnoreConflicts: errors.boolean('FullLoadIgnoreConflicts', true),
    insertPolicy: errors.oneOf('ApplyErrorInsertPolicy', INSERT_POLICIES, 'LOG_ERROR'),
    updatePolicy: errors.oneOf('ApplyErrorUpdatePolicy', UPDATE_POLICIES, 'LOG_ERROR'),
    deletePolicy: errors.oneOf('ApplyErrorDeletePolicy', APPLY_POLICIES, 'IGNORE_RECORD'),
    tablePolicy: errors.oneOf('TableErrorPolicy', ['SUSPEND_TABLE', 'STOP_TASK'], 'SUSPEND_TABLE'),
    recoverableErrorCount: errors.integer('RecoverableErrorCount', -1, -1, 1_000_000),
    recoverableErrorSeconds: errors.integer('RecoverableErrorInterval', 5, 0, 3600),
  };
}
