import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { PontoonError } from '../../postgres';
import { embeddedAlias, howToInstall } from './packages';

/** A program of PostgreSQL's that is used when an installed PostgreSQL of the right major has it. */
export type ClientTool = 'pg_basebackup' | 'pg_dump' | 'psql' | 'pg_rewind';

/** Where the server of a major was found. */
export interface ServerSource {
  /** `embedded`: an npm package, to be staged; `installed`: a PostgreSQL of this machine. */
  readonly kind: 'embedded' | 'installed';
  /** The package's `native` directory, or the installation's `bin` directory. */
  readonly directory: string;
}

/**
 * Finds the server of `major`: the embedded package, whose version is exact, before an installed one. One that must have
 * an `extension` that is none of PostgreSQL's own is an installed one.
 * Throws a PontoonError with code NO_SERVER that names the npm command.
 */
export async function findServer(
  major: number,
  startDirectories: readonly string[] = [__dirname, process.cwd()],
  extension?: string,
): Promise<ServerSource> {
  if (extension !== undefined) return await findServerWith(extension, major);
  for (const start of startDirectories) {
    const native = await embeddedNative(start, embeddedAlias(major));
    if (native !== undefined) return { kind: 'embedded', directory: native };
  }
  const directory = await installedDirectory(major, ['postgres', 'initdb']);
  if (directory !== undefined) return { kind: 'installed', directory };
  throw new PontoonError(
    'NO_SERVER',
    `a rehearsal with PostgreSQL ${major} requires its server on this machine, got none; ${howToInstall(major)}`,
  );
}

/** Finds an installed server of `major` that has `extension`; PATH leads to one in an unusual place. */
async function findServerWith(extension: string, major: number): Promise<ServerSource> {
  const directory = await installedDirectory(major, ['postgres', 'initdb'], (found) =>
    hasExtension(found, major, extension),
  );
  if (directory !== undefined) return { kind: 'installed', directory };
  throw new PontoonError(
    'NO_SERVER',
    `a rehearsal with PostgreSQL ${major} and ${extension} requires both on this machine, got none; install them (Debian: postgresql-${major}-${extension}), or add their 'bin' directory to PATH`,
  );
}

/** Where packages put what extensions share, as seen from `bin`: Debian's, PGDG's for Oracle Linux, and sources'. */
const SHARED = ['../../../../share/postgresql/MAJOR', '../share', '../share/postgresql'];

async function hasExtension(bin: string, major: number, extension: string): Promise<boolean> {
  const controls = SHARED.map((shared) =>
    join(bin, shared.replace('MAJOR', String(major)), 'extension', `${extension}.control`),
  );
  return (await Promise.all(controls.map(exists))).includes(true);
}

/** The path of an installed `tool` of `major`, or undefined if there is none and a stand-in is needed. */
export async function findClientTool(major: number, tool: ClientTool): Promise<string | undefined> {
  const directory = await installedDirectory(major, [tool]);
  return directory === undefined ? undefined : join(directory, tool);
}

// Not require.resolve: the package exports nothing but its entry, and the user's project is not ours.
async function embeddedNative(start: string, alias: string): Promise<string | undefined> {
  for (let directory = start; ; directory = dirname(directory)) {
    const native = join(directory, 'node_modules', alias, 'native');
    if (await exists(join(native, 'bin', 'postgres'))) return native;
    if (directory === dirname(directory)) return undefined;
  }
}

async function installedDirectory(
  major: number,
  programs: readonly string[],
  suits: (directory: string) => Promise<boolean> = async () => true,
): Promise<string | undefined> {
  const usual = [
    `/usr/lib/postgresql/${major}/bin`,
    `/usr/pgsql-${major}/bin`,
    `/opt/homebrew/opt/postgresql@${major}/bin`,
    `/usr/local/opt/postgresql@${major}/bin`,
  ];
  for (const directory of usual)
    if ((await holds(directory, programs)) && (await suits(directory))) return directory;
  // Anywhere else the path does not tell the major.
  for (const directory of (process.env.PATH ?? '').split(delimiter).filter(isAbsolute)) {
    const isOfMajor = async (): Promise<boolean> => {
      const versions = programs.map((program) => majorOf(join(directory, program)));
      return (await Promise.all(versions)).every((version) => version === major);
    };
    if ((await holds(directory, programs)) && (await isOfMajor()) && (await suits(directory)))
      return directory;
  }
  return undefined;
}

async function holds(directory: string, programs: readonly string[]): Promise<boolean> {
  const found = await Promise.all(
    programs.map((program) => isExecutable(join(directory, program))),
  );
  return found.every(Boolean);
}

/** The major that a program says it is of, or undefined if it is none of PostgreSQL's. */
async function majorOf(program: string): Promise<number | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, ['--version']);
    const [, major] = /\(PostgreSQL\) (\d+)/.exec(stdout) ?? [];
    return major === undefined ? undefined : Number(major);
  } catch {
    // A broken one cannot be used.
    return undefined;
  }
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
