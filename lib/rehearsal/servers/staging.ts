import { chmod, mkdir, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { findServer } from './binaries';
import { copyTree, hasCode } from './tree';
import { perWorkspace, type Workspace } from './workspace';

/** A link that the package lists because npm's tarballs cannot hold links; install scripts may be off. */
interface ListedLink {
  readonly source: string;
  readonly target: string;
}

/**
 * The directory with `postgres` and `initdb` of a major, ready for the servers' account; with `extension`, of a server
 * that has it.
 */
export async function serverBinaries(
  workspace: Workspace,
  major: number,
  extension?: string,
): Promise<string> {
  if (extension === undefined) return await embeddedBinaries(workspace, major);
  return (await findServer(major, undefined, extension)).directory;
}

const embeddedBinaries = perWorkspace<number, string>(async (workspace, major) => {
  const { kind, directory } = await findServer(major);
  return kind === 'installed' ? directory : await stage(workspace, directory);
});

// The checkout may lie in a directory that only its owner enters, so the servers run from a copy.
async function stage(workspace: Workspace, native: string): Promise<string> {
  const staged = await workspace.makeDirectory('postgres');
  await copyTree(native, staged, {
    owner: workspace.account,
    directoryMode: 0o755,
    // A link shares its mode with the file in node_modules, which is not ours to change.
    mayLink: (mode) => workspace.account === undefined || (mode & 0o004) !== 0,
    include: (path) => !path.endsWith('.a'),
  });
  await makeLinks(native, staged);
  await makeExecutable(join(staged, 'bin'));
  return join(staged, 'bin');
}

async function makeLinks(native: string, staged: string): Promise<void> {
  const listed: unknown = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8'));
  if (!Array.isArray(listed)) return;
  for (const { source, target } of listed as readonly ListedLink[]) {
    const link = join(
      dirname(staged),
      target.replace(/^native/, relative(dirname(staged), staged)),
    );
    const to = join(dirname(staged), source.replace(/^native/, relative(dirname(staged), staged)));
    await mkdir(dirname(link), { recursive: true });
    // The package's own install script may have made it, to wherever it points.
    await rm(link, { force: true });
    await symlink(relative(dirname(link), to), link);
  }
}

async function makeExecutable(bin: string): Promise<void> {
  for (const program of await readdir(bin)) {
    try {
      await chmod(join(bin, program), 0o755);
    } catch (error) {
      if (!hasCode(error, 'EPERM')) throw error;
    }
  }
}
