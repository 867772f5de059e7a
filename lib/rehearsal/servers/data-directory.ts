import { randomBytes } from 'node:crypto';
import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { supports } from '../../postgres';
import { run } from './run';
import { type Workspace, writeOwn } from './workspace';

/** The file in the data directory with the settings that the caller gave. */
export const OWN_SETTINGS_FILE = 'pontoon.conf';

/** A role that may do everything on a server. */
export interface Superuser {
  readonly user: string;
  readonly password: string;
}

/** A password that nobody has chosen. */
export function randomPassword(): string {
  return randomBytes(24).toString('base64url');
}

/** Runs initdb: data checksums, SCRAM, UTF-8, and the same order of texts on every machine. */
export async function initializeDataDirectory(
  workspace: Workspace,
  dataDirectory: string,
  {
    binaries,
    major,
    superuser,
  }: { readonly binaries: string; readonly major: number; readonly superuser: Superuser },
): Promise<void> {
  const passwordFile = `${dataDirectory}.password`;
  await writeOwn(workspace, passwordFile, superuser.password);
  await run(workspace, join(binaries, 'initdb'), [
    `--pgdata=${dataDirectory}`,
    `--username=${superuser.user}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    ...localeArguments(major),
    '--data-checksums',
    '--no-sync',
  ]);
  await rm(passwordFile);
  await appendFile(join(dataDirectory, 'postgresql.conf'), `\ninclude '${OWN_SETTINGS_FILE}'\n`);
  await writeOwn(workspace, join(dataDirectory, OWN_SETTINGS_FILE), '');
}

function localeArguments(major: number): readonly string[] {
  if (supports(major, 'builtin-locale')) {
    return ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  }
  // macOS has no C.UTF-8; there texts are ordered by their bytes as well.
  return [process.platform === 'linux' ? '--locale=C.UTF-8' : '--locale=C'];
}
