import { Problems } from '../errors';
import { CONTROL_SCHEMA } from './control-schema';
import { DmsLobMode, type DmsTableSettings, MAX_LOB_KIB } from './table-settings';

/** What DMS does with the target's tables before it loads them. */
export enum DmsTablePreparation {
  /** Leaves them as they are; rows that are there already stay. */
  DO_NOTHING = 'DO_NOTHING',
  /** Empties them. */
  TRUNCATE = 'TRUNCATE_BEFORE_LOAD',
}

/** What DMS does with a table or the task when a value would be cut. */
export enum DmsTruncationPolicy {
  SUSPEND_TABLE = 'SUSPEND_TABLE',
  STOP_TASK = 'STOP_TASK',
}

/** How much a DMS task writes into its log. */
export enum DmsLogLevel {
  DEFAULT = 'LOGGER_SEVERITY_DEFAULT',
  DEBUG = 'LOGGER_SEVERITY_DEBUG',
  DETAILED_DEBUG = 'LOGGER_SEVERITY_DETAILED_DEBUG',
}

/**
 * How a DMS task works. The target's tables must exist: DMS would create them without indexes, defaults, sequences
 * and foreign keys. Changes take effect after the task was stopped, which the deployment does.
 *
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TaskSettings.html
 */
export interface DmsTaskSettings {
  /**
   * How large values (text, bytea, json …) travel: LIMITED or UNLIMITED.
   *
   * @default DmsLobMode.LIMITED
   */
  readonly lobMode?: DmsLobMode;
  /**
   * The largest value that LIMITED carries, in KiB: 1 to 102,400. Larger ones fail the task rather than be cut. The
   * replication instance needs about this size for each large column of each row that it has in memory.
   *
   * @default 64
   */
  readonly maxLobSizeKiB?: number;
  /**
   * What happens to the target's tables before the load.
   *
   * @default DmsTablePreparation.TRUNCATE
   */
  readonly tablePreparation?: DmsTablePreparation;
  /**
   * How many tables are loaded at the same time: 1 to 49.
   *
   * @default 8
   */
  readonly parallelTables?: number;
  /**
   * How many rows are loaded in one transaction: 1 to 50,000.
   *
   * @default 10000
   */
  readonly commitRate?: number;
  /**
   * How long the load waits for transactions that were open when it began, in seconds: 0 to 86,400.
   *
   * @default 600
   */
  readonly openTransactionWaitSeconds?: number;
  /**
   * Whether changes are collected and applied table by table: faster, but transactions are torn apart on the way, so
   * that foreign keys may fail and readers see halves.
   *
   * @default false
   */
  readonly batchApply?: boolean;
  /**
   * Whether DMS compares the rows that it wrote with the source. Only tables with a primary key are compared.
   *
   * @default true
   */
  readonly validation?: boolean;
  /**
   * What happens when a value would be cut.
   *
   * @default DmsTruncationPolicy.SUSPEND_TABLE
   */
  readonly truncationPolicy?: DmsTruncationPolicy;
  /**
   * How much is logged.
   *
   * @default DmsLogLevel.DEFAULT
   */
  readonly logLevel?: DmsLogLevel;
}

const LOG_COMPONENTS = [
  'SOURCE_UNLOAD',
  'SOURCE_CAPTURE',
  'TARGET_LOAD',
  'TARGET_APPLY',
  'SORTER',
  'TASK_MANAGER',
  'TABLES_MANAGER',
  'TRANSFORMATION',
  'VALIDATOR_EXT',
];

const RANGES = {
  maxLobSizeKiB: [1, MAX_LOB_KIB],
  parallelTables: [1, 49],
  commitRate: [1, 50_000],
  openTransactionWaitSeconds: [0, 86_400],
} as const;

