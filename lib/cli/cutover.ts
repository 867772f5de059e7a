import { CUTOVER_STEPS } from '../postgres';
import type { Arguments } from './arguments';
import type { Command } from './command';
import { cutoverDescription, readCutover } from './cutover-input';
import { LIFT, LIFT_OPTIONS, liftCommand, requireLiftAlone } from './cutover-lift';
import { WALK_EXIT_CODES, WALK_OPTIONS, walkCommand } from './cutover-walk';
import { ExitCode } from './exit-code';
import type { Io } from './io';

/** Makes another server the writer. */
export const cutoverCommand: Command = {
  name: 'cutover',
  summary: 'switch the writers: fence, catch up, switch, open; or undo it all',
  usage: '[OPTIONS] [--file FILE | --state-machine ARN | < cutover.json]',
  description: [
    'Makes another server the writer, without losing an acknowledged write. Whatever fails before the new',
    'writer opens is undone, as is what Ctrl-C breaks off; a walk that was killed goes on when its owner',
    'runs it again. The steps:',
    '',
    ...CUTOVER_STEPS.map(({ id, title }) => `  ${id.padEnd(13)} ${title}`),
    '',
    ...cutoverDescription('cutover'),
  ],
  options: { ...WALK_OPTIONS, ...LIFT_OPTIONS },
  exitCodes: {
    [ExitCode.FINE]: `${WALK_EXIT_CODES[ExitCode.FINE]}; with --${LIFT}: none stands past its deadline`,
    [ExitCode.FAILED]: `${WALK_EXIT_CODES[ExitCode.FAILED]}; with --${LIFT}: one does still`,
    [ExitCode.USAGE]: WALK_EXIT_CODES[ExitCode.USAGE],
    [ExitCode.UNCHECKED]: `${WALK_EXIT_CODES[ExitCode.UNCHECKED]}; with --${LIFT}: no server said whether one stands`,
  },
  run: async (options, io) => {
    if (options.flag(LIFT)) return await lift(options, io);
    return await walkCommand('cutover', {
      options,
      io,
      read: () => readCutover('cutover', options, io),
    });
  },
};

async function lift(options: Arguments, io: Io): Promise<ExitCode> {
  requireLiftAlone(options);
  return await liftCommand(await readCutover('cutover', options, io), options, io);
}
