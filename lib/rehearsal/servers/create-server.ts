import { join } from 'node:path';
import { initializeDataDirectory, randomPassword } from './data-directory';
import { Server, type ServerOptions } from './server';
import { serverBinaries } from './staging';
import type { Workspace } from './workspace';

/** A server with a new, empty data directory. */
export interface NewServerOptions extends ServerOptions {
  /** The name of the role that may do everything; Aurora's is `rdsadmin`. @default 'postgres' */
  readonly superuser?: string;
  /**
   * An extension that the server must have installed, such as `pglogical`; the embedded servers have PostgreSQL's own
   * only.
   *
   * @default - none but PostgreSQL's own
   */
  readonly extension?: string;
}

/** Makes a server by initdb; it is not started. */
export async function createServer(
  workspace: Workspace,
  options: NewServerOptions,
): Promise<Server> {
  const superuser = { user: options.superuser ?? 'postgres', password: randomPassword() };
  const binaries = await serverBinaries(workspace, options.major, options.extension);
  const directory = await workspace.makeDirectory('server');
  await initializeDataDirectory(workspace, join(directory, 'data'), {
    binaries,
    major: options.major,
    superuser,
  });
  return Server.over({ workspace, directory, binaries, superuser }, options);
}
