import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { PontoonError, parseLsn, quoteIdentifier, supports } from '../../postgres';
import type { Upstream } from './replication-files';
import type { Server } from './server';
import type { StandIn } from './shims';
import { copyTree } from './tree';
import { type Workspace, writeOwn } from './workspace';

/** What copies a primary where no installed pg_basebackup of its major is found. */
export const BASE_BACKUP_STAND_IN: StandIn = {
  name: 'pg_basebackup',
  reason:
    'the embedded servers come without client programs; an installed pg_basebackup of the same major is used instead if there is one',
  behaviours: [
    'connects as the replication role, with TLS verified: pg_hba, password and REPLICATION count',
    'creates the physical slot with WAL reserved before it copies, and refuses a name that is taken',
    'uses a slot that exists when it is told not to create one',
    'copies a primary that is being written to, without stopping it',
    'copies a standby',
    'brings the WAL along that makes the copy consistent, so that it starts without the primary',
    'leaves out slots, temporary files and what belongs to the running server',
    'makes the copy a standby that names its slot, its certificate and a password file',
    'refuses a server with tablespaces',
  ],
};

const EMPTY_DIRECTORIES = new Set([
  'pg_dynshmem',
  'pg_notify',
  'pg_replslot',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
  'pg_wal',
]);

const LEFT_OUT = new Set([
  'backup_label',
  'backup_manifest',
  'current_logfiles',
  // Last of all: it says from where a copy of a standby is consistent.
  'global/pg_control',
  'postgresql.auto.conf.tmp',
  'postmaster.opts',
  'postmaster.pid',
  'tablespace_map',
]);

/** What is copied from where to where. */
export interface BaseBackup {
  readonly upstream: Upstream;
  /** Whether the slot is created; otherwise it must exist. */
  readonly createSlot: boolean;
  /** The data directory to make. */
  readonly dataDirectory: string;
}

/** Copies a running server's data directory. Throws PontoonErrors and the server's own errors. */
export async function copyByStandIn(workspace: Workspace, backup: BaseBackup): Promise<void> {
  const { server } = backup.upstream;
  const client = new Client(server.controlConfig());
  await client.connect();
  try {
    await requireNoTablespaces(client, server);
    await reserveSlot(backup);
    // The backup lasts as long as this session does.
    const started = supports(server.major, 'backup-functions-renamed')
      ? "SELECT pg_backup_start('pontoon rehearsal', true)"
      : "SELECT pg_start_backup('pontoon rehearsal', true, false)";
    await client.query(started);
    await copyFiles(workspace, server, backup.dataDirectory);
    const label = await stopBackup(client, server.major);
    await writeOwn(workspace, join(backup.dataDirectory, 'backup_label'), label.text);
    await copyWal(workspace, backup, label);
  } finally {
    await client.end();
  }
}

// The role itself does it, by the replication protocol, so that its rights are tried.
async function reserveSlot({ upstream, createSlot }: BaseBackup): Promise<void> {
  const config = upstream.server.connectionConfig('postgres', upstream.role);
  const client = new Client({ ...config, replication: 'true' } as typeof config);
  await client.connect();
  try {
    await client.query('IDENTIFY_SYSTEM');
    if (!createSlot) return;
    await client.query(
      `CREATE_REPLICATION_SLOT ${quoteIdentifier(upstream.slot)} PHYSICAL RESERVE_WAL`,
    );
  } finally {
    await client.end();
  }
}

async function copyFiles(
  workspace: Workspace,
  server: Server,
  dataDirectory: string,
): Promise<void> {
  await copyTree(server.dataDirectory, dataDirectory, {
    owner: workspace.account,
    directoryMode: 0o700,
    include: belongsToBackup,
    mayVanish: true,
  });
  const control = join(dataDirectory, 'global', 'pg_control');
  await copyFile(join(server.dataDirectory, 'global', 'pg_control'), control);
  await workspace.giveAway(control);
}

function belongsToBackup(path: string): boolean {
  const [top = '', ...rest] = path.split('/');
  if (EMPTY_DIRECTORIES.has(top) && rest.length > 0) return path === 'pg_wal/archive_status';
  const file = rest.at(-1) ?? top;
  return (
    !LEFT_OUT.has(path) && !file.startsWith('pgsql_tmp') && !file.startsWith('pg_internal.init')
  );
}

interface BackupLabel {
  readonly text: string;
  /** The WAL file in which the copy begins: timeline and segment. */
  readonly firstFile: string;
  /** Where the copy is consistent. */
  readonly lastPosition: string;
}

async function stopBackup(client: Client, major: number): Promise<BackupLabel> {
  const stop = supports(major, 'backup-functions-renamed')
    ? 'pg_backup_stop(false)'
    : 'pg_stop_backup(false, false)';
  const { rows } = await client.query<{ lsn: string; labelfile: string }>(
    `SELECT lsn::text, labelfile FROM ${stop}`,
  );
  const { lsn = '', labelfile = '' } = rows[0] ?? {};
  const firstFile = /\(file ([0-9A-F]{24})\)/.exec(labelfile)?.[1];
  if (firstFile === undefined) {
    throw new PontoonError(
      'BACKUP_FAILED',
      `a backup label must name its first WAL file, got ${JSON.stringify(labelfile)}; report this`,
    );
  }
  return { text: labelfile, firstFile, lastPosition: lsn };
}

async function copyWal(
  workspace: Workspace,
  { upstream: { server }, dataDirectory }: BaseBackup,
  { firstFile, lastPosition }: BackupLabel,
): Promise<void> {
  const source = join(server.dataDirectory, 'pg_wal');
  const files = await readdir(source);
  const size = await walSegmentBytes(server);
  const last = parseLsn(lastPosition) / size;
  const wanted = files.filter(
    (file) =>
      file.endsWith('.history') ||
      (/^[0-9A-F]{24}$/.test(file) && file >= firstFile && segmentOf(file, size) <= last),
  );
  for (const file of wanted) {
    await copyFile(join(source, file), join(dataDirectory, 'pg_wal', file));
    await workspace.giveAway(join(dataDirectory, 'pg_wal', file));
  }
}

function segmentOf(file: string, segmentBytes: bigint): bigint {
  const high = BigInt(`0x${file.slice(8, 16)}`);
  const low = BigInt(`0x${file.slice(16, 24)}`);
  return high * (0x1_0000_0000n / segmentBytes) + low;
}

async function walSegmentBytes(server: Server): Promise<bigint> {
  const client = new Client(server.controlConfig());
  await client.connect();
  try {
    const { rows } = await client.query<{ bytes: string }>(
      "SELECT setting AS bytes FROM pg_settings WHERE name = 'wal_segment_size'",
    );
    return BigInt(rows[0]?.bytes ?? '');
  } finally {
    await client.end();
  }
}

async function requireNoTablespaces(client: Client, server: Server): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT spcname AS name FROM pg_tablespace WHERE spcname !~ '^pg_' ORDER BY 1",
  );
  if (rows.length === 0) return;
  throw new PontoonError(
    'UNSUPPORTED',
    `a standby of server ${JSON.stringify(server.name)} cannot be made while it has tablespaces, got ${rows.map(({ name }) => quoteIdentifier(name)).join(', ')}; both servers are on this machine and would share their directories`,
  );
}
