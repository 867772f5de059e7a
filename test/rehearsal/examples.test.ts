import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { rehearse } from '../../lib/rehearsal';
import { sampled } from '../faults/matrix';

// `npm test` builds before jest runs.
const APP = resolve(__dirname, '../../dist/bin/app.js');
// Each stack and each major; `.ci/run` rehearses HybridMigration on 17.
const REHEARSALS = sampled(
  [16, 17, 18].flatMap((major) =>
    (['HybridMigration', 'HybridMigrationNative'] as const).map((stack) => ({ major, stack })),
  ),
  ({ major, stack }) => (major === 16) === (stack === 'HybridMigration'),
);
const ROWS = 5000;

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pontoon-examples-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function synthesize(majorVersion: number): string {
  const assembly = join(directory, String(majorVersion));
  if (existsSync(assembly)) return assembly;
  const { status, stderr } = spawnSync(process.execPath, [APP], {
    encoding: 'utf8',
    env: {
      ...process.env,
      CDK_OUTDIR: assembly,
      CDK_CONTEXT_JSON: JSON.stringify({ majorVersion }),
    },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.any(String) });
  return assembly;
}

test.each(REHEARSALS)(
  '$stack on PostgreSQL $major arrives, row for row, and leaves nothing behind',
  async ({ major, stack }) => {
    const assembly = synthesize(major);
    const report = await rehearse({ assembly, stack, rows: ROWS });
    expect({ problems: report.problems, unchecked: report.unchecked }).toEqual({
      problems: [],
      unchecked: [],
    });
    expect(report.ok).toBe(true);
    expect(report.servers.map((server) => [server.role, server.major])).toEqual([
      ['primary', major],
      ['standby', major],
      ['target', major],
    ]);
    expect(report.verification.length).toBeGreaterThanOrEqual(2);
    for (const { status, sourceRows, targetRows } of report.verification) {
      expect([status, targetRows]).toEqual(['same', sourceRows]);
      expect(sourceRows).toBeGreaterThan(0);
    }
    expect(report.leftovers).toEqual([]);
    expect(report.secretScan.found).toEqual([]);
    expect(report.secretScan.secrets).toBeGreaterThanOrEqual(4);
    expect([...report.secretScan.places].sort()).toEqual([
      ...(process.platform === 'linux' ? ['environments of the processes started here'] : []),
      `events and outputs of ${stack}`,
      'log of aurora',
      'log of onPremises',
      'log of standby',
      'log of the handler',
      'pg_stat_statements of aurora',
      'pg_stat_statements of onPremises',
      'pg_stat_statements of standby',
      ...(process.platform === 'linux' ? ['process list'] : []),
      'report, as JSON and as a page',
      `template of ${stack}`,
    ]);
    expect(report.samples.length).toBeGreaterThan(0);
    expect(report.workload.written).toBeGreaterThan(0);
    const standIns = report.standIns.map(({ name }) => name);
    expect(standIns).toEqual(
      expect.arrayContaining([
        'AWS CloudFormation',
        'AWS Lambda',
        'AWS Secrets Manager',
        'the EC2 instance of the standby',
        'AWS Systems Manager',
      ]),
    );
    expect(standIns.includes('AWS DMS')).toBe(stack === 'HybridMigration');
    expect(report.shims.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'the schedule of the metrics runs every second',
        'the admin has REPLICATION',
        'the tables and their rows are invented by the rehearsal',
      ]),
    );
    const types = report.notPlayed.map(({ type }) => type);
    expect(types).toContain('AWS::EC2::VPC');
    expect(types.filter((type) => /^Custom::Pontoon|^AWS::DMS|DBCluster$/.test(type))).toEqual([]);
  },
);

test.each(['source', 'deploy', 'copy', 'flow', 'delete'])(
  'an interruption in the phase "%s" ends the rehearsal soon, and clears away',
  async (phase) => {
    const assembly = synthesize(17);
    const controller = new AbortController();
    let interruptedAt = 0;
    const report = await rehearse({
      assembly,
      stack: 'HybridMigrationNative',
      rows: 100,
      cutover: false,
      signal: controller.signal,
      onEvent: (event) => {
        if (event.kind !== 'phase-started' || event.name !== phase) return;
        interruptedAt = performance.now();
        controller.abort(new Error('enough'));
      },
    });
    expect(performance.now() - interruptedAt).toBeLessThan(20_000);
    expect(report).toMatchObject({ ok: false, problems: ['enough'], leftovers: [] });
  },
);
