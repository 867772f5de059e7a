import { addObjectKinds, PGLOGICAL_KINDS } from '../postgres';
import { applyCommand } from './apply';
import type { Command } from './command';
import { cutoverCommand } from './cutover';
import { diagramCommand } from './diagram';
import { dropCommand } from './drop';
import type { ExitCode } from './exit-code';
import { finalizeCommand } from './finalize';
import type { Io } from './io';
import { main } from './main';
import { preflightCommand } from './preflight';
import { promoteCommand } from './promote';
import { rehearseCommand } from './rehearse';
import { rollbackCommand } from './rollback';
import { runbookCommand } from './runbook';
import { statusCommand } from './status';
import { verifyCommand } from './verify';

export type { Io } from './io';

const COMMANDS: readonly Command[] = [
  rehearseCommand,
  preflightCommand,
  applyCommand,
  dropCommand,
  verifyCommand,
  statusCommand,
  cutoverCommand,
  rollbackCommand,
  finalizeCommand,
  promoteCommand,
  runbookCommand,
  diagramCommand,
];

/** Runs the command line `args`, and returns the process's exit code. Never throws. */
export function runCommandLine(args: readonly string[], io: Io): Promise<ExitCode> {
  addObjectKinds(PGLOGICAL_KINDS);
  return main(COMMANDS, args, io);
}
