import { CutoverPhase, PontoonError } from '../postgres';
import { type CutoverStatus, status } from '../runner';
import type { Command } from './command';
import { gatesExitCode } from './cutover-dry-run';
import { cutoverDescription, INPUT_OPTIONS, readCutover } from './cutover-input';
import { withServices } from './cutover-services';
import { ExitCode } from './exit-code';
import { writeJson, writeLine } from './io';
import { partialStatusCommand, type WithServices } from './partial-status';
import { areLockedOut, linesOf, statusRows } from './status-rows';

/** Says how far a migration is. */
export const statusCommand: Command = {
  name: 'status',
  summary: 'say how far a migration is, and whether a cutover would succeed',
  usage: '[OPTIONS] [--file FILE | --state-machine ARN | < cutover.json]',
  description: [
    'Looks at the servers and at the endpoint, and changes nothing: the phase, who may be written to,',
    'where clients are sent, fences with their owners and deadlines, both ways with their lag, and gates.',
    '',
    ...cutoverDescription('status'),
  ],
  options: {
    ...INPUT_OPTIONS,
    ways: { description: 'look at the ways only, and at no gate' },
    'print-input': { description: 'print the cutover as JSON, such as for --file, and end' },
  },
  exitCodes: {
    [ExitCode.FINE]: 'a cutover may begin, or has been walked, or the migration is finalized',
    [ExitCode.FAILED]:
      'a gate is closed, clients are sent where nobody can write, or nothing of the migration is there',
    [ExitCode.USAGE]: 'the command line or the input cannot be understood',
    [ExitCode.UNCHECKED]:
      'a gate, a server or the endpoint could not be read, and no gate is closed',
  },
  async run(options, io) {
    const input = await readCutover('status', options, io);
    if (options.flag('print-input')) {
      writeJson(io.stdout, input);
      return ExitCode.FINE;
    }
    const { plan } = input;
    const waysOnly = options.flag('ways');
    const withAll: WithServices = (told, use) => withServices(told, io, () => undefined, use);
    try {
      const found = await withAll(input, (services) => status({ plan, waysOnly }, services));
      if (options.flag('json')) writeJson(io.stdout, { migration: plan.migration, ...found });
      else for (const line of linesOf(statusRows(plan, found))) writeLine(io.stdout, line);
      return found.phase === CutoverPhase.ABSENT || isShut(found) || areLockedOut(found)
        ? ExitCode.FAILED
        : gatesExitCode(found.gates);
    } catch (error) {
      if (!(error instanceof PontoonError)) throw error;
      return await partialStatusCommand(input, options, io, { failure: error, withAll });
    }
  },
};

/** Whether a walk was cut off behind its fence. */
function isShut({ fenced, writer, walking }: CutoverStatus): boolean {
  return fenced.length > 0 && writer === undefined && walking === undefined;
}
