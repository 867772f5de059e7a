import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CutoverLab } from '../runner/cutover/lab';
import type { CommandResult } from './command-line';
import { LabDirectory } from './lab-directory';

// What a walk says whose new writer is open, and whose endpoint does not answer afterwards.

let lab: CutoverLab;
let directory: LabDirectory;

beforeAll(async () => {
  lab = await CutoverLab.start([17, 17]);
  directory = await LabDirectory.of(lab);
  writeFileSync(join(directory.path, 'side'), 'B');
  const script = join(directory.path, 'endpoint.sh');
  writeFileSync(script, SCRIPT(directory.path), { mode: 0o755 });
  const input = {
    plan: lab.plan(),
    connections: directory.connections,
    endpoint: {
      kind: 'command',
      sides: { blue: 'B', green: 'G' },
      active: [script, 'active'],
      activate: [script, 'activate', '{side}'],
    },
  };
  directory.write('cutover.json', input);
});
afterAll(async () => {
  directory.remove();
  await lab.stop();
});

/** Answers once after it has switched, and not again until somebody mends it. */
const SCRIPT = (here: string): string => `#!/bin/sh
if [ "$1" = activate ]; then printf "$2" > ${here}/side; touch ${here}/asked-once
elif [ -e ${here}/asked-once ]; then rm ${here}/asked-once; cat ${here}/side
elif [ -e ${here}/mended ] || [ "$(cat ${here}/side)" = B ]; then cat ${here}/side
else echo 'no answer' >&2; exit 1
fi
`;

function command(...args: readonly string[]): Promise<CommandResult> {
  return directory.command([...args, '--file', 'cutover.json']);
}

let toldMs = 0;

test('the outage is told before what failed behind the opening, and once more by its message', async () => {
  const { code, stdout, stderr } = await command('cutover', '--yes', '--owner', 'me');
  toldMs = Number(/(\d+) ms/.exec(stdout)?.[1]);
  expect({ code, stdout: stdout.replace(/\d+ ms/, 'N ms') }).toEqual({
    code: 1,
    stdout: "'green' is open; nobody could write for N ms\nUNSETTLED\n",
  });
  expect(
    stderr
      .trimEnd()
      .split('\n')
      .at(-1)
      ?.replace(/\d+ ms/, 'N ms'),
  ).toMatch(
    /^pontoon: 'green' is open, and nobody could write for N ms; what follows the opening did not end: .*'no answer'.*; mend that and run it again, which goes on there and moves no writer$/,
  );
});

test('programs are told the same, also when it is run again', async () => {
  const { code, stdout } = await command('cutover', '--yes', '--owner', 'me', '--json');
  const told = JSON.parse(stdout);
  expect({ code, told }).toEqual({
    code: 1,
    told: {
      migration: 'shop',
      from: 'blue',
      to: 'green',
      result: 'already-open',
      closedMs: expect.any(Number),
      compared: { tables: 0, of: 0 },
      steps: [],
      code: 'UNSETTLED',
    },
  });
  // By the clock of the old writer, which notes the fence after the walk began, and the opening before it was told.
  expect(told.closedMs).toBeGreaterThan(0);
  expect(told.closedMs).toBeLessThan(toldMs + 1);
});

test('a status says whom a deployment led back to the old writer, which is closed', async () => {
  writeFileSync(join(directory.path, 'mended'), '');
  writeFileSync(join(directory.path, 'side'), 'B');
  const { code, stdout } = await command('status');
  expect({ code, lines: stdout.split('\n').slice(1, 4) }).toEqual({
    code: 1,
    lines: [
      'phase      open',
      'writer     green',
      'clients    at blue, which is closed: run pontoon cutover again, which sends them to green',
    ],
  });
});

test('what was mended is gone on with', async () => {
  expect(await command('cutover', '--yes', '--owner', 'me')).toMatchObject({
    code: 0,
    stdout:
      "'green' was open already\n'blue' follows; next: pontoon rollback, or pontoon finalize\n",
  });
});

test('whoever agreed to go on behind a fence did not agree to another outage', async () => {
  async function* typing(): AsyncIterable<string> {
    expect(await command('rollback', '--yes', '--owner', 'me')).toMatchObject({ code: 0 });
    yield 'shop\n';
  }
  const walk = ['cutover', '--owner', 'me', '--file', 'cutover.json'];
  const { code, stdout, stderr } = await directory.command(walk, { typing, terminal: true });
  expect({ code, stdout, said: stderr.split('\n') }).toEqual({
    code: 1,
    stdout: 'DECLINED\n',
    said: [
      "'blue' was fenced by 'me' and is 'open': the cutover to 'green' goes on from there.",
      "Nobody else is connected to 'blue'.",
      "Type shop to go on: pontoon: what was agreed to was to go on behind the fence on 'blue', got none any more; look at the status, and run it again",
      '',
    ],
  });
});
