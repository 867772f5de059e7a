// Real servers with pglogical, for tests: 15 as Debian 12 packages it, 17 as Debian 13 does.
//
//   const reason = pglogicalObstacle();
//   (reason === undefined ? describe : describe.skip)('…', () => {
//     beforeAll(preparePglogical, 300_000);
//     … await startTestServer({ ...PGLOGICAL_SERVER, major: 17 })
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The majors that {@link preparePglogical} brings. */
export const PGLOGICAL_MAJORS = [15, 17] as const;

/** What a server with pglogical is started with. */
export const PGLOGICAL_SERVER = {
  extension: 'pglogical',
  settings: {
    wal_level: 'logical',
    shared_preload_libraries: 'pglogical',
    max_worker_processes: '20',
    track_commit_timestamp: 'on',
    log_error_verbosity: 'terse',
    'pglogical.synchronous_commit': 'on',
    output_plugin_libraries: 'pgoutput, test_decoding, pglogical_output',
  },
} as const;

const TREE = join(tmpdir(), 'pontoon-pglogical', 'trixie-17');
const BIN = 'usr/lib/postgresql/17/bin';

/**
 * Debian 13's programs run on Debian 12 by their own loader, without a root directory of their own: the program that
 * the server's name leads to starts the real one, and PostgreSQL finds its libraries from where that name is.
 */
const MAKE = `
tree=$1
mkdir -p "$(dirname "$tree")"
exec 9> "$tree.lock"
flock 9
[ -d "$tree" ] && exit 0
partial=$tree.partial
rm -rf "$partial"
debootstrap --variant=minbase --include=postgresql-17,postgresql-17-pglogical trixie "$partial"
for program in postgres initdb; do
  path=$partial/$2/$program
  mv "$path" "$path.real"
  printf '%s\\n' '#!/bin/sh' \\
    'tree=$(cd "$(dirname "$0")/../../../../.." && pwd)' \\
    'exec "$tree"/lib64/ld-linux-*.so.2 --argv0 "$0" --library-path "$(echo "$tree"/usr/lib/*-linux-gnu)" "$0.real" "$@"' > "$path"
  chmod 755 "$path"
done
mv "$partial" "$tree"
`;

/** Why there are no servers with pglogical here, or undefined if there are. */
export function pglogicalObstacle(): string | undefined {
  if (!existsSync('/usr/share/postgresql/15/extension/pglogical.control'))
    return 'needs postgresql-15-pglogical of Debian 12';
  if (existsSync(TREE)) return undefined;
  if (process.getuid?.() !== 0) return 'needs root, to unpack PostgreSQL 17 of Debian 13';
  if (!['/usr/sbin', '/usr/bin'].some((directory) => existsSync(join(directory, 'debootstrap'))))
    return 'needs debootstrap, to unpack PostgreSQL 17 of Debian 13';
  return undefined;
}

/** Makes the servers be found. Made once and kept in the temporary directory. */
export function preparePglogical(): void {
  execFileSync('sh', ['-euc', MAKE, 'make', TREE, BIN], {
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  });
  const path = process.env.PATH ?? '';
  const bin = join(TREE, BIN);
  if (!path.split(delimiter).includes(bin)) process.env.PATH = `${path}${delimiter}${bin}`;
}
