import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

// Its standard input closes when this process ends, however it ends. Then it stops what is still
// registered (one file for each process: the name is the number, the content the signal) and
// removes the directory. Plain sh, because it must outlive Node.
const SCRIPT = `
cat > /dev/null
each() {
  for file in "$1"/processes/*; do
    [ -f "$file" ] && "$2" "\${file##*/}" "$file"
  done
}
ask() { kill -s "$(cat "$2")" "$1" 2> /dev/null; }
force() { kill -s KILL "$1" 2> /dev/null; }
alive=
note() { kill -s 0 "$1" 2> /dev/null && alive=yes; }
each "$1" ask
tries=0
while [ "$tries" -lt 100 ]; do
  alive=
  each "$1" note
  [ -z "$alive" ] && break
  tries=$((tries + 1))
  sleep 0.1
done
[ -n "$alive" ] && each "$1" force
rm -rf "$1"
`;

/** A process that clears a workspace away when ours ends without having done so. */
export interface Watchdog {
  /** Lets it go, and waits until it is gone. */
  release(): Promise<void>;
}

/** Starts the watchdog of `directory`. */
export function startWatchdog(directory: string): Watchdog {
  const child: ChildProcess = spawn('/bin/sh', ['-c', SCRIPT, 'pontoon-watchdog', directory], {
    cwd: '/',
    detached: true,
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const exited = once(child, 'exit');
  child.unref();
  const { stdin } = child;
  // A pipe is a socket in Node; without this it would keep the process alive.
  if (stdin !== null && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
  return {
    release: async () => {
      child.ref();
      stdin?.end();
      await exited;
    },
  };
}
