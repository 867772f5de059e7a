import type { SpawnOptions } from 'node:child_process';
import { PontoonError } from '../../postgres';
import type { Workspace } from './workspace';

/** What a program that has ended wrote. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program as the servers' account and waits for it to end.
 * Its arguments must hold no secret: they are in the process list.
 * Throws a PontoonError with code PROGRAM_FAILED that holds what it wrote to stderr.
 */
export async function run(
  workspace: Workspace,
  command: string,
  args: readonly string[],
  { env }: Pick<SpawnOptions, 'env'> = {},
): Promise<Output> {
  const child = workspace.spawn(command, args, {
    ...workspace.account,
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const ended = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code === null ? String(signal) : String(code)));
  });
  if (ended === '0') return output;
  throw new PontoonError(
    'PROGRAM_FAILED',
    `${command} must end with 0, got ${ended}: ${output.stderr.trim()}`,
  );
}

/** An environment without PGHOST, PGPASSWORD and the like, which would change what programs do. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin' };
}
