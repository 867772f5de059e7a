import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

// Its standard input closes when this process ends, however it ends. Then it stops what is still
// registered (one file for each process: the name is the number, the content the signal), frees the
// shared memory of servers that were killed (the seventh line of their postmaster.pid) and removes
// the directory, again and again as long as a dying backend writes into it. Plain sh, because it
// must outlive Node.
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
for file in "$1"/*/data/postmaster.pid; do
  [ -f "$file" ] && ipcrm -m "$(sed -n '7s/.* //p' "$file")" 2> /dev/null
done
tries=0
while [ -d "$1" ] && [ "$tries" -lt 100 ]; do
  [ "$tries" -gt 0 ] && sleep 0.1
  tries=$((tries + 1))
  rm -rf "$1" 2> /dev/null
done
`;

/** A process that clears a workspace away, and does so too when ours ends without asking for it. */
export interface Watchdog {
  /** Lets it clear the workspace away, and waits until it has. */
  clearAway(): Promise<void>;
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
    clearAway: async () => {
      child.ref();
      stdin?.end();
      await exited;
    },
  };
}
