import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { PrivateHostedZone } from 'aws-cdk-lib/aws-route53';
import { context } from '../../cdk.json';
import { AuroraToAuroraStack } from '../../examples/aurora-to-aurora';
import { AuroraMigration, CutoverEndpoint, CutoverStateMachine } from '../../lib/aws';
import { FilterOperator } from '../../lib/postgres';
import { type RehearsalReport, rehearse } from '../../lib/rehearsal';
import { sampled } from '../faults/matrix';

const STACK = 'AuroraToAurora';
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pontoon-aurora-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

async function rehearsed(
  make: (app: App) => Stack,
  more: Readonly<Record<string, string>> = {},
): Promise<RehearsalReport> {
  const outdir = mkdtempSync(join(directory, 'cdk.out-'));
  const app = new App({ analyticsReporting: false, outdir, context: { ...context, ...more } });
  make(app);
  const assembly = app.synth().directory;
  return await rehearse({ assembly, stack: STACK, rows: 2000 });
}

function expectArrived(report: RehearsalReport, majors: readonly number[]): void {
  expect({ problems: report.problems, unchecked: report.unchecked }).toEqual({
    problems: [],
    unchecked: [],
  });
  expect(report.ok).toBe(true);
  expect(report.servers.map(({ name, role, major }) => [name, role, major])).toEqual([
    ['source', 'primary', majors[0]],
    ['target', 'target', majors[1]],
  ]);
  expect(report.verification.length).toBeGreaterThanOrEqual(2);
  for (const { status, sourceRows, targetRows } of report.verification) {
    expect([status, targetRows]).toEqual(['same', sourceRows]);
    expect(sourceRows).toBeGreaterThan(0);
  }
  expect(report.leftovers).toEqual([]);
  expect(report.secretScan.found).toEqual([]);
  expect(report.workload.written).toBeGreaterThan(0);
  const standIns = report.standIns.map(({ name }) => name);
  expect(standIns).toContain('the EC2 instance that copies the schema');
  expect(standIns).not.toContain('the EC2 instance of the standby');
  expect(report.shims.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      '"pontoon_reader" has REPLICATION',
      '"pontoon_reverse" has REPLICATION',
    ]),
  );
}

function switchable(stack: Stack, migration: AuroraMigration): void {
  const { forward, wayBack } = migration;
  if (forward === undefined || wayBack === undefined) throw new Error('both ways are there');
  const zone = PrivateHostedZone.fromHostedZoneAttributes(stack, 'Zone', {
    hostedZoneId: 'Z0123456789ABCDEFGHIJ',
    zoneName: 'shop.internal',
  });
  new CutoverStateMachine(stack, 'Cutover', {
    runner: migration.runner,
    topology: migration.topology,
    bindings: [migration.source, migration.target],
    migrationName: 'pontoon',
    newWriter: migration.target.server,
    forward,
    wayBack,
    keepRoles: migration.replicationRoles,
    endpoint: CutoverEndpoint.route53Record(zone, 'db.shop.internal', 2),
  });
}

/** Applications were switched there, back, and there again, and lost nothing. */
function expectSwitched(report: RehearsalReport): void {
  expect(report.switches.map(({ name, to }) => [name, to])).toEqual([
    ['cutover', 'target'],
    ['rollback', 'source'],
    ['cutover-again', 'target'],
  ]);
  for (const { closedMs, medianMs = 0, longestMs = 0, states } of report.switches) {
    expect(closedMs).toBeGreaterThan(0);
    expect(medianMs).toBeGreaterThan(0);
    expect(longestMs).toBeGreaterThanOrEqual(medianMs);
    expect(states.map(({ name }) => name)).toContain('FencedToOpen');
  }
  const { told, written } = report.workload;
  expect(told).toEqual({ acknowledged: written, missing: 0, doubled: 0, unexpected: 0 });
  expect(report.phases.map(({ name, status }) => `${name} ${status}`)).toEqual(
    [
      'source',
      'deploy',
      'copy',
      'flow',
      'endpoint',
      'cutover',
      'rollback',
      'cutover-again',
      'catch-up',
      'verify',
      'account',
      'finalize',
      'delete',
      'clear',
    ].map((name) => `${name} done`),
  );
  expect(report.standIns.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['AWS Step Functions', 'Amazon Route 53', "the applications' endpoint"]),
  );
}

