import type { Command } from './command';
import { backwards, cutoverDescription, readCutover } from './cutover-input';
import { WALK_EXIT_CODES, WALK_OPTIONS, walkCommand } from './cutover-walk';

/** Makes the old writer the writer again. */
export const rollbackCommand: Command = {
  name: 'rollback',
  summary: 'switch the writers back: the same walk in the other direction',
  usage: '[OPTIONS] [--file FILE | --state-machine ARN | < cutover.json]',
  description: [
    'Makes the old writer the writer again, after a cutover that opened the new one: the same walk in the',
    'other direction, from the same input. What was written on the new writer is kept. Before a cutover',
    'has opened the new writer there is nothing to roll back: it undoes itself.',
    '',
    ...cutoverDescription('rollback'),
  ],
  options: WALK_OPTIONS,
  exitCodes: { ...WALK_EXIT_CODES, 0: 'the old writer is open again' },
  run: (options, io) =>
    walkCommand('rollback', {
      options,
      io,
      read: async () => backwards(await readCutover('rollback', options, io)),
    }),
};
