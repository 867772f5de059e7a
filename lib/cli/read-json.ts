import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Io } from './io';
import { UsageError } from './usage-error';

/** Plain data, and the directory that paths in it start from. */
export interface JsonInput {
  readonly value: unknown;
  readonly directory: string;
}

/** Reads JSON from stdin. Throws a UsageError that never quotes what it read. */
export async function readStdin({ stdin, directory }: Io): Promise<JsonInput> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
  return { value: parse(Buffer.concat(chunks).toString('utf8'), 'stdin'), directory };
}

/** Reads JSON from `file`. Throws a UsageError that never quotes what it read. */
export function readJsonFile({ directory }: Io, file: string, option: string): JsonInput {
  const path = resolve(directory, file);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      `'--${option}' must be a readable file, got ${JSON.stringify(file)}; correct its name`,
      { cause: error },
    );
  }
  return { value: parse(text, file), directory: dirname(path) };
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes what it read.
    const got = text.trim() === '' ? 'nothing' : 'something else';
    throw new UsageError(`'${what}' must be JSON, got ${got}; see the help of the command`);
  }
}
