import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type RehearsalReport, rehearse, renderReportPage, verdictOf } from '../../lib/rehearsal';
import { verify } from '../../lib/rehearsal/acts/verify';
import { SecretStore } from '../../lib/rehearsal/aws-endpoint';
import { Server } from '../../lib/rehearsal/servers';
import { asSuperuser } from '../../lib/rehearsal/source';
import { pontoon } from '../cli/command-line';

// `npm test` builds before jest runs.
const APP = resolve(__dirname, '../../dist/bin/app.js');
const STACK = 'HybridMigrationNative';
const ROWS = 500;
let directory: string;
let assembly: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pontoon-failures-'));
  assembly = join(directory, 'assembly');
  const { status } = spawnSync(process.execPath, [APP], {
    env: { ...process.env, CDK_OUTDIR: assembly },
  });
  expect(status).toBe(0);
});
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => jest.restoreAllMocks());

interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
}

/** A copy of the assembly in which the only resource of `type`, with properties like `mark`, has `change`d ones. */
function assemblyWith(
  name: string,
  type: string,
  change: (properties: Record<string, unknown>) => Record<string, unknown>,
  mark = /(?:)/,
): { readonly assembly: string; readonly id: string } {
  const copy = join(directory, name);
  cpSync(assembly, copy, { recursive: true });
  const file = join(copy, `${STACK}.template.json`);
  const template = JSON.parse(readFileSync(file, 'utf8'));
  const found = Object.entries<Resource>(template.Resources).filter(
    ([, { Type, Properties }]) => Type === type && mark.test(JSON.stringify(Properties)),
  );
  expect(found).toHaveLength(1);
  for (const [, { Properties: properties }] of found) Object.assign(properties, change(properties));
  writeFileSync(file, JSON.stringify(template));
  return { assembly: copy, id: found.map(([id]) => id).join() };
}

/** Rehearses, and has `sabotage` run while changes flow, after the copy. */
async function rehearseWith(
  sabotage: (server: (name: string) => Server) => Promise<void>,
): Promise<RehearsalReport> {
  const started = jest.spyOn(Server.prototype, 'start');
  const serverCalled = (name: string): Server => {
    const server = started.mock.contexts.find((one) => one.name === name);
    if (server === undefined) throw new Error(`there is no server ${name}`);
    return server;
  };
  let sabotaged: Promise<void> | undefined;
  const report = await rehearse({
    assembly,
    stack: STACK,
    rows: ROWS,
    cutover: false,
    onEvent: (event) => {
      if (event.kind === 'phase-ended' && event.name === 'copy') sabotaged = sabotage(serverCalled);
    },
  });
  expect(sabotaged).toBeDefined();
  await sabotaged;
  return report;
}

test('a custom resource that cannot be made rolls the deployment back, and leaves nothing', async () => {
  const { id, ...changed } = assemblyWith('nonsense', 'Custom::PontoonSubscription', () => ({
    spec: { kind: 'nonsense' },
  }));
  const report = await rehearse({ ...changed, stack: STACK, rows: ROWS, cutover: false });
  expect(verdictOf(report)).toBe('failed');
  expect(report).toMatchObject({ ok: false, leftovers: [] });
  expect(report.problems).toHaveLength(1);
  expect(report.problems[0]).toMatch(
    new RegExp(`^the deployment ended as ROLLBACK_COMPLETE: ${id}: `),
  );
});

test('an intrinsic function that nobody knows is named, with its place', async () => {
  const { id, ...changed } = assemblyWith('intrinsic', 'Custom::PontoonSubscription', () => ({
    spec: { kind: 'subscription', name: { 'Fn::Magic': ['x'] } },
  }));
  const report = await rehearse({ ...changed, stack: STACK, rows: ROWS, cutover: false });
  expect(report).toMatchObject({ ok: false, leftovers: [] });
  expect(report.problems).toEqual([
    `stack "${STACK}": 'Resources.${id}.Properties.spec.name' cannot use Fn::Magic, an unknown intrinsic; known are Ref, Fn::If, Fn::Equals, Fn::And, Fn::Or, Fn::Not, Fn::GetAtt, Fn::Join, Fn::Sub, Fn::Select, Fn::Split, Fn::Base64, Fn::GetAZs, Fn::ImportValue, Fn::GetStackOutput, Fn::FindInMap, Fn::Cidr, Fn::Length, Fn::ToJsonString`,
  ]);
});

