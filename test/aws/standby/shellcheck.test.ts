import { spawnSync } from 'node:child_process';
import { bootScript, type PackageFamily } from '../../../lib/aws/standby/user-data';

const FAMILIES: readonly PackageFamily[] = ['amazon-linux', 'debian', 'red-hat'];

const present = spawnSync('shellcheck', ['--version']).error === undefined;
if (!present) process.stderr.write('boot script: not checked, shellcheck is not installed\n');

// SC1091: /etc/os-release is the machine's.
(present ? test : test.skip).each(FAMILIES)(
  'shellcheck finds nothing in the script for %s',
  (family) => {
    const { stdout } = spawnSync('shellcheck', ['-s', 'bash', '-e', 'SC1091', '-'], {
      input: bootScript(family),
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
  },
);

test.each(FAMILIES)('bash can parse the script for %s', (family) => {
  const { stderr, status } = spawnSync('bash', ['-n'], {
    input: bootScript(family),
    encoding: 'utf8',
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
});
