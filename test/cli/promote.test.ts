import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainTopology } from '../../lib/postgres';
import { type PromotionEvent, promote as walk } from '../../lib/runner';
import { ClusterLab, PRIMARY } from '../runner/promotion/lab';
import { type CommandInput, type CommandResult, pontoon } from './command-line';

let lab: ClusterLab;
beforeAll(async () => {
  lab = await ClusterLab.open({ major: 17, standbys: 2 });
});
afterAll(async () => await lab?.close());

/** What the command reads of a cluster, whose servers share a superuser. */
function given(
  more: object = {},
  cluster = lab,
): Required<Pick<CommandInput, 'stdin' | 'environment'>> {
  const { connections, ...rest } = cluster.json();
  const known = Object.entries(connections as Record<string, object>);
  const { user, password } = cluster.server(PRIMARY).superuser;
  return {
    stdin: {
      ...rest,
      ...more,
      connections: Object.fromEntries(
        known.map(([name, connection]) => [name, { ...connection, secret: 'env:ROOT_' }]),
      ),
    },
    environment: { ROOT_USER: user, ROOT_PASSWORD: password },
  };
}

async function promote(...args: string[]): Promise<CommandResult> {
  return await pontoon(['promote', ...args], given());
}

test('promotes nothing where nobody can be asked', async () => {
  expect(await promote()).toEqual({
    code: 2,
    stdout: '',
    stderr:
      "pontoon: '--yes' must be given where nobody can be asked, got no terminal to ask at; name a '--file' at a terminal, or say --yes once you know what 'pontoon promote --help' says\n",
  });
});

test('says what it would do', async () => {
  const { code, stdout, stderr } = await promote('--dry-run');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.replaceAll(/\d+\/[0-9A-F]+/g, '0/0')).toContain(
    [
      "-- 'primary' is followed by replica1, replica2",
      "-- 'replica1' has the log up to 0/0 of timeline 1",
      "-- 'replica2' has the log up to 0/0 of timeline 1",
      "-- 'replica1' becomes the primary in place of 'primary', which is fenced first: its clients are sent away.",
      '-- nothing is lost: the new primary has the whole log of the old one',
      '',
      '-- fence',
      '-- at primary',
      `ALTER DATABASE "postgres" SET pontoon.limit_before = '-1';`,
    ].join('\n'),
  );
});

test('says with a code why it refuses', async () => {
  expect(await promote('--yes', '--declare-lost', '--json')).toEqual({
    code: 1,
    stdout: `${JSON.stringify({ result: 'failed', code: 'NOT_LOST' }, undefined, 2)}\n`,
    stderr: expect.stringContaining("'primary' must be out of reach to be declared lost"),
  });
});

test('lets clients in again whom an earlier run keeps out, although it can ask nobody', async () => {
  const onEvent = (event: PromotionEvent): void => {
    if (event.kind === 'step' && ['re-point', 'take-back'].includes(event.id))
      throw new Error('killed');
  };
  const killed = walk({ input: lab.input({ to: 'replica1' }) }, { secrets: lab.secrets, onEvent });
  await expect(killed).rejects.toThrow('killed');
  const standbys = ['replica1', 'replica2'];
  for (const name of standbys) await lab.server(name).stop();
  const directory = mkdtempSync(join(tmpdir(), 'pontoon-cli-'));
  try {
    const { stdin, environment } = given({ lost: standbys });
    writeFileSync(join(directory, 'promotion.json'), JSON.stringify(stdin));
    const ended = await pontoon(['promote', '--file', 'promotion.json'], {
      directory,
      environment,
      stdin: 'replica1\n',
      terminal: true,
    });
    expect(ended).toEqual({
      code: 1,
      stdout: 'NO_CANDIDATE\n',
      stderr: expect.stringMatching(
        /^take everything back, so that the old primary goes on\npontoon: a standby must answer to be promoted, got none: 'replica1': server "replica1" .*ECONNREFUSED.*; 'replica2': server "replica2" .*ECONNREFUSED.*; make it reachable\n$/,
      ),
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
  const limits = 'SELECT DISTINCT datconnlimit AS "limit" FROM pg_database WHERE datallowconn';
  expect(await lab.ask(PRIMARY, limits)).toEqual([{ limit: -1 }]);
  for (const name of standbys) await lab.server(name).start();
  await lab.untilReplayed(PRIMARY, standbys);
});

test('promotes, says what is lost, and prints the script for the old primary’s host', async () => {
  await lab.server(PRIMARY).kill();
  const { code, stdout, stderr } = await promote('--yes', '--declare-lost');
  expect({ code, lines: stdout.replaceAll(/0\/[0-9A-F]+/g, '0/0').split('\n') }).toEqual({
    code: 0,
    lines: [
      "'replica1' is the primary, on timeline 2 from 0/0 on",
      "what 'primary' wrote after 0/0 is lost, acknowledged or not: how much that is nobody knows until it is back",
      'it is followed by replica2',
      expect.stringMatching(/^'primary' does not follow: server "primary" .*ECONNREFUSED/),
      '',
    ],
  });
  expect(stderr).toContain('make sure that no standby hears from the old primary,');

  const again = await promote('--yes', '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({ result: 'already-promoted', to: 'replica1' });
  const dry = await promote('--dry-run');
  expect(dry).toMatchObject({ code: 0, stderr: '' });
  expect(dry.stdout).toContain(
    "-- 'replica1' is the primary already; what is left to do after 'primary' is done.\n-- 'replica1' is followed by replica2\n",
  );
  const script = await promote('--rejoin', PRIMARY, '--fresh-copy');
  expect(script).toMatchObject({ code: 0, stderr: '' });
  expect(script.stdout).toContain(`port='\\''${lab.server('replica1').port}'\\''`);
  expect(script.stdout).toContain('pg_basebackup');

  await lab.server(PRIMARY).start();
  expect((await promote('--dry-run')).stdout).toContain(
    "-- 'primary' still takes writes, and will be fenced, since 'replica1' was promoted: what 'primary' wrote after ",
  );
});

test('the runbook of a cluster is that of its promotion', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pontoon-cli-'));
  try {
    writeFileSync(join(directory, 'cluster.json'), JSON.stringify(plainTopology(lab.topology)));
    const { code, stdout } = await pontoon(['runbook', '--topology', 'cluster.json'], {
      directory,
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# Promote a standby of `primary`\n/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('does not end well where every commit waits for somebody who is gone', async () => {
  const pair = await ClusterLab.open({
    major: 17,
    standbys: 1,
    synchronous: { quorum: 1, standbys: ['replica1'] },
  });
  try {
    const { code, stdout } = await pontoon(['promote', '--yes'], given({}, pair));
    expect(code).toBe(1);
    expect(stdout).toContain("\nevery commit on 'replica1' waits for 1 of 'primary', and none");
  } finally {
    await pair.close();
  }
});
