import { type CutoverStepId, cutoverStep } from '../../lib/postgres';
import { asSuperuser, killedAt, killedWhen, OWNER, watched } from '../faults/walks';
import { CutoverLab } from '../runner/cutover/lab';
import { untilAlone } from '../runner/cutover/lab-services';
import { LabDirectory } from './lab-directory';

// What is gone on with by whoever is asked first, while the endpoint does not answer.

const LIMITS = { budgetMs: 600_000 };

let lab: CutoverLab;
let directory: LabDirectory;

beforeAll(async () => {
  lab = await CutoverLab.start([17, 17]);
  directory = await LabDirectory.of(lab);
  const input = { plan: lab.plan(LIMITS), connections: directory.connections };
  const endpoint = {
    kind: 'command',
    sides: { blue: 'B', green: 'G' },
    active: ['false'],
    activate: ['false'],
  };
  for (const [name, content] of Object.entries({ led: input, unled: { ...input, endpoint } }))
    directory.write(`${name}.json`, content);
});
afterAll(async () => {
  directory.remove();
  await lab.stop();
});

/** What a command comes to, with what it says as lines, for whoever types `typed`. */
async function answered(name: string, file: string, typed: string): Promise<object> {
  const { code, stdout, stderr } = await directory.command(
    [name, '--owner', OWNER, '--file', `${file}.json`],
    { stdin: `${typed}\n`, terminal: true },
  );
  const linesOf = (text: string): readonly string[] =>
    text
      .replace(/\b36\d\d\.\d s\b/g, 'an hour')
      .replace(/\d+(?:\.\d)? (?:ms|s)\b/g, 'N s')
      .trimEnd()
      .split('\n');
  return { code, stdout: linesOf(stdout), stderr: linesOf(stderr) };
}

const AWAY =
  "the endpoint of command 'false' must be readable and changeable, got exit code 1 of 'false'; run it by hand to see what it needs";
const UNSEEN = `Where clients are sent cannot be seen: ${AWAY}`;
const NOBODY = "Nobody else is connected to 'blue'.";
const walk = (from: string, to: string, wayOut: string): readonly string[] => [
  `Writers move from '${from}' to '${to}'. Nothing begins unless every gate is open, which is looked at first.`,
  `1. Close the old writer: applications lose CONNECT on '${from}', and their sessions end. The outage begins.`,
  '2. Wait until the new writer has everything, then switch clients. What fails, or takes longer than N s, is undone.',
  `3. Open the new writer: from then on ${wayOut}.`,
];
const DECLINED = 'Type shop to go on: pontoon: nothing was done, since nobody agreed to it';

test('nobody is asked about what was not begun', async () => {
  expect(await answered('cutover', 'unled', 'shop')).toEqual({
    code: 1,
    stdout: ['ENDPOINT_UNAVAILABLE'],
    stderr: [`pontoon: ${AWAY}`],
  });
});

test('a walk that was cut off is taken back, as far as can be', async () => {
  await killedAt(lab, lab.plan(LIMITS), { step: 'sequences', edge: 'before' });
  await untilAlone(lab);
  expect(await answered('cutover', 'unled', 'shop')).toEqual({
    code: 1,
    stdout: ['CUT_OFF'],
    stderr: [
      "'blue' was fenced by 'test' and is 'fenced': the cutover to 'green' goes on from there.",
      UNSEEN,
      NOBODY,
      `Type shop to go on: taking everything back: ${AWAY}`,
      "  'blue' is open again",
      `pontoon: ${AWAY}; what could not be taken back: the endpoint: ${AWAY}; the endpoint: ${AWAY}; 'blue' is open again; run it again as soon as the servers answer, so that the rest is taken back`,
    ],
  });
});

test('what is left of it is told with what a walk would do', async () => {
  expect(await answered('cutover', 'unled', 'no')).toEqual({
    code: 1,
    stdout: ['DECLINED'],
    stderr: [
      ...walk('blue', 'green', 'the way back is pontoon rollback'),
      UNSEEN,
      NOBODY,
      DECLINED,
    ],
  });
});

test('what was decided is opened', async () => {
  await killedWhen(lab, lab.plan(LIMITS), (services, die) =>
    watched(services, async (work, text = '') => {
      const done = await work();
      return /SET decided_at = coalesce/.test(text) ? await die() : done;
    }),
  );
  await untilAlone(lab);
  await asSuperuser(
    lab.blue,
    `UPDATE pontoon.cutover SET fenced_at = fenced_at - interval '1 hour'`,
  );
  expect(await answered('cutover', 'unled', 'shop')).toEqual({
    code: 1,
    stdout: ["'green' is open; nobody could write for an hour", 'UNSETTLED'],
    stderr: [
      "'blue' was fenced by 'test' and is 'switched': the cutover to 'green' goes on from there.",
      UNSEEN,
      NOBODY,
      `Type shop to go on: ${title('open')} …`,
      `${title('open')}: done in N s`,
      `pontoon: 'green' is open; what follows the opening did not end: ${AWAY}; mend that and run it again, which goes on there and moves no writer`,
    ],
  });
});

test('a rollback has gates that a status does not show', async () => {
  expect(await answered('cutover', 'led', 'shop')).toMatchObject({ code: 0 });
  expect(await answered('rollback', 'led', 'no')).toEqual({
    code: 1,
    stdout: ['DECLINED'],
    stderr: [
      ...walk('green', 'blue', 'the way there again is pontoon cutover'),
      "Nobody else is connected to 'green'.",
      DECLINED,
    ],
  });
});

test('what has ended is told as far as it can be seen', async () => {
  const end = await directory.command([
    'finalize',
    '--yes',
    '--owner',
    OWNER,
    '--file',
    'led.json',
  ]);
  expect(end).toMatchObject({ code: 0 });
  expect(await directory.command(['status', '--file', 'unled.json'])).toEqual({
    code: 3,
    stdout: [
      'migration  shop',
      `UNREADABLE ${AWAY}`,
      'forward    absent',
      'way back   absent',
      '',
    ].join('\n'),
    stderr: '',
  });
});

function title(step: CutoverStepId): string {
  return cutoverStep(step).title;
}
