import { PassThrough, Readable } from 'node:stream';
import { runCommandLine } from '../../lib/cli';

/** How a command ended, and what it wrote. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command is given beside its arguments. */
export interface CommandInput {
  /** Written to stdin as JSON, or as it is if it is a text. @default - nothing */
  readonly stdin?: unknown;
  /** Written to stdin instead, once that is read. */
  readonly typing?: () => AsyncIterable<string>;
  /** Whether stdin is a terminal. @default false */
  readonly terminal?: boolean;
  /** @default {} */
  readonly environment?: Readonly<Record<string, string>>;
  /** @default - the working directory */
  readonly directory?: string;
}

/** Runs the command line in this process, with streams that are no terminals. */
export async function pontoon(
  args: readonly string[],
  {
    stdin,
    typing,
    terminal = false,
    environment = {},
    directory = process.cwd(),
  }: CommandInput = {},
): Promise<CommandResult> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const text = typeof stdin === 'string' ? stdin : JSON.stringify(stdin ?? '');
  const code = await runCommandLine(args, {
    stdin: Object.assign(Readable.from(typing?.() ?? (stdin === undefined ? [] : [text])), {
      isTTY: terminal,
    }),
    stdout,
    stderr,
    environment,
    directory,
  });
  return { code, stdout: textOf(stdout), stderr: textOf(stderr) };
}

function textOf(stream: PassThrough): string {
  const chunk: Buffer | null = stream.read();
  return chunk === null ? '' : chunk.toString('utf8');
}
