import { applyCommand } from './apply';
import type { Command } from './command';
import { diagramCommand } from './diagram';
import { dropCommand } from './drop';
import type { ExitCode } from './exit-code';
import type { Io } from './io';
import { main } from './main';
import { preflightCommand } from './preflight';
import { rehearseCommand } from './rehearse';
import { runbookCommand } from './runbook';
import { verifyCommand } from './verify';

export type { Io } from './io';

const COMMANDS: readonly Command[] = [
  rehearseCommand,
  preflightCommand,
  applyCommand,
  dropCommand,
  verifyCommand,
  runbookCommand,
  diagramCommand,
];

/** Runs the command line `args`, and returns the process's exit code. Never throws. */
export function runCommandLine(args: readonly string[], io: Io): Promise<ExitCode> {
  return main(COMMANDS, args, io);
}
