import type { LagSample, RehearsalReport, RehearsedStep } from '../../../lib/rehearsal';

/** An invented report, with every part filled in. None of its figures was ever measured. */
export const INVENTED_REPORT: RehearsalReport = {
  version: 1,
  pontoon: '0.0.0-invented',
  stack: 'InventedStack',
  migration: 'Migration',
  startedAt: '2026-01-02T03:04:05.678Z',
  seconds: 19.4,
  ok: true,
  problems: [],
  unchecked: [],
  diagram: 'flowchart LR\n  s0[("onPremises<br/>database shop")]\n  s0 ==>|"streaming"| s1\n',
  servers: [
    { name: 'onPremises', platform: 'self-managed', major: 17, version: '17.10', role: 'primary' },
    { name: 'standby', platform: 'ec2', major: 17, version: '17.10', role: 'standby' },
    { name: 'aurora', platform: 'aurora', major: 17, version: '17.10', role: 'target' },
  ],
  phases: [
    phase('source', 'Start the source, with data', 0.2, 3.1),
    phase('deploy', 'Deploy the stack', 3.3, 6.4),
    phase('copy', 'Copy what is there', 9.7, 2.9),
    phase('flow', 'Live changes', 12.6, 3.2),
    phase('catch-up', 'Catch up', 15.8, 0.04),
    phase('verify', 'Compare every row', 15.9, 0.8),
    phase('delete', 'Delete the stack', 16.7, 2.1),
    phase('clear', 'Clear away', 18.8, 0.5),
  ],
  steps: [
    step('MigrationSourcePreflight5E77C0DE', 'Custom::PontoonPreflight', 3.4, 0.62),
    step('MigrationRunnerLedgerA1B2C3D4', 'Custom::PontoonLedger', 4.05, 0.21),
    step('MigrationSourceHeartbeat0F1E2D3C', 'Custom::PontoonHeartbeat', 4.3, 0.12),
    step('MigrationStandbyRole9A8B7C6D', 'Custom::PontoonRole', 4.3, 0.14),
    step('MigrationStandbySlot11223344', 'Custom::PontoonPhysicalSlot', 4.3, 0.15),
    {
      ...step('MigrationStandbyAsgASG55667788', 'AWS::AutoScaling::AutoScalingGroup', 4.5, 2.3),
      detail: 'base backup of 38 MB, then streaming',
    },
    step('MigrationTargetClusterCAFEBABE', 'AWS::RDS::DBCluster', 3.4, 1.9),
    step('MigrationSchemaDEADBEEF', 'Custom::PontoonSchemaCopy', 6.9, 0.7),
    step('MigrationSlot0BADF00D', 'Custom::PontoonLogicalSlot', 7.7, 0.9),
    step('MigrationReplicationTaskFEEDFACE', 'AWS::DMS::ReplicationTask', 8.7, 0.3),
    step('MigrationReplicationStart12341234', 'Custom::PontoonDmsTask', 9.0, 0.6),
    ...Array.from({ length: 14 }, (_, index) =>
      step(`MigrationLogin${index}Secret`, 'AWS::SecretsManager::Secret', 3.35, 0.01),
    ),
    { ...step('MigrationSlot0BADF00D', 'Custom::PontoonLogicalSlot', 17.1, 0.4), action: 'delete' },
    {
      ...step('MigrationStandbyAsgASG55667788', 'AWS::AutoScaling::AutoScalingGroup', 17.6, 0.6),
      action: 'delete',
    },
  ],
  samples: Array.from({ length: 40 }, (_, index) => sample(index)),
  latencyMs: { median: 41.2, p95: 97.6, max: 183.4, count: 20 },
  workload: { seeded: 200_000, written: 1_642 },
  switches: [],
  verification: [
    { table: '"shop"."customers"', status: 'same', sourceRows: 40_120, targetRows: 40_120 },
    { table: '"shop"."orders"', status: 'same', sourceRows: 120_833, targetRows: 120_833 },
    { table: '"shop"."Größe & Maß"', status: 'same', sourceRows: 1_204, targetRows: 1_204 },
    { table: '"shop"."documents"', status: 'same', sourceRows: 39_485, targetRows: 39_485 },
  ],
  standIns: [
    {
      name: 'AWS DMS',
      reason: 'DMS runs in AWS only; this reads the same slot and applies as an ordinary session.',
      behaviours: [
        'ignores UPDATE and DELETE of a table without a primary key',
        'ignores TRUNCATE',
        'rounds numerics without a precision to (28,6)',
        'goes on from its position after a restart',
        'fails when its slot is lost',
      ],
    },
    {
      name: 'pg_basebackup',
      reason: 'the embedded servers bring no client programs',
      behaviours: ['copies the data directory between pg_backup_start and pg_backup_stop'],
    },
  ],
  shims: [
    {
      name: 'the admin has REPLICATION',
      reason: 'Aurora lets members of rds_replication use slots; PostgreSQL asks for REPLICATION',
    },
    { name: 'fsync = off', reason: 'nothing here must survive a power failure' },
  ],
  notPlayed: [
    {
      type: 'AWS::EC2::SecurityGroup',
      count: 6,
      reason: 'it has no counterpart on this machine',
    },
    {
      type: 'AWS::CloudWatch::Alarm',
      count: 9,
      reason: 'it has no counterpart on this machine',
    },
    { type: 'AWS::EC2::VPC', count: 1, reason: 'it has no counterpart on this machine' },
  ],
  leftovers: [],
  secretScan: {
    secrets: 5,
    places: ['log of onPremises', 'log of standby', 'log of aurora', 'log of the handler'],
    found: [],
    notSearched: [
      {
        place: 'pg_stat_statements of aurora',
        reason: 'the server was installed without that library',
      },
    ],
  },
};

