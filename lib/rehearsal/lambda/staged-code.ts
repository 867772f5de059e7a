import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { FunctionDefinition } from './function-definition';

/** Packages that the Lambda runtime brings along, by npm scope, each with one that shows where they are. */
const RUNTIME_SCOPES = {
  '@aws-sdk': '@aws-sdk/client-secrets-manager/package.json',
  '@smithy': '@smithy/types/package.json',
} as const;

/** A function's code in a directory of its own. */
export interface StagedCode {
  readonly codeDirectory: string;
  readonly remove: () => Promise<void>;
}

/**
 * Copies a function's code to where no `node_modules` of the project is above it, so that what
 * the bundle lacks is missing here too. Only the AWS SDK is linked, as the runtime brings it.
 */
export async function stageCode(
  code: FunctionDefinition['code'],
  searchFrom: readonly string[],
  parent: string = tmpdir(),
): Promise<StagedCode> {
  const root = await mkdtemp(join(parent, 'pontoon-lambda-'));
  const codeDirectory = join(root, 'task');
  if ('directory' in code) await cp(code.directory, codeDirectory, { recursive: true });
  else {
    await mkdir(codeDirectory);
    await writeFile(join(codeDirectory, 'index.js'), code.inline);
  }
  const modules = join(root, 'node_modules');
  await mkdir(modules);
  for (const [scope, shown] of Object.entries(RUNTIME_SCOPES)) {
    const found = locate(shown, searchFrom);
    if (found !== undefined) await symlink(dirname(dirname(found)), join(modules, scope), 'dir');
  }
  return { codeDirectory, remove: () => rm(root, { recursive: true, force: true }) };
}

function locate(file: string, searchFrom: readonly string[]): string | undefined {
  for (const directory of searchFrom) {
    try {
      return createRequire(join(directory, 'noop.js')).resolve(file);
    } catch (error) {
      // Not installed there; a function that needs it says so when it asks for it.
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  return undefined;
}
