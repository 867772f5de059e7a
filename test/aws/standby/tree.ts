import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootScript } from '../../../lib/aws/standby/user-data';

/** A distribution whose own packages hold the PostgreSQL major. */
export interface Distribution {
  readonly name: string;
  readonly suite: string;
  readonly major: number;
}

const PROBE = join(__dirname, '../../machine.sh');
const TOOLS = ['debootstrap', 'ip', 'unshare', 'nsenter', 'losetup', 'mknod', 'openssl'];

/** Why machines cannot be made here, or undefined if they can. */
export function obstacle(): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root';
  for (const tool of TOOLS) {
    if (!succeeds('sh', '-c', `command -v ${tool}`)) return `needs ${tool}`;
  }
  if (!succeeds('unshare', '-n', '-m', 'sh', PROBE)) {
    return 'needs the right to make namespaces, bridges and overlays';
  }
  if (!succeeds('losetup', '-f')) return 'needs a free loop device';
  return undefined;
}

/**
 * The root tree of `distribution`, with its packages installed by the boot script itself (from the
 * distribution: apt.postgresql.org is not used here). Made once and kept in the temporary directory.
 */
export function prepareTree({ suite, major }: Distribution): string {
  const cache = join(tmpdir(), 'pontoon-boot-trees');
  const tree = join(cache, `${suite}-${major}`);
  if (existsSync(tree)) return tree;
  const partial = `${tree}.${process.pid}`;
  mkdirSync(cache, { recursive: true });
  try {
    quietly('debootstrap', ['--variant=minbase', suite, partial]);
    installPackages(partial, major);
    renameSync(partial, tree);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    // Another test may have made the same one meanwhile.
    if (!existsSync(tree)) throw error;
  }
  return tree;
}

function installPackages(tree: string, major: number): void {
  mkdirSync(join(tree, 'etc/pontoon'));
  mkdirSync(join(tree, 'opt/pontoon'));
  const parameters = {
    REGION: 'eu-central-1',
    MAJOR: major,
    PACKAGES: 'distribution',
    SIGNAL_URL: '',
  };
  const lines = Object.entries(parameters).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(join(tree, 'etc/pontoon/standby.env'), lines.join(''));
  writeFileSync(join(tree, 'opt/pontoon/boot.sh'), bootScript('debian'));
  // Amazon's tools come from Amazon, which is out of reach: their places are taken.
  for (const tool of ['aws', 'amazon-ssm-agent']) {
    writeFileSync(join(tree, 'usr/local/bin', tool), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  }
  // A tree that was cut off is made again, so that nothing need be on the disk after each file.
  writeFileSync(join(tree, 'etc/dpkg/dpkg.cfg.d/unsafe-io'), 'force-unsafe-io\n');
  quietly('cp', ['/etc/resolv.conf', join(tree, 'etc/resolv.conf')]);
  quietly('unshare', ['--mount', '--pid', '--fork', 'sh', '-euc', INSTALL, 'install', tree]);
  rmSync(join(tree, 'etc/pontoon'), { recursive: true });
  rmSync(join(tree, 'opt/pontoon'), { recursive: true });
}

const INSTALL = `
mount -t proc proc "$1/proc"
exec chroot "$1" /bin/bash /opt/pontoon/boot.sh packages
`;

function quietly(command: string, args: readonly string[]): void {
  execFileSync(command, [...args], { stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
}

function succeeds(command: string, ...args: string[]): boolean {
  try {
    quietly(command, args);
    return true;
  } catch {
    return false;
  }
}
