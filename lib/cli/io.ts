import type { Readable, Writable } from 'node:stream';

/** What a command reads from and writes to. */
export interface Io {
  /** Where JSON comes from. */
  readonly stdin: InputStream;
  /** Results, and nothing else. */
  readonly stdout: OutputStream;
  /** Progress and errors. */
  readonly stderr: OutputStream;
  /** The environment variables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The directory that relative paths start from. */
  readonly directory: string;
}

/** A stream to read that may be a terminal. */
export type InputStream = Readable & { readonly isTTY?: boolean };

/** A stream to write that may be a terminal. */
export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Writes `text` as one line. */
export function writeLine(stream: OutputStream, text: string): void {
  stream.write(`${text}\n`);
}

/** Writes `value` as indented JSON. */
export function writeJson(stream: OutputStream, value: unknown): void {
  stream.write(`${JSON.stringify(value, undefined, 2)}\n`);
}
