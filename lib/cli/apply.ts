import type { Command } from './command';
import { ExitCode } from './exit-code';
import { inputDescription, RECONCILE_OPTIONS, reconcileCommand } from './reconcile';

/** Makes a server have an object. */
export const applyCommand: Command = {
  name: 'apply',
  summary: 'make a server have an object: a role, a slot, a publication, …',
  usage: '[OPTIONS] < object.json',
  description: [
    'Makes a server have the object that a spec describes. Doing so twice changes nothing.',
    '',
    ...inputDescription('apply'),
  ],
  options: {
    plan: { description: 'print the statements, secrets blanked out, and change nothing' },
    ...RECONCILE_OPTIONS,
  },
  exitCodes: {
    [ExitCode.FINE]: 'the object is as described',
    [ExitCode.FAILED]: 'it could not be made, or belongs to somebody else',
    [ExitCode.USAGE]: 'the command line or the input cannot be understood',
  },
  run: (options, io) => reconcileCommand('apply', options, io),
};
