import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootScript } from '../../lib/oci/postgres-host/files';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pontoon-start-'));
  mkdirSync(join(directory, 'data'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Runs `start_server` where a power cut left the number of a process in the lock file that is somebody else's now. */
function started(systemctl: string): { readonly said: string[]; readonly status: number | null } {
  const parameters = join(directory, 'server.env');
  writeFileSync(parameters, 'REGION=here\nTIMEOUT_SECONDS=600\n');
  const [functions = ''] = bootScript('red-hat').split('\nmkdir -p $STATE');
  const script = `
DATA=${join(directory, 'data')}
write_configuration() { :; }
write_unit() { :; }
say() { echo "$*"; }
pause() { /bin/sleep 0.05; }
systemctl() { case $1 in ${systemctl} esac; }
echo $$ >$DATA/postmaster.pid
start_server
echo 'others may run'
kill $!`;
  const body = functions.replace(/^PARAMETERS=.*$/m, `PARAMETERS=${parameters}`);
  const { stdout, stderr, status } = spawnSync('bash', ['-c', `${body}\n${script}`], {
    cwd: directory,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return { said: stdout.trimEnd().split('\n'), status };
}

const ACTIVE = 'is-active) echo active ;;';

test('nothing runs as the server’s user until the server has its data', () => {
  const starts = `reload-or-restart)
    (cd $DATA && /bin/sleep 0.5 && echo 'the server has its data' && echo $BASHPID >postmaster.pid && exec /bin/sleep 60) &
    ;;`;
  expect(started(`${starts} ${ACTIVE}`)).toEqual({
    said: ['the server has its data', 'others may run'],
    status: 0,
  });
});

test('a server that systemd gave up is started at once', () => {
  const asked = '*) echo "$*" >>asked ;;';
  started(`is-active) echo failed ;; ${asked}`);
  expect(readFileSync(join(directory, 'asked'), 'utf8').trimEnd().split('\n')).toEqual([
    'daemon-reload',
    'reset-failed pontoon-postgres',
    'reload-or-restart pontoon-postgres',
  ]);
});

test('a server that does not start is not waited for', () => {
  expect(started('is-active) echo failed ;;')).toEqual({
    said: ['failed: PostgreSQL does not run'],
    status: 1,
  });
});
