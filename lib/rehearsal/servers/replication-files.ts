import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteConninfo } from '../../postgres';
import { renderSettings } from './configuration';
import type { Superuser } from './data-directory';
import type { Server } from './server';
import { type Workspace, writeOwn } from './workspace';

/** How one server of the rehearsal follows another. */
export interface Upstream {
  /** The server that is followed: a primary, or a standby for a cascade. */
  readonly server: Server;
  /** The role that it follows as. */
  readonly role: Superuser;
  /** The physical slot on the upstream server. */
  readonly slot: string;
  /** The name in pg_stat_replication. */
  readonly applicationName: string;
}

/**
 * Writes the password of `upstream` into a file in `directory` and returns a connection string that
 * names it, so that no password stands on a command line or in a setting.
 */
export async function writeConninfo(
  workspace: Workspace,
  directory: string,
  { server, role, applicationName }: Upstream,
): Promise<string> {
  const passfile = join(directory, 'pgpass');
  // libpq matches addresses in certificates since 15 only; the name is verified on every major.
  const host = 'localhost';
  // For whichever server of a cluster is the primary, as on a host of ours.
  const entry = ['*', '*', '*', role.user, role.password].map(escapePassfile);
  await writeOwn(workspace, passfile, `${entry.join(':')}\n`);
  const parameters = {
    host,
    hostaddr: server.host,
    port: String(server.port),
    user: role.user,
    passfile,
    sslmode: 'verify-full',
    sslrootcert: server.caCertificateFile,
    application_name: applicationName,
  };
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${quoteConninfo(value)}`)
    .join(' ');
}

/** Makes a copied data directory that of a standby, as `pg_basebackup --write-recovery-conf` does. */
export async function writeStandbyFiles(
  workspace: Workspace,
  dataDirectory: string,
  settings: { readonly primary_conninfo: string; readonly primary_slot_name: string },
): Promise<void> {
  await appendFile(join(dataDirectory, 'postgresql.auto.conf'), renderSettings({ ...settings }));
  await writeOwn(workspace, join(dataDirectory, 'standby.signal'), '');
}

function escapePassfile(field: string): string {
  return field === '*' ? field : field.replaceAll('\\', '\\\\').replaceAll(':', '\\:');
}
