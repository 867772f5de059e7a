import { constants } from 'node:fs';
import { copyFile, lchown, link, lstat, mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from './account';

/** How a directory is copied. */
export interface CopyOptions {
  /** Who owns the copy. @default - whoever runs this process */
  readonly owner?: Account | undefined;
  /** Mode of every directory of the copy. */
  readonly directoryMode: number;
  /** Whether the entry at `path` (relative, with `/`) is copied. @default - all are */
  readonly include?: (path: string) => boolean;
  /** Whether a file may be hard-linked instead of copied. @default - none may */
  readonly mayLink?: (mode: number) => boolean;
  /** Whether a file that vanishes while it is copied is skipped. @default false */
  readonly mayVanish?: boolean;
}

/** Copies the directory `source` to `target`, which must not exist or be empty. */
export async function copyTree(
  source: string,
  target: string,
  options: CopyOptions,
): Promise<void> {
  await copyDirectory(source, target, '', options);
}

async function copyDirectory(
  source: string,
  target: string,
  path: string,
  options: CopyOptions,
): Promise<void> {
  await mkdir(join(target, path), { recursive: true, mode: options.directoryMode });
  await own(join(target, path), options);
  for (const entry of await readdir(join(source, path), { withFileTypes: true })) {
    const inner = path === '' ? entry.name : `${path}/${entry.name}`;
    if (options.include?.(inner) === false) continue;
    try {
      if (entry.isDirectory()) await copyDirectory(source, target, inner, options);
      else if (entry.isSymbolicLink()) await copyLink(source, target, inner, options);
      else if (entry.isFile()) await copyOne(source, target, inner, options);
    } catch (error) {
      if (options.mayVanish !== true || !hasCode(error, 'ENOENT')) throw error;
    }
  }
}

async function copyLink(source: string, target: string, path: string, options: CopyOptions) {
  await symlink(await readlink(join(source, path)), join(target, path));
  await own(join(target, path), options);
}

async function copyOne(source: string, target: string, path: string, options: CopyOptions) {
  if (options.mayLink?.((await lstat(join(source, path))).mode) === true) {
    if (await tryLink(join(source, path), join(target, path))) return;
  }
  await copyFile(join(source, path), join(target, path), constants.COPYFILE_FICLONE);
  await own(join(target, path), options);
}

// Another file system, a container's layers or the kernel's protection of hard links: copy instead.
async function tryLink(source: string, target: string): Promise<boolean> {
  try {
    await link(source, target);
    return true;
  } catch (error) {
    if (hasCode(error, 'EXDEV', 'EPERM', 'EACCES', 'EMLINK', 'ENOTSUP')) return false;
    throw error;
  }
}

async function own(path: string, { owner }: CopyOptions): Promise<void> {
  if (owner !== undefined) await lchown(path, owner.uid, owner.gid);
}

/** Whether `error` carries one of `codes`, as errors of Node's file functions do. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  // Not `instanceof Error`: under jest, Node's own errors come from another realm.
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  return codes.includes(String(error.code));
}
