import { readFileSync } from 'node:fs';
import { PontoonError } from '../../postgres';

/** A user of this machine. */
export interface Account {
  /** The user's number. */
  readonly uid: number;
  /** The number of the user's main group. */
  readonly gid: number;
}

/**
 * The account that servers run as: undefined stands for our own.
 * PostgreSQL refuses to run as root, so root hands its servers to `nobody`.
 */
export function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [, , uid, gid] = passwdEntry('nobody');
  if (uid === undefined || gid === undefined || !/^\d+$/.test(uid) || !/^\d+$/.test(gid)) {
    throw new PontoonError(
      'NO_UNPRIVILEGED_USER',
      "a rehearsal by root requires the user 'nobody' in /etc/passwd, got none; run it as an ordinary user",
    );
  }
  return { uid: Number(uid), gid: Number(gid) };
}

// initdb looks its own user up by number, so a number without an entry would not do.
function passwdEntry(user: string): readonly string[] {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  return (lines.find((line) => line.startsWith(`${user}:`)) ?? '').split(':');
}
