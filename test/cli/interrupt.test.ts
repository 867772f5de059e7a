import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { waitUntil } from '../../lib/runner';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pontoon-cli-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test.each(['SIGINT', 'SIGTERM'] as const)(
  'on %s while the app synthesizes, ends the app and removes what it wrote',
  async (signal) => {
    const executable = join(directory, 'pontoon.cjs');
    await build({
      entryPoints: [resolve(__dirname, '../../bin/pontoon.ts')],
      bundle: true,
      platform: 'node',
      external: ['pg-native', '@aws-sdk/*'],
      outfile: executable,
      logLevel: 'error',
    });
    const app = `
      const fs = require('fs');
      fs.writeFileSync('pid', String(process.pid));
      setInterval(() => {
        fs.mkdirSync(process.env.CDK_OUTDIR, { recursive: true });
        fs.writeFileSync(process.env.CDK_OUTDIR + '/asset', 'x');
      }, 1);`;
    writeFileSync(join(directory, 'app.js'), app);
    // Behind a second command, so that the shell cannot become the app.
    writeFileSync(join(directory, 'cdk.json'), JSON.stringify({ app: 'node app.js; true' }));
    const temporary = join(directory, 'tmp');
    mkdirSync(temporary);
    const child = spawn(process.execPath, [executable, 'rehearse'], {
      cwd: directory,
      env: { PATH: process.env.PATH ?? '', TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
    });
    const closed = once(child, 'close');
    await waitUntil({
      what: 'the app must have begun to write',
      deadlineMs: 60_000,
      probe: async () => {
        const [output] = readdirSync(temporary);
        const begun = output !== undefined && existsSync(join(temporary, output, 'asset'));
        return begun ? { done: true, value: undefined } : { done: false, reason: 'nothing yet' };
      },
    });
    child.kill(signal);
    expect(await closed).toEqual([1, null]);
    expect(stderr).toBe('pontoon: the rehearsal was interrupted\n');
    expect(readdirSync(temporary)).toEqual([]);
  },
);