/** Says what is wrong with `settings`; `what` is the property as the user typed it. */
export function taskSettingsProblems(
  settings: DmsTaskSettings,
  tableSettings: readonly DmsTableSettings[] = [],
  what = 'taskSettings',
): readonly string[] {
  const problems = new Problems();
  for (const name of Object.keys(RANGES) as (keyof typeof RANGES)[]) {
    const value = settings[name];
    const [least, most] = RANGES[name];
    const wrong =
      value !== undefined && !(Number.isInteger(value) && value >= least && value <= most);
    problems.addIf(
      wrong,
      `'${what}.${name}' must be a whole number from ${least} to ${most}, got ${value}; correct it`,
    );
  }
  problems.addIf(
    settings.lobMode === DmsLobMode.TASK,
    `'${what}.lobMode' must be 'limited' or 'unlimited', got 'none'; pick one, since there are no settings above these`,
  );
  problems.addIf(
    settings.lobMode === DmsLobMode.UNLIMITED && settings.maxLobSizeKiB !== undefined,
    `'${what}.maxLobSizeKiB' must be left out when 'lobMode' is 'unlimited', got ${settings.maxLobSizeKiB}; remove it`,
  );
  if (settings.batchApply === true) checkBatchApply(settings, tableSettings, what, problems);
  return problems.list();
}

/**
 * The settings of a DMS task as the service reads them. Without names of log groups and streams, which the service
 * reports but does not accept.
 *
 * @throws ValidationError that lists everything that DMS cannot do.
 */
export function renderTaskSettings(settings: DmsTaskSettings = {}): Record<string, unknown> {
  const problems = new Problems();
  for (const problem of taskSettingsProblems(settings)) problems.add(problem);
  problems.throwIfAny('the DMS task settings');
  const limited = settings.lobMode !== DmsLobMode.UNLIMITED;
  return {
    TargetMetadata: {
      SupportLobs: true,
      FullLobMode: !limited,
      LimitedSizeLobMode: limited,
      ...(limited ? { LobMaxSize: settings.maxLobSizeKiB ?? 64 } : { LobChunkSize: 64 }),
      BatchApplyEnabled: settings.batchApply ?? false,
      TaskRecoveryTableEnabled: true,
    },
    FullLoadSettings: {
      TargetTablePrepMode: settings.tablePreparation ?? DmsTablePreparation.TRUNCATE,
      MaxFullLoadSubTasks: settings.parallelTables ?? 8,
      CommitRate: settings.commitRate ?? 10_000,
      TransactionConsistencyTimeout: settings.openTransactionWaitSeconds ?? 600,
    },
    Logging: renderLogging(settings),
    ErrorBehavior: {
      FailOnNoTablesCaptured: true,
      // By default what DMS cannot write goes into its log only, and its table looks as if it had everything.
      DataErrorPolicy: 'SUSPEND_TABLE',
      DataTruncationErrorPolicy: settings.truncationPolicy ?? DmsTruncationPolicy.SUSPEND_TABLE,
      RecoverableErrorCount: -1,
    },
    ControlTablesSettings: { ControlSchema: CONTROL_SCHEMA },
    ChangeProcessingTuning: { MemoryLimitTotal: 1024, StatementCacheSize: 50 },
    ValidationSettings: {
      EnableValidation: settings.validation ?? true,
      HandleCollationDiff: true,
      ThreadCount: 5,
    },
  };
}

function renderLogging({ logLevel = DmsLogLevel.DEFAULT }: DmsTaskSettings): object {
  return {
    EnableLogging: true,
    LogComponents: LOG_COMPONENTS.map((component) => ({ Id: component, Severity: logLevel })),
  };
}

function checkBatchApply(
  settings: DmsTaskSettings,
  tableSettings: readonly DmsTableSettings[],
  what: string,
  problems: Problems,
): void {
  problems.addIf(
    settings.lobMode === DmsLobMode.UNLIMITED,
    `'${what}.batchApply' requires 'lobMode' to be 'limited', got 'unlimited'; set 'lobMode' to LIMITED or remove 'batchApply'`,
  );
  for (const [index, table] of tableSettings.entries()) {
    problems.addIf(
      table.lobMode === DmsLobMode.UNLIMITED,
      `'${what}.batchApply' requires 'tableSettings[${index}].lobMode' to be 'limited', got 'unlimited'; set it to LIMITED or remove 'batchApply'`,
    );
  }
}
