import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootScript, type PackageFamily } from '../../../lib/aws/standby/user-data';

const FAMILIES: readonly PackageFamily[] = ['amazon-linux', 'debian', 'red-hat'];

const COPY = join(__dirname, '../../../lib/host/boot/50-copy.sh');

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

test.each([
  ['German', 'FEHLER:  Replikations-Slot »standby« ist aktiv für PID 4711', true],
  ['French', 'ERREUR:  le slot de réplication « standby » est actif pour le PID 4711', true],
  ['Spanish', 'ERROR:  el slot de replicación «standby» está activo para el PID 4711', true],
  ['Japanese', 'ERROR:  レプリケーションスロット"standby"はPID 4711で使用中です', true],
  ['Chinese', 'ERROR:  用于PID4711的复制槽"standby"是活动的', true],
  ['English, of another slot', 'ERROR:  replication slot "other" is active for PID 4711', false],
  ['English, of none', 'ERROR:  replication slot "standby" does not exist', false],
])('a busy slot is known by what the primary says in %s', (_language, text, busy) => {
  const directory = mkdtempSync(join(tmpdir(), 'pontoon-copy-'));
  writeFileSync(join(directory, 'copy.err'), `${text}\n`);
  const script = 'source "$1"; STATE=$2; SLOT=standby; slot_is_busy && echo busy || echo free';
  const { stdout } = spawnSync('bash', ['-euc', script, 'bash', COPY, directory], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  rmSync(directory, { recursive: true });
  expect(stdout).toBe(busy ? 'busy\n' : 'free\n');
});
