import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { shown } from '../postgres';
import { type Io, writeLine } from './io';
import { UsageError } from './usage-error';

/** Plain data, and the directory that paths in it start from. */
export interface JsonInput {
  readonly value: unknown;
  readonly directory: string;
}

/** What a command reads from stdin. */
export interface StdinFormat {
  /** The command's name. */
  readonly command: string;
  /** Input that it understands, as lines. */
  readonly example: readonly string[];
}

/** Reads JSON from stdin. Throws a UsageError that shows an example, and never quotes what it read. */
export async function readStdin(io: Io, { command, example }: StdinFormat): Promise<JsonInput> {
  const { stdin, stderr, directory } = io;
  if (stdin.isTTY === true)
    writeLine(stderr, `pontoon ${command} reads JSON from stdin: type it and end with Ctrl-D`);
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString('utf8');
  if (text.trim() !== '')
    return { value: parse(text, 'stdin', `see 'pontoon ${command} --help'`), directory };
  throw new UsageError(
    [
      `'pontoon ${command}' must be given JSON on stdin, got nothing; pipe it in, such as`,
      ...exampleLines(command, example),
      `and see 'pontoon ${command} --help'`,
    ].join('\n'),
  );
}

/** An example of what is piped into a command, for its help and for whoever forgot it. */
export function exampleLines(command: string, example: readonly string[]): readonly string[] {
  return [`pontoon ${command} << JSON`, ...example, 'JSON'].map((line) => `  ${line}`);
}

/** Reads JSON from `file`. Throws a UsageError that never quotes what it read. */
export function readJsonFile({ directory }: Io, file: string, option: string): JsonInput {
  const path = resolve(directory, file);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      `'--${option}' must be a readable file, got ${shown(file)}; correct its name`,
      { cause: error },
    );
  }
  return { value: parse(text, `--${option}`, 'correct the file'), directory: dirname(path) };
}

function parse(text: string, what: string, wayOut: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes what it read.
    const got = text.trim() === '' ? 'nothing' : 'something else';
    throw new UsageError(`'${what}' must be JSON, got ${got}; ${wayOut}`);
  }
}
