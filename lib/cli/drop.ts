import type { Command } from './command';
import { ExitCode } from './exit-code';
import { inputDescription, RECONCILE_OPTIONS, reconcileCommand } from './reconcile';

/** Drops an object from a server. */
export const dropCommand: Command = {
  name: 'drop',
  summary: 'drop an object that apply made',
  usage: '[OPTIONS] < object.json',
  description: [
    'Drops the object that a spec describes, if it is the owner’s. What somebody else made, or what',
    'was adopted, stays, and that is no failure.',
    '',
    ...inputDescription('drop'),
  ],
  options: RECONCILE_OPTIONS,
  exitCodes: {
    [ExitCode.FINE]: 'the object is gone, or is not ours to drop',
    [ExitCode.FAILED]: 'it could not be dropped',
    [ExitCode.USAGE]: 'the command line or the input cannot be understood',
  },
  run: (options, io) => reconcileCommand('drop', options, io),
};
