import { join } from 'node:path';
import { rehearseProgram } from '../../../lib/rehearsal';

const PROGRAM = join(__dirname, '../programs/blue-green');

test.each([
  [16, 17],
  [14, 17],
])(
  'a blue-green deployment from %d to %d arrives, is switched there, back and there again, and leaves nothing behind',
  async (blue, green) => {
    const report = await rehearseProgram({
      directory: PROGRAM,
      rows: 2000,
      config: { blue: String(blue), green: String(green) },
    });
    expect({ problems: report.problems, unchecked: report.unchecked }).toEqual({
      problems: [],
      unchecked: [],
    });
    expect(report).toMatchObject({ ok: true, stack: 'shop/dev', migration: 'shop', leftovers: [] });
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
    expect(report.notPlayed.map(({ type }) => type)).toEqual(['oci:Core/vcn:Vcn']);
    const actions = report.steps.map(({ action, status }) => `${action} ${status}`);
    expect(actions.filter((one) => one === 'create done')).toHaveLength(11);
    expect(actions.filter((one) => one === 'delete done')).toHaveLength(11);
  },
);