test('a changed row, a forgotten slot and a secret in a log are all found', async () => {
  const put = jest.spyOn(SecretStore.prototype, 'put');
  const report = await rehearseWith(async (server) => {
    await asSuperuser(server('aurora'), 'shop', async (client) => {
      const { rowCount } = await client.query(
        `UPDATE shop.customers SET name = 'somebody else' WHERE id = 7`,
      );
      expect(rowCount).toBe(1);
    });
    const { password } = JSON.parse(put.mock.calls[0]?.[1] ?? '');
    await asSuperuser(server('onPremises'), 'shop', async (client) => {
      await client.query(`SELECT pg_create_physical_replication_slot('forgotten')`);
      await client.query(`DO $$ BEGIN RAISE LOG 'password=${password}'; END $$`);
    });
  });
  expect(verdictOf(report)).toBe('failed');
  expect(report.leftovers).toEqual(["slot 'forgotten' on 'onPremises'"]);
  expect(report.secretScan.found).toEqual([
    'pg_stat_statements of onPremises',
    'log of onPremises',
  ]);
  expect(report.verification.filter(({ status }) => status !== 'same')).toEqual([
    expect.objectContaining({ table: '"shop"."customers"', status: 'differs' }),
  ]);
  expect(report.problems).toEqual([
    '"shop"."customers" differs: the 50 rows do not have the same contents',
    'a secret is written in the pg_stat_statements of onPremises',
    'a secret is written in the log of onPremises',
    "slot 'forgotten' on 'onPremises' was left behind",
  ]);
});

test('a source that is killed fails the rehearsal, and nothing stays on this machine', async () => {
  const report = await rehearseWith(async (server) => await server('onPremises').kill());
  expect(verdictOf(report)).toBe('failed');
  expect(report.ok).toBe(false);
  expect(report.leftovers).toEqual([]);
  expect(
    report.phases.filter(({ status }) => status === 'failed').map(({ name }) => name),
  ).toContain('flow');
  expect(report.problems).toContainEqual(
    expect.stringMatching(
      /^the deletion ended as DELETE_FAILED: .*: server "onPremises" \(127\.0\.0\.1:\d+, database "shop"\) must let "pontoon" in for objects, got connect ECONNREFUSED/,
    ),
  );
});

test('two rehearsals side by side do not disturb each other', async () => {
  const reports = await Promise.all(
    ['HybridMigration', STACK].map((stack) =>
      rehearse({ assembly, stack, rows: ROWS, cutover: false }),
    ),
  );
  expect(reports.map(({ problems }) => problems)).toEqual([[], []]);
  expect(reports.map(({ ok }) => ok)).toEqual([true, true]);
});

/** The password of the source's administrator, which is the first secret that is kept. */
function firstPassword(put: jest.SpiedFunction<SecretStore['put']>): string {
  return JSON.parse(put.mock.calls[0]?.[1] ?? '').password;
}

