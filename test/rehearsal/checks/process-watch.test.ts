import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ProcessWatch } from '../../../lib/rehearsal/checks/process-watch';
import { scanForSecrets } from '../../../lib/rehearsal/checks/secret-scan';

// Elsewhere no files show what processes there are, and the scan says so.
if (process.platform !== 'linux')
  process.stderr.write('process watch: there are no files with processes here\n');
const onLinux = process.platform === 'linux' ? test : test.skip;

/** Runs a program below another one while `watch` looks at it, and returns what the watch has of it. */
async function watchedProgram(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const watch = new ProcessWatch();
  const script = `
    const child = require('node:child_process').spawn(process.execPath,
      ['-e', 'process.stdin.resume()', ...${JSON.stringify(args)}],
      { env: ${JSON.stringify(environment)}, stdio: ['inherit', 'ignore', 'ignore'] });
    child.once('spawn', () => process.stdout.write('spawned'));`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const seen = await watch.stop();
  child.stdin.end();
  await once(child, 'exit');
  return Object.fromEntries(
    seen.flatMap((one) => ('text' in one ? [[one.place, one.text] as const] : [])),
  );
}

onLinux(
  'sees the arguments of every process, and the environment of those started here',
  async () => {
    const seen = await watchedProgram(['argument-12345'], { PGPASSWORD: 'environment-12345' });
    expect(Object.keys(seen)).toEqual([
      'process list',
      'environments of the processes started here',
    ]);
    expect(seen['process list']).toContain(`process.stdin.resume() argument-12345`);
    expect(seen['environments of the processes started here']).toContain(
      'PGPASSWORD=environment-12345',
    );
    const texts = Object.entries(seen).map(([place, text]) => ({ place, text }));
    const scan = await scanForSecrets(['argument-12345', 'environment-12345'], {
      texts,
      files: [],
    });
    expect(scan.found).toEqual(Object.keys(seen));
  },
);
