import { join } from 'node:path';
import { rehearseProgram } from '../../../lib/rehearsal';
import { findClientTool } from '../../../lib/rehearsal/servers';

// `npm test` builds before jest runs.
const PROGRAM = join(__dirname, '../../../dist/examples/oci-streaming-cluster');
const REPLICAS = ['east2', 'west1', 'west2'];

async function rehearsed(config: Readonly<Record<string, string>>) {
  const report = await rehearseProgram({ directory: PROGRAM, rows: 1000, config });
  expect({ problems: report.problems, unchecked: report.unchecked }).toEqual({
    problems: [],
    unchecked: [],
  });
  expect(report).toMatchObject({ ok: true, stack: 'oci-streaming-cluster/dev', leftovers: [] });
  expect(report.servers.map(({ name, role }) => [name, role])).toEqual([
    ['east1', 'primary'],
    ...REPLICAS.map((name) => [name, 'standby']),
  ]);
  const [promotion] = report.switches;
  expect(REPLICAS).toContain(promotion?.to);
  expect(report.phases.map(({ name, status }) => [name, status])).toEqual(
    ['source', 'deploy', 'promote', 'rejoin', 'catch-up', 'verify', 'account', 'clear'].map(
      (name) => [name, 'done'],
    ),
  );
  // Every other server, the old primary too, has each row of the new one.
  expect(report.verification.map(({ status }) => status)).toEqual(Array(9).fill('same'));
  expect(report.secretScan).toMatchObject({ found: [] });
  expect(report.standIns.map(({ name }) => name)).toContain('the virtual machines of the cluster');
  return report;
}

test('a cluster that waits for a quorum loses no acknowledged write with its primary', async () => {
  const report = await rehearsed({ quorum: '2' });
  expect(report.workload.told).toMatchObject({ missing: 0, doubled: 0, unexpected: 0 });
  expect(report.switches[0]?.loss).toBe(
    'no acknowledged commit is lost: a quorum of the standbys had each of them, but for those of sessions whose synchronous_commit was off or local, or that were cancelled as they waited',
  );
});

// PostgreSQL 15 is installed where CI runs, and with it pg_rewind.
test('a cluster that waits for nobody says what it may have lost', async () => {
  const report = await rehearsed({ majorVersion: '15' });
  const rewinds = (await findClientTool(15, 'pg_rewind')) !== undefined;
  expect(report.standIns.some(({ name }) => name === 'pg_rewind')).toBe(!rewinds);
  expect(report.workload.told).toMatchObject({ doubled: 0, unexpected: 0 });
  expect(report.switches[0]?.loss).toMatch(
    /^what 'east1' wrote after [0-9A-F]+\/[0-9A-F]+ is lost, acknowledged or not: \d+ bytes of log as far as it was seen$/,
  );
});