test('a secret in a statement, in a process and in a name is found, and is not in the report', async () => {
  const put = jest.spyOn(SecretStore.prototype, 'put');
  const { play } = verify;
  const idle = 'process.stdin.resume()';
  let end: (() => Promise<unknown>) | undefined;
  jest.spyOn(verify, 'play').mockImplementation(async (scene, workload) => {
    const password = firstPassword(put);
    await asSuperuser(workload.source.server, 'shop', async (client) => {
      await client.query(`SELECT 1 AS "${password}"`);
    });
    await asSuperuser(scene.target, 'shop', async (client) => {
      await client.query(`CREATE TABLE shop."${password}" ()`);
    });
    // Behind `--`, since a password may begin as an option does.
    const child = spawn(process.execPath, ['-e', idle, '--', password], {
      env: { PGPASSWORD: password },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const exited = once(child, 'exit');
    end = async () => {
      child.stdin?.end();
      await exited;
    };
    await play(scene, workload);
  });
  const report = await rehearse({ assembly, stack: STACK, rows: ROWS, cutover: false });
  await end?.();
  const found = [
    ...(process.platform === 'linux'
      ? ['process list', 'environments of the processes started here']
      : []),
    'pg_stat_statements of onPremises',
    // The server warns of each table that it has nothing to revoke on.
    'log of aurora',
    'report, as JSON and as a page',
  ];
  expect(report.secretScan.found).toEqual(found);
  expect(verdictOf(report)).toBe('failed');
  expect(report.problems).toEqual([
    '"shop"."<secret>" differs: it is missing on "onPremises"',
    ...found.slice(0, -1).map((place) => `a secret is written in the ${place}`),
    'a secret is written in the report, as JSON and as a page; it was blanked',
  ]);
  const written = `${JSON.stringify(report)}${renderReportPage(report)}`;
  expect(written).not.toContain(firstPassword(put));
});

test('a scheduled run of the metrics that fails is told, and fails the rehearsal', async () => {
  const { id, ...changed } = assemblyWith(
    'metrics',
    'AWS::Events::Rule',
    ({ Targets: targets }) => ({
      Targets: (targets as Record<string, unknown>[]).map((target) => ({
        ...target,
        Input: JSON.stringify({ pontoon: 'metrics', run: {} }),
      })),
    }),
    /pontoon[\\":]+metrics/,
  );
  const report = await rehearse({ ...changed, stack: STACK, rows: ROWS, cutover: false });
  expect(verdictOf(report)).toBe('failed');
  expect(report.problems).toEqual([
    [
      `the schedule '${id}' failed: ValidationError: the event of the metrics has 3 problems:`,
      "- 'certificates' must be an object, got nothing; give its properties by name",
      "- 'run.namespace' must be given, got nothing; add it",
      "- 'run.migration' must be given, got nothing; add it",
    ].join('\n'),
    'no metric was published; look at the log of the handler',
  ]);
});

test('a table that cannot be compared ends the command with 3, and nothing else is wrong', async () => {
  const { play } = verify;
  jest.spyOn(verify, 'play').mockImplementation(async (scene, workload) => {
    await asSuperuser(scene.target, 'shop', async (client) => {
      await client.query('CREATE TABLE public.like_customers (LIKE shop.customers)');
      await client.query('DROP TABLE shop.customers CASCADE');
      await client.query(
        'CREATE TABLE shop.customers (LIKE public.like_customers) PARTITION BY LIST (id)',
      );
      await client.query('CREATE FOREIGN DATA WRAPPER nowhere');
      await client.query('CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere');
      await client.query(
        'CREATE FOREIGN TABLE public.part PARTITION OF shop.customers DEFAULT SERVER nowhere',
      );
    });
    await play(scene, workload);
  });
  const args = ['--app', assembly, '--stack', STACK, '--no-cutover', '--rows', String(ROWS)];
  const { code, stdout } = await pontoon(['rehearse', ...args, '--report', directory]);
  const sentence =
    '"shop"."customers" could not be compared: cannot read "shop"."customers" on "aurora": the server said "foreign-data wrapper "nowhere" has no handler" [55000]';
  expect(stdout).toMatch(new RegExp(`^\\nUNCHECKED  ${STACK} in [\\d.]+ s\\n`));
  expect(stdout).toContain(`\n  - ${sentence}\n`);
  expect(stdout).toContain('2 same, 0 differ, 1 unchecked');
  expect(code).toBe(3);
  const report: RehearsalReport = JSON.parse(readFileSync(join(directory, 'report.json'), 'utf8'));
  expect(report).toMatchObject({ ok: false, problems: [], unchecked: [sentence], leftovers: [] });
});
