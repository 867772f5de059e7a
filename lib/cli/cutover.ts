import { CUTOVER_STEPS } from '../postgres';
import type { Arguments } from './arguments';
import type { Command } from './command';
import { cutoverDescription, readCutover } from './cutover-input';
import { LIFT, LIFT_OPTIONS, liftCommand, requireLiftAlone } from './cutover-lift';
import { WALK_EXIT_CODES, WALK_OPTIONS, walkCommand } from './cutover-walk';
import type { ExitCode } from './exit-code';
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
    `--${LIFT} is for a timer, such as cron each minute: a fence whose deadline passed before`,
    'the new writer was decided on is lifted, also that of a rollback, and it says so. Without such a',
    'fence it says and changes nothing, and it needs no server but the fenced one. It exits with 0 if',
    'none stands past its deadline, 1 if one could not be lifted or not all of its walk be taken back,',
    'and 3 if a server did not say whether one stands.',
    '',
    ...cutoverDescription('cutover'),
  ],
  options: { ...WALK_OPTIONS, ...LIFT_OPTIONS },
  exitCodes: WALK_EXIT_CODES,
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
