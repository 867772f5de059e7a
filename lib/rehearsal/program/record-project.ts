import { fork } from 'node:child_process';
import { PontoonError } from '../../postgres';
import { isRecord } from '../assembly';
import { packageFile } from '../package-file';
import type { RecordRequest } from '../pulumi-program/child';
import type { RegisteredResource } from '../pulumi-program/registered-resource';
import type { PulumiProject } from './project';

/** How much of what a program says is kept for when it fails. */
const KEPT_CHARACTERS = 8_000;

/**
 * Runs a program in a process of its own, without an engine and a cloud, and returns what it registers.
 *
 * @throws PontoonError with code PROGRAM and what the program failed with.
 */
export async function recordProject(
  { name: project, stack, directory, main, config }: PulumiProject,
  signal?: AbortSignal,
): Promise<readonly RegisteredResource[]> {
  const child = fork(packageFile('dist/lib/rehearsal/pulumi-program/child.js'), {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    ...(signal === undefined ? {} : { signal }),
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-KEPT_CHARACTERS);
    });
  let answer: unknown;
  child.once('message', (message) => {
    answer = message;
  });
  const request: RecordRequest = { project, stack, config, main };
  child.send(request);
  const ended = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, ending) => resolve(String(code ?? ending)));
  });
  if (isRecord(answer) && Array.isArray(answer.resources))
    return answer.resources as readonly RegisteredResource[];
  const failure = isRecord(answer) ? String(answer.failure) : `exit code ${ended}: ${said.trim()}`;
  throw new PontoonError(
    'PROGRAM',
    `program '${project}' must register its resources, got ${failure}; mend what it says`,
  );
}
