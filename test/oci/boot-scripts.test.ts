import { spawnSync } from 'node:child_process';
import { archiveScript, bootScript } from '../../lib/oci/postgres-host/files';

const SCRIPTS = { boot: bootScript('red-hat'), archive: archiveScript() };
const NAMES = ['boot', 'archive'] as const;

const present = spawnSync('shellcheck', ['--version']).error === undefined;
if (!present) process.stderr.write('boot script: not checked, shellcheck is not installed\n');

// SC1091: /etc/os-release is the machine's. SC2034, SC2317: parts of other clouds' machines are shared.
(present ? test : test.skip).each(NAMES)('shellcheck finds nothing in the %s script', (name) => {
  const { stdout } = spawnSync('shellcheck', ['-s', 'bash', '-e', 'SC1091', '-'], {
    input: SCRIPTS[name],
    encoding: 'utf8',
  });
  expect(stdout).toBe('');
});
