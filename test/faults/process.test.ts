import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { CUTOVER_STEPS, type CutoverPlan } from '../../lib/postgres';
import { LabDirectory } from '../cli/lab-directory';
import { CutoverLab } from '../runner/cutover/lab';
import { JournalWriter, untilWritten } from '../runner/cutover/writer';
import { ALL, sampled } from './matrix';
import { back, expectSame, expectWhole, OWNER, onwards } from './walks';

const PAIRS: readonly (readonly [number, number])[] = ALL
  ? [
      [14, 18],
      [17, 17],
    ]
  : [[17, 17]];

const LINES = sampled(
  CUTOVER_STEPS.flatMap(({ id, title }) => [
    { moment: `${id} begins`, line: `${title} …` },
    { moment: `${id} has ended`, line: `${title}: done in ` },
  ]),
  ({ moment }) => moment === 'open begins',
);

/** Switches what `active` prints; told to, it kills whoever runs it before or after that, with no chance to clean up. */
const SWITCH = `set -eu
if [ -e before ]; then rm before; kill -9 "$PPID"; exit 0; fi
printf %s "$1" > active.new
mv active.new active
if [ -e after ]; then rm after; kill -9 "$PPID"; fi
`;

/** Codes of what a walk that is run again may say before it succeeds. */
const NOT_YET = ['HELD', 'UNDONE', 'GATES_CLOSED'];

describe.each(PAIRS)('a process that is killed with -9, from PostgreSQL %i to %i', (from, to) => {
  let lab: CutoverLab;
  let writers: JournalWriter[];
  let directory: LabDirectory;
  beforeAll(async () => {
    lab = await CutoverLab.start([from, to]);
    directory = await LabDirectory.of(lab);
    await bundle(join(directory.path, 'pontoon.cjs'));
    writeFileSync(join(directory.path, 'active'), 'blue');
    writeFileSync(join(directory.path, 'switch.sh'), SWITCH);
    writers = [0, 1].map((client) => new JournalWriter(client, sent, 1));
    await untilWritten(writers);
  });
  afterAll(async () => {
    await Promise.all(writers.map((writer) => writer.stop()));
    await lab.stop();
    directory.remove();
  });

  /** Applications ask for the active side at each connection. */
  const sent = () => {
    lab.active = readFileSync(join(directory.path, 'active'), 'utf8');
    return lab.application();
  };

  /** Runs the command until it ends, or until it writes `line`. What pg deprecates ends it too. */
  const run = async (
    plan: CutoverPlan,
    line?: string,
    command: 'cutover' | 'finalize' = 'cutover',
  ): Promise<string> => {
    directory.write('cutover.json', inputOf(directory, plan));
    const told = ['--yes', '--owner', OWNER, '--file', 'cutover.json'];
    const args = ['--throw-deprecation', 'pontoon.cjs', command, ...told];
    const child = spawn(process.execPath, args, {
      cwd: directory.path,
      env: { PATH: process.env.PATH ?? '', ...directory.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
    for (const stream of [child.stdout, child.stderr])
      createInterface(stream).on('line', (text) => {
        if (line !== undefined && text.startsWith(line)) child.kill('SIGKILL');
      });
    const [code, signal] = await once(child, 'close');
    return signal === null ? `${code} ${said.split('\n')[0]}` : String(signal);
  };

  const goOn = async (plan: CutoverPlan): Promise<void> => {
    for (let left = 30; ; left -= 1) {
      await lab.followed();
      const said = await run(plan);
      if (said.startsWith('0 ')) return;
      if (left === 0 || !NOT_YET.some((code) => said === `1 ${code}`)) throw new Error(said);
    }
  };

  test.each(LINES)('as soon as $moment', async ({ line }) => {
    sent();
    const plan = onwards(lab);
    await lab.followed();
    // It may have gone on for a moment, or to the end.
    expect(await run(plan, line)).toMatch(/^(?:SIGKILL|0 )/);
    await goOn(plan);
    sent();
    expect(lab.active).toBe(plan.to);
    await expectWhole(lab, writers);
  });

  test.each(sampled(['before', 'after'], (edge) => edge === 'after'))(
    'by the endpoint, %s it switched',
    async (edge) => {
      sent();
      const plan = onwards(lab);
      await lab.followed();
      writeFileSync(join(directory.path, edge), '');
      expect(await run(plan)).toBe('SIGKILL');
      await goOn(plan);
      sent();
      expect(lab.active).toBe(plan.to);
      await expectWhole(lab, writers);
    },
  );

  test('loses and doubles nothing', async () => {
    await expectSame(lab, writers);
  });

  test('as soon as it says what it finalized, and asked again', async () => {
    const plan = back(onwards(lab));
    expect(await run(plan, 'dropped: ', 'finalize')).toMatch(/^(?:SIGKILL|0 )/);
    expect(await run(plan, undefined, 'finalize')).toBe(
      "0 the migration 'shop' was finalized before: nothing is left to drop",
    );
  });
});

async function bundle(outfile: string): Promise<void> {
  await build({
    entryPoints: [resolve(__dirname, '../../bin/pontoon.ts')],
    bundle: true,
    platform: 'node',
    external: ['pg-native', '@aws-sdk/*'],
    outfile,
    logLevel: 'error',
  });
}

function inputOf({ connections }: LabDirectory, plan: CutoverPlan): object {
  return {
    // Starting the command anew takes its time on a machine that is busy.
    plan: { ...plan, limits: { ...plan.limits, budgetMs: 60_000 } },
    connections,
    endpoint: {
      kind: 'command',
      sides: { blue: 'blue', green: 'green' },
      active: ['cat', 'active'],
      activate: ['sh', 'switch.sh', '{side}'],
    },
  };
}
