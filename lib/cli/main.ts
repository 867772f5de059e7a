import { PontoonError } from '../postgres';
import { version } from '../rehearsal';
import { readArguments } from './arguments';
import type { Command } from './command';
import { ExitCode } from './exit-code';
import { commandHelp, overview } from './help';
import { type Io, writeLine } from './io';
import { UsageError } from './usage-error';

/** Runs the command that `args` name, and says how it ended. Never throws. */
export async function main(
  commands: readonly Command[],
  args: readonly string[],
  io: Io,
): Promise<ExitCode> {
  try {
    return await dispatch(commands, args, io);
  } catch (error) {
    writeLine(io.stderr, `pontoon: ${describe(error, args.includes('--debug'))}`);
    return error instanceof UsageError ? ExitCode.USAGE : ExitCode.FAILED;
  }
}

async function dispatch(
  commands: readonly Command[],
  [first, ...rest]: readonly string[],
  io: Io,
): Promise<ExitCode> {
  if (first === '--version') {
    writeLine(io.stdout, version());
    return ExitCode.FINE;
  }
  if (first === '--help' || first === 'help') {
    io.stdout.write(overview(commands));
    return ExitCode.FINE;
  }
  const command = commands.find(({ name }) => name === first);
  if (command === undefined) throw unknownCommand(commands, first);
  if (rest.includes('--help')) {
    io.stdout.write(commandHelp(command));
    return ExitCode.FINE;
  }
  return await command.run(readArguments(command, rest), io);
}

function unknownCommand(commands: readonly Command[], got: string | undefined): UsageError {
  const known = commands.map(({ name }) => name).join(', ');
  return new UsageError(
    `a command must be one of ${known}, got ${got === undefined ? 'nothing' : `'${got}'`}; see 'pontoon --help'`,
  );
}

/** What people read of `error`: what it says, and only with `debug` where it comes from and why. */
function describe(error: unknown, debug: boolean): string {
  if (!(error instanceof Error)) return String(error);
  if (debug) return withCauses(error);
  if (error instanceof PontoonError) return error.message;
  return `${error.message}; this was not foreseen, run again with --debug to see where it comes from`;
}

function withCauses(error: Error): string {
  const stack = error.stack ?? error.message;
  const { cause } = error;
  if (cause === undefined) return stack;
  return `${stack}\ncaused by: ${cause instanceof Error ? withCauses(cause) : JSON.stringify(cause)}`;
}
