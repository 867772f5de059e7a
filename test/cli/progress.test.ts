import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { createProgress } from '../../lib/cli/progress';
import type { RehearsalEvent } from '../../lib/rehearsal';

const EVENTS: readonly RehearsalEvent[] = [
  { kind: 'phase-started', name: 'a', title: 'First phase' },
  { kind: 'phase-progress', name: 'a', detail: 'half way' },
  { kind: 'phase-progress', name: 'a', detail: 'too soon for another line' },
  { kind: 'sample', sample: { atSeconds: 1, sourceToStandbyBytes: 2048, writesPerSecond: 99.6 } },
  { kind: 'phase-ended', name: 'a', title: 'First phase', seconds: 1.23, status: 'done' },
  { kind: 'note', text: 'a note' },
  { kind: 'phase-started', name: 'b', title: 'Second phase' },
  { kind: 'phase-ended', name: 'b', title: 'Second phase', seconds: 0.5, status: 'failed' },
];

afterEach(() => jest.restoreAllMocks());

test('writes plain lines where there is no terminal', async () => {
  const stream = new PassThrough();
  const progress = createProgress(stream);
  jest.spyOn(performance, 'now').mockReturnValue(1_000);
  for (const event of EVENTS) progress.show(event);
  await progress.finish();
  expect(String(stream.read())).toBe(
    [
      'First phase …',
      '  half way',
      'First phase: done in 1.2 s',
      'a note',
      'Second phase …',
      'Second phase: failed in 0.5 s',
      '',
    ].join('\n'),
  );
});

test('redraws in place on a terminal', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pontoon-progress-'));
  try {
    const file = join(directory, 'show.cjs');
    await build({
      stdin: {
        contents: `import { createProgress } from './lib/cli/progress';
          const progress = createProgress(process.stderr);
          (async () => {
            for (const event of ${JSON.stringify(EVENTS)}) {
              progress.show(event);
              await new Promise((resolve) => setTimeout(resolve, 150));
            }
            await progress.finish();
          })();`,
        resolveDir: resolve(__dirname, '../..'),
        loader: 'ts',
      },
      bundle: true,
      platform: 'node',
      external: ['pg-native', '@aws-sdk/*'],
      outfile: file,
      logLevel: 'error',
    });
    writeFileSync(join(directory, 'show.sh'), `stty cols 80 rows 24; exec node ${file}`);
    const { stdout } = await promisify(execFile)('script', [
      '-qec',
      `sh ${join(directory, 'show.sh')}`,
      '/dev/null',
    ]);
    const shown = withoutEscapes(stdout);
    expect(stdout).toContain('\u001b[');
    for (const text of [
      'First phase',
      'half way',
      'source→standby 2.0 kB behind, 100 writes/s',
      '✔ First phase — too soon for another line',
      'a note',
      '✖ Second phase',
    ]) {
      expect(shown).toContain(text);
    }
    expect(shown.indexOf('a note')).toBeGreaterThan(shown.indexOf('✔ First phase'));
  } finally {
    rmSync(directory, { recursive: true });
  }
});

function withoutEscapes(text: string): string {
  const introducer = String.fromCharCode(27);
  return text
    .split(introducer)
    .map((part, index) => (index === 0 ? part : part.replace(/^\[[0-9;?]*[A-Za-z]/, '')))
    .join('');
}