/** An invented report of a rehearsal with switches between writers, the last of which no application was seen to make. */
export const INVENTED_SWITCHES: RehearsalReport = {
  ...INVENTED_REPORT,
  phases: [
    ...INVENTED_REPORT.phases.slice(0, 4),
    phase('cutover', 'Cut over', 15.0, 0.5),
    phase('rollback', 'Roll back', 15.5, 0.3),
    ...INVENTED_REPORT.phases.slice(4),
  ],
  workload: {
    ...INVENTED_REPORT.workload,
    told: { acknowledged: 61_642, missing: 7, doubled: 8, unexpected: 9 },
  },
  switches: [
    {
      name: 'cutover',
      title: 'Cut over',
      to: 'aurora',
      closedMs: 187,
      compared: { tables: 3, of: 4 },
      states: [
        { name: 'Gates', ms: 1_031 },
        { name: 'FencedToOpen', ms: 212 },
      ],
      atSeconds: 15.2,
      medianMs: 341,
      longestMs: 1_402,
    },
    {
      name: 'rollback',
      title: 'Roll back',
      to: 'onPremises',
      closedMs: 164,
      compared: { tables: 0, of: 4 },
      states: [],
    },
  ],
};

/** An invented report of a rehearsal in which much went wrong. */
export const INVENTED_FAILURE: RehearsalReport = {
  ...INVENTED_REPORT,
  ok: false,
  problems: [
    '"shop"."orders" differs: 3 rows are missing on the target',
    'slot pontoon_aurora survived on standby',
  ],
  unchecked: ['"shop"."documents" could not be compared: permission denied for table documents'],
  phases: INVENTED_REPORT.phases.map((one) =>
    one.name === 'delete' ? { ...one, status: 'failed' } : one,
  ),
  steps: INVENTED_REPORT.steps.map((one) =>
    one.logicalId === 'MigrationSlot0BADF00D' && one.action === 'delete'
      ? {
          ...one,
          status: 'failed',
          detail: 'replication slot "pontoon_aurora" is active for PID 7',
        }
      : one,
  ),
  verification: [
    {
      table: '"shop"."documents"',
      status: 'unchecked',
      reason: 'permission denied for table documents',
    },
    ...INVENTED_REPORT.verification.filter(({ table }) => !/documents|orders/.test(table)),
    {
      table: '"shop"."orders"',
      status: 'differs',
      sourceRows: 120_833,
      targetRows: 120_830,
      reason: '3 rows are missing on the target',
    },
  ],
  leftovers: ['slot pontoon_aurora on standby'],
  secretScan: { secrets: 5, places: ['log of aurora'], found: ['log of aurora'], notSearched: [] },
};

function phase(name: string, title: string, atSeconds: number, seconds: number) {
  return { name, title, atSeconds, seconds, status: 'done' as const };
}

function step(logicalId: string, type: string, atSeconds: number, seconds: number): RehearsedStep {
  return { logicalId, type, action: 'create', atSeconds, seconds, status: 'done' };
}

function sample(index: number): LagSample {
  const load = Math.sin(index / 5) ** 2;
  return {
    atSeconds: 7 + index * 0.25,
    sourceToStandbyBytes: Math.round(9_000 * load),
    sourceToStandbySeconds: 0.02 * load,
    standbyToTargetBytes:
      index < 11 ? Math.round(2_400_000 * (1 - index / 11)) : Math.round(64_000 * load),
    writesPerSecond: index < 8 ? 0 : Math.round(90 + 20 * load),
  };
}
