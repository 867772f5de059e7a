import { CUTOVER_STEPS } from '../postgres';
import type { Command } from './command';
import { cutoverDescription, readCutover } from './cutover-input';
import { WALK_EXIT_CODES, WALK_OPTIONS, walkCommand } from './cutover-walk';

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
  options: WALK_OPTIONS,
  exitCodes: WALK_EXIT_CODES,
  run: (options, io) =>
    walkCommand('cutover', {
      options,
      io,
      read: () => readCutover('cutover', options, io),
    }),
};
