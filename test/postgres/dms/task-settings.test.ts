import {
  DmsLobMode,
  DmsLogLevel,
  DmsTablePreparation,
  DmsTruncationPolicy,
  renderTaskSettings,
  taskSettingsProblems,
} from '../../../lib/postgres';

const components = (severity: string) =>
  [
    'SOURCE_UNLOAD',
    'SOURCE_CAPTURE',
    'TARGET_LOAD',
    'TARGET_APPLY',
    'SORTER',
    'TASK_MANAGER',
    'TABLES_MANAGER',
    'TRANSFORMATION',
    'VALIDATOR_EXT',
  ].map((Id) => ({ Id, Severity: severity }));

test('the defaults lose nothing silently', () => {
  expect(renderTaskSettings()).toEqual({
    TargetMetadata: {
      SupportLobs: true,
      FullLobMode: false,
      LimitedSizeLobMode: true,
      LobMaxSize: 64,
      BatchApplyEnabled: false,
      TaskRecoveryTableEnabled: true,
    },
    FullLoadSettings: {
      TargetTablePrepMode: 'TRUNCATE_BEFORE_LOAD',
      MaxFullLoadSubTasks: 8,
      CommitRate: 10000,
      TransactionConsistencyTimeout: 600,
    },
    Logging: { EnableLogging: true, LogComponents: components('LOGGER_SEVERITY_DEFAULT') },
    ErrorBehavior: {
      FailOnNoTablesCaptured: true,
      DataErrorPolicy: 'SUSPEND_TABLE',
      DataTruncationErrorPolicy: 'SUSPEND_TABLE',
      RecoverableErrorCount: -1,
    },
    ControlTablesSettings: { ControlSchema: 'awsdms_control' },
    ChangeProcessingTuning: { MemoryLimitTotal: 1024, StatementCacheSize: 50 },
    ValidationSettings: { EnableValidation: true, HandleCollationDiff: true, ThreadCount: 5 },
  });
});

test('every setting reaches DMS', () => {
  expect(
    renderTaskSettings({
      lobMode: DmsLobMode.UNLIMITED,
      tablePreparation: DmsTablePreparation.DO_NOTHING,
      parallelTables: 49,
      commitRate: 50_000,
      openTransactionWaitSeconds: 0,
      validation: false,
      truncationPolicy: DmsTruncationPolicy.STOP_TASK,
      logLevel: DmsLogLevel.DETAILED_DEBUG,
    }),
  ).toMatchObject({
    TargetMetadata: { FullLobMode: true, LimitedSizeLobMode: false, LobChunkSize: 64 },
    FullLoadSettings: {
      TargetTablePrepMode: 'DO_NOTHING',
      MaxFullLoadSubTasks: 49,
      CommitRate: 50_000,
      TransactionConsistencyTimeout: 0,
    },
    Logging: { LogComponents: components('LOGGER_SEVERITY_DETAILED_DEBUG') },
    ErrorBehavior: { DataTruncationErrorPolicy: 'STOP_TASK' },
    ValidationSettings: { EnableValidation: false },
  });
  expect(renderTaskSettings({ batchApply: true, maxLobSizeKiB: 102_400 })).toMatchObject({
    TargetMetadata: { BatchApplyEnabled: true, LobMaxSize: 102_400 },
  });
});

test('log groups and streams, which DMS reports but refuses, are never named', () => {
  expect(JSON.stringify(renderTaskSettings())).not.toContain('CloudWatch');
});

test('what DMS refuses is refused', () => {
  expect(
    taskSettingsProblems(
      {
        lobMode: DmsLobMode.UNLIMITED,
        maxLobSizeKiB: 200_000,
        parallelTables: 50,
        commitRate: 0.5,
        openTransactionWaitSeconds: -1,
        batchApply: true,
      },
      [{ schema: 'public', name: 'docs', lobMode: DmsLobMode.UNLIMITED }],
    ),
  ).toEqual([
    "'taskSettings.maxLobSizeKiB' must be a whole number from 1 to 102400, got 200000; correct it",
    "'taskSettings.parallelTables' must be a whole number from 1 to 49, got 50; correct it",
    "'taskSettings.commitRate' must be a whole number from 1 to 50000, got 0.5; correct it",
    "'taskSettings.openTransactionWaitSeconds' must be a whole number from 0 to 86400, got -1; correct it",
    "'taskSettings.maxLobSizeKiB' must be left out when 'lobMode' is 'unlimited', got 200000; remove it",
    "'taskSettings.batchApply' requires 'lobMode' to be 'limited', got 'unlimited'; set 'lobMode' to LIMITED or remove 'batchApply'",
    "'taskSettings.batchApply' requires 'tableSettings[0].lobMode' to be 'limited', got 'unlimited'; set it to LIMITED or remove 'batchApply'",
  ]);
  expect(taskSettingsProblems({ lobMode: DmsLobMode.TASK })).toEqual([
    "'taskSettings.lobMode' must be 'limited' or 'unlimited', got 'none'; pick one, since there are no settings above these",
  ]);
  expect(() => renderTaskSettings({ parallelTables: 0 })).toThrow(
    "the DMS task settings: 'taskSettings.parallelTables' must be a whole number from 1 to 49, got 0; correct it",
  );
});
