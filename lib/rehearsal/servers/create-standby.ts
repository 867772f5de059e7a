import { join } from 'node:path';
import { BASE_BACKUP_STAND_IN, type BaseBackup, copyByStandIn } from './base-backup';
import { findClientTool } from './binaries';
import type { Superuser } from './data-directory';
import { type Upstream, writeConninfo, writeStandbyFiles } from './replication-files';
import { run } from './run';
import { Server, type ServerOptions } from './server';
import type { StandIn } from './shims';
import { serverBinaries } from './staging';
import type { Workspace } from './workspace';

/** A physical standby. Its major is its upstream's. */
export interface StandbyOptions extends Omit<ServerOptions, 'major'> {
  /** The running server to copy and to follow: a primary, or a standby for a cascade. */
  readonly upstream: Server;
  /** The physical slot on the upstream server. */
  readonly slot: string;
  /** The role that it copies and follows as; it needs REPLICATION and a line in pg_hba. */
  readonly role: Superuser;
  /** Whether the slot is created. @default true */
  readonly createSlot?: boolean;
  /** The name in pg_stat_replication. @default - the server's name */
  readonly applicationName?: string;
  /** What copies. @default - an installed pg_basebackup of the major, else the stand-in */
  readonly copyBy?: 'pg_basebackup' | 'stand-in';
}

/** A standby, and what took the place of pg_basebackup, if anything did. */
export interface Standby {
  readonly server: Server;
  readonly standIn: StandIn | undefined;
}

/** Makes a physical standby of a running server; it is not started. */
export async function createStandby(
  workspace: Workspace,
  options: StandbyOptions,
): Promise<Standby> {
  const upstream: Upstream = {
    server: options.upstream,
    role: options.role,
    slot: options.slot,
    applicationName: options.applicationName ?? options.name,
  };
  const { major, superuser } = options.upstream;
  const binaries = await serverBinaries(workspace, major);
  const directory = await workspace.makeDirectory('server');
  const dataDirectory = join(directory, 'data');
  const conninfo = await writeConninfo(workspace, directory, upstream);
  const backup = { upstream, createSlot: options.createSlot ?? true, dataDirectory };

  const program =
    options.copyBy === 'stand-in' ? undefined : await findClientTool(major, 'pg_basebackup');
  if (program !== undefined) {
    await copyByProgram(workspace, { program, conninfo, backup });
  } else {
    await copyByStandIn(workspace, backup);
    await writeStandbyFiles(workspace, dataDirectory, {
      primary_conninfo: conninfo,
      primary_slot_name: options.slot,
    });
  }
  const parts = { workspace, directory, binaries, superuser };
  return {
    server: await Server.over(parts, { ...options, major }),
    standIn: program === undefined ? BASE_BACKUP_STAND_IN : undefined,
  };
}

async function copyByProgram(
  workspace: Workspace,
  {
    program,
    conninfo,
    backup,
  }: { readonly program: string; readonly conninfo: string; readonly backup: BaseBackup },
): Promise<void> {
  await run(workspace, program, [
    `--dbname=${conninfo}`,
    `--pgdata=${backup.dataDirectory}`,
    `--slot=${backup.upstream.slot}`,
    ...(backup.createSlot ? ['--create-slot'] : []),
    '--wal-method=stream',
    '--checkpoint=fast',
    '--write-recovery-conf',
    '--no-sync',
  ]);
}
