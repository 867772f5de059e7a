import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * A machine without hardware: processes with a root tree, network, mounts and process numbers of
 * their own. The tree of its distribution is shared and read-only below it. It has a stand-in for
 * systemd (see `SYSTEMCTL`), stand-ins for `aws` and `curl` that reach the cloud's stand-in, and one for `sleep`.
 */
export class Machine {
  private process?: ChildProcess;
  private readonly exited: Promise<unknown>[] = [];

  constructor(
    public readonly directory: string,
    private readonly tree: string,
    private readonly namespace: string,
  ) {
    for (const name of ['upper', 'work', 'root', 'cloud', 'by-id']) {
      mkdirSync(join(directory, name), { recursive: true });
    }
    this.write('/init', INIT, 0o755);
    this.write('/usr/local/bin/systemctl', SYSTEMCTL, 0o755);
    this.write('/usr/local/bin/aws', AWS, 0o755);
    this.write('/usr/local/bin/curl', CURL, 0o755);
    this.write('/usr/local/bin/sleep', SLEEP, 0o755);
  }

  /** Writes a file onto the machine's disk while it is off. */
  public write(path: string, text: string, mode = 0o644): void {
    const file = join(this.directory, 'upper', path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text, { mode });
  }

  /** Reads a file from the machine's own disk, whether it is on or off; '' if there is none. */
  public read(path: string): string {
    try {
      return readFileSync(join(this.directory, 'upper', path), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  }

  public start(): void {
    const isolate = ['unshare', '--pid', '--fork', '--kill-child', '--mount', '--uts', '--ipc'];
    const args = ['netns', 'exec', this.namespace, ...isolate, 'bash', '-euc', MOUNTS, 'mounts'];
    const child = spawn('ip', [...args, this.directory, this.tree], { stdio: 'ignore' });
    this.exited.push(new Promise((resolve) => child.once('exit', resolve)));
    this.process = child;
  }

  /** Cuts the power. */
  public async powerOff(): Promise<void> {
    if (this.process === undefined) return;
    const init = this.init();
    this.process.kill('SIGKILL');
    this.process = undefined;
    await Promise.all(this.exited);
    await waitFor('the end of all processes', () => !alive(init));
  }

  /** Runs a command on the machine and gives what it printed. */
  public async exec(...command: string[]): Promise<string> {
    const enter = ['-t', this.init(), '-m', '-p', '-n', '-i', '-r', '-w', '--', ...command];
    const { stdout } = await run('nsenter', enter, { maxBuffer: 16 * 1024 * 1024 });
    return stdout.trimEnd();
  }

  /** Runs SQL as the superuser, through the local socket. */
  public async sql(text: string): Promise<string> {
    const psql = ['psql', '-XAtqw', '-v', 'ON_ERROR_STOP=1', '-h', '/run/postgresql'];
    return this.exec('runuser', '-u', 'postgres', '--', ...psql, '-d', 'postgres', '-c', text);
  }

  private init(): string {
    const pid = this.process?.pid;
    if (pid === undefined) throw new Error('the machine is off');
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  }
}

/** Waits until `condition` holds, or says for what it waited in vain. */
export async function waitFor(
  what: string,
  condition: () => boolean | Promise<boolean>,
  seconds = 180,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Gives a loop device of `mebibytes`, blank. */
export function makeVolume(file: string, mebibytes: number): string {
  execFileSync('truncate', ['-s', `${mebibytes}M`, file]);
  return execFileSync('losetup', ['-f', '--show', file], { encoding: 'utf8' }).trim();
}

export function removeVolume(device: string): void {
  execFileSync('losetup', ['-d', device]);
}

function alive(pid: string): boolean {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
}

const MOUNTS = `
cd "$1"
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" root
mount -t proc proc root/proc
mount -t sysfs sysfs root/sys
mount -t tmpfs tmpfs root/run
mount -t tmpfs tmpfs root/dev
mkdir -p root/cloud root/dev/disk/by-id root/dev/shm root/run/postgresql
mknod -m 666 root/dev/null c 1 3
mknod -m 666 root/dev/zero c 1 5
mknod -m 666 root/dev/random c 1 8
mknod -m 666 root/dev/urandom c 1 9
ln -s /proc/self/fd root/dev/fd
ln -s /proc/self/fd/0 root/dev/stdin
chmod 1777 root/dev/shm
chmod 777 root/run/postgresql
mount --bind cloud root/cloud
mount --bind by-id root/dev/disk/by-id
exec chroot root /init
`;

// cloud-init runs the user data once in an instance's life; systemd the enabled units on every boot.
const INIT = `#!/bin/bash
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -a
if [[ -e /user-data && ! -e /var/lib/user-data-ran ]]; then
  touch /var/lib/user-data-ran
  bash /user-data >/var/log/user-data.log 2>&1
else
  for unit in /etc/systemd/enabled/*; do
    [[ ! -e $unit ]] || systemctl start "\${unit##*/}"
  done
fi
sleep infinity &
while :; do wait; done
`;

// Stand-in for systemd: starts a unit's ExecStart as its User with its EnvironmentFile, after its ExecStartPre, in the
// background, with its output in /var/log; by itself it restarts nothing and stops nothing.
const SYSTEMCTL = `#!/bin/bash
set -eu
verb=$1
unit=\${*: -1}
unit=\${unit%.service}
file=/etc/systemd/system/$unit.service
value() { sed -n "s/^$1=//p" "$file"; }
running() { [[ -e /run/$unit.pid ]] && kill -0 "$(cat /run/$unit.pid)" 2>/dev/null; }
start() {
  local environment user prepare
  prepare=$(value ExecStartPre)
  [[ -z $prepare ]] || eval "\${prepare#+}" >>/var/log/$unit.log 2>&1 </dev/null
  environment=$(value EnvironmentFile)
  environment=\${environment#-}
  user=$(value User)
  if [[ -n $environment ]]; then
    while IFS= read -r line; do export "\${line%%=*}=\${line#*=}"; done <"$environment"
  fi
  eval "set -- $(value ExecStart)"
  setsid runuser -u "\${user:-root}" -- "$@" >>/var/log/$unit.log 2>&1 </dev/null &
  echo $! >/run/$unit.pid
}
case $verb in
  daemon-reload | reset-failed) ;;
  enable)
    mkdir -p /etc/systemd/enabled
    touch "/etc/systemd/enabled/$unit"
    [[ $2 != --now ]] || start
    ;;
  start) running || start ;;
  restart)
    kill -INT "$(head -n 1 /var/lib/pgsql/pontoon/data/postmaster.pid)"
    while running; do sleep 0.1; done
    start
    ;;
  reload-or-restart)
    if running; then kill -HUP "$(head -n 1 /var/lib/pgsql/pontoon/data/postmaster.pid)"; else start; fi
    ;;
  is-active) if running; then echo active; else echo failed; exit 3; fi ;;
  *) echo "the stand-in does not know: systemctl $*" >&2; exit 1 ;;
esac
`;

const AWS = `#!/bin/bash
if ! answer=$(printf '%s\\n' "$@" | /usr/bin/curl -sS --fail-with-body --unix-socket /cloud/socket \\
  --data-binary @- http://cloud/aws); then
  printf '%s\\n' "$answer" >&2
  exit 254
fi
printf '%s\\n' "$answer"
`;

const CURL = `#!/bin/bash
exec /usr/bin/curl --unix-socket /cloud/socket "$@"
`;

// Stand-in for sleep: what is waited for between two attempts or looks is over after a tenth of the time.
const SLEEP = `#!/bin/bash
[[ $1 =~ ^[0-9]+$ ]] || exec /usr/bin/sleep "$1"
exec /usr/bin/sleep $(($1 / 10)).$(($1 % 10))
`;