// The others below are the sample of those from 16 on, between which no administrator is a superuser.
test.each(
  sampled(
    [
      [16, 17],
      [14, 18],
    ] as const,
    ([from]) => from === 14,
  ),
)(
  'applications move from an existing cluster of %d, prepared by its runbook, to %d',
  async (from, to) => {
    const report = await rehearsed((app) => new AuroraToAuroraStack(app, STACK), {
      sourceMajorVersion: String(from),
      majorVersion: String(to),
    });
    expectArrived(report, [from, to]);
    expectSwitched(report);
    expect(report.shims.map(({ name }) => name)).toContain(
      'wal_level = logical because of rds.logical_replication = 1',
    );
    const elevated = report.shims.filter(({ name }) =>
      /"pontoon" is a superuser during/.test(name),
    );
    expect(elevated).toHaveLength(from < 16 ? 1 : 0);
  },
);

test('a new cluster that was filled arrives', async () => {
  const report = await rehearsed((app) => {
    const stack = new Stack(app, STACK);
    new AuroraMigration(stack, 'Migration', {
      vpc: new Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 }),
      source: { majorVersion: 16, databaseName: 'shop', filled: true },
      target: { majorVersion: 17, databaseName: 'store' },
      replication: { selection: { schemas: ['shop'] } },
    });
    return stack;
  });
  expectArrived(report, [16, 17]);
  expect(report.shims.map(({ name }) => name)).toContain(
    'the new source is filled before the stack makes it',
  );
});

test('parts are replicated side by side, and switched together', async () => {
  const report = await rehearsed((app) => {
    const stack = new Stack(app, STACK);
    const migration = new AuroraMigration(stack, 'Migration', {
      vpc: new Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 }),
      source: { majorVersion: 16, databaseName: 'shop', filled: true },
      target: { majorVersion: 17 },
      replication: {
        selection: { schemas: ['shop', 'audit'] },
        // Orders refer to customers, which travel with the rest.
        parts: [
          { name: 'orders', tables: [{ schema: 'shop', name: 'orders' }] },
          { name: 'audit', schemas: ['audit'] },
        ],
      },
    });
    switchable(stack, migration);
    return stack;
  });
  expectArrived(report, [16, 17]);
  expectSwitched(report);
  const made = report.steps
    .filter(({ action }) => action === 'create')
    .map(({ type }) => type.replace('Custom::Pontoon', ''));
  for (const type of ['LogicalSlot', 'Subscription'])
    expect(made.filter((one) => one === type)).toHaveLength(3);
  expect(report.diagram).toContain('slot pontoon_target_orders');
  expect(report.verification.map(({ table }) => table)).toEqual(
    expect.arrayContaining(['"audit"."customers"', '"shop"."customers"', '"shop"."orders"']),
  );
});

test('chosen rows and columns arrive where no way back was asked for', async () => {
  const report = await rehearsed((app) => {
    const stack = new Stack(app, STACK);
    new AuroraMigration(stack, 'Migration', {
      vpc: new Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 }),
      source: { majorVersion: 17, databaseName: 'shop', filled: true },
      target: { majorVersion: 17 },
      replication: {
        selection: {
          schemas: ['shop'],
          tables: [
            {
              schema: 'audit',
              name: 'events',
              columns: ['id', 'kind'],
              rowFilters: [{ column: 'id', operator: FilterOperator.AT_LEAST, values: ['5'] }],
            },
          ],
          exclude: [{ schema: 'shop', name: 'sessions' }],
        },
        wayBack: false,
      },
    });
    return stack;
  });
  expect({
    problems: report.problems,
    unchecked: report.unchecked,
    left: report.leftovers,
  }).toEqual({ problems: [], unchecked: [], left: [] });
  expect(report.verification.map(({ table, status }) => [table, status])).toEqual(
    expect.arrayContaining([['"audit"."events"', 'same']]),
  );
});
