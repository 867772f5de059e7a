import { join } from 'node:path';
import { rehearseProgram } from '../../../lib/rehearsal';
import { sampled } from '../../faults/matrix';
import { pglogicalObstacle, preparePglogical } from '../../pglogical-servers';

// `npm test` builds before jest runs.
const PROGRAM = join(__dirname, '../../../dist/examples/oci-blue-green');

const obstacle = pglogicalObstacle();
if (obstacle !== undefined) process.stderr.write(`rehearsal by pglogical: not run, ${obstacle}\n`);
else beforeAll(preparePglogical, 300_000);

const SLOW_MACHINE_MS = 360_000;
const TITLE =
  'a blue-green deployment from %d to %d, %s, arrives, is switched there, back and there again, and leaves nothing behind';

// The example's own majors; then those between which no administrator is a superuser.
test.each(
  sampled(
    [
      [15, 16, 'native'],
      [16, 17, 'native'],
    ] as const,
    ([blue]) => blue === 15,
  ),
)(TITLE, rehearse, SLOW_MACHINE_MS);

(obstacle === undefined ? test : test.skip).each([[15, 17, 'pglogical']])(
  TITLE,
  rehearse,
  SLOW_MACHINE_MS,
);

async function rehearse(blue: number, green: number, replication: string): Promise<void> {
  const report = await rehearseProgram({
    directory: PROGRAM,
    rows: 500,
    config: {
      blueMajor: String(blue),
      greenMajor: String(green),
      replication,
      schemaCopied: 'true',
      sshPrivateKey: 'of nobody',
    },
  });
  expect({ problems: report.problems, unchecked: report.unchecked }).toEqual({
    problems: [],
    unchecked: [],
  });
  expect(report).toMatchObject({
    ok: true,
    stack: 'oci-blue-green/dev',
    migration: 'shop',
    leftovers: [],
  });
  expect(report.servers.map(({ name, role, major }) => [name, role, major])).toEqual([
    ['blue', 'primary', blue],
    ['green', 'target', green],
  ]);
  expect(report.switches.map(({ name, to }) => [name, to])).toEqual([
    ['cutover', 'green'],
    ['rollback', 'blue'],
    ['cutover-again', 'green'],
  ]);
  expect(report.workload.told).toMatchObject({ missing: 0, doubled: 0, unexpected: 0 });
  expect(report.verification.map(({ table, status }) => [table, status])).toEqual([
    ['"shop"."customers"', 'same'],
    ['"shop"."orders"', 'same'],
    ['"shop"."rehearsal_writes"', 'same'],
  ]);
  expect(report.secretScan).toMatchObject({ found: [], notSearched: [] });
  expect(report.secretScan.places).toEqual(
    expect.arrayContaining(['what the commands read and said', 'what the program registered']),
  );
  expect(report.standIns.map(({ name }) => name).sort()).toEqual([
    'OCI DNS',
    'OCI Network Load Balancer',
    'OCI Vault',
    'pg_dump',
    "the applications' endpoint",
    'the runner host',
  ]);
  const types = report.notPlayed.map(({ type, count }) => `${count} × ${type}`);
  expect(types.join()).toContain('oci:Core/networkSecurityGroup:NetworkSecurityGroup');
  // The one that tells the host what to post to OCI; every other one is played.
  expect(types.filter((type) => /Command$|oci:Psql|backendSets/.test(type))).toEqual([
    '1 × command:remote:Command',
  ]);
  const actions = report.steps.map(({ action, status }) => `${action} ${status}`);
  const created = actions.filter((one) => one === 'create done');
  expect(created.length).toBeGreaterThan(10);
  expect(actions.filter((one) => one === 'delete done')).toHaveLength(created.length);
  expect(actions).toHaveLength(2 * created.length);
}
