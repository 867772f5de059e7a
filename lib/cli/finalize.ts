import type { CutoverPlan } from '../postgres';
import { type CutoverStatus, type Finalized, finalize, status } from '../runner';
import type { Command } from './command';
import { confirm } from './confirm';
import {
  backwards,
  cutoverDescription,
  INPUT_OPTIONS,
  OWNER_OPTIONS,
  ownerOf,
  readCutover,
  requireConsent,
} from './cutover-input';
import { withServices } from './cutover-services';
import { failed } from './cutover-walk';
import { ExitCode } from './exit-code';
import { writeJson, writeLine } from './io';

/** Ends a migration for good. */
export const finalizeCommand: Command = {
  name: 'finalize',
  summary: 'end a migration for good: drop both ways, and what they needed',
  usage: '[OPTIONS] [--file FILE | --state-machine ARN | < cutover.json]',
  description: [
    'Drops subscriptions, slots, publications, the canary and the roles of both ways, so that no password',
    'of theirs is worth anything any more. The new writer must be open. There is no rollback afterwards.',
    'A login of yours that it replicated with stays, and is named: rotate its password.',
    '',
    ...cutoverDescription('finalize'),
  ],
  options: {
    ...INPUT_OPTIONS,
    ...OWNER_OPTIONS,
    'leave-fenced': {
      description: 'keep applications out of the old writer',
    },
    back: { description: 'the migration was rolled back, and ends with the old writer' },
  },
  exitCodes: {
    [ExitCode.FINE]: 'nothing of the migration is left',
    [ExitCode.FAILED]: 'something is; run it again once the message is dealt with',
    [ExitCode.USAGE]: 'the command line or the input cannot be understood, or nobody can be asked',
  },
  async run(options, io) {
    requireConsent('finalize', options, io);
    const told = await readCutover('finalize', options, io);
    const input = options.flag('back') ? backwards(told) : told;
    const { plan } = input;
    const request = {
      plan,
      owner: ownerOf(options),
      takeOver: options.flag('take-over'),
      leaveFenced: options.flag('leave-fenced'),
    };
    try {
      if (!options.flag('yes')) {
        // Nobody knows how long an answer takes, so that no session waits for it.
        const now = await withServices(
          input,
          io,
          () => undefined,
          (services) => status({ plan }, services),
        );
        await confirm(io, intention(plan, now, request.leaveFenced), plan.migration);
      }
      const finalized = await withServices(
        input,
        io,
        () => undefined,
        (services) => finalize(request, services),
      );
      if (options.flag('json')) writeJson(io.stdout, { migration: plan.migration, ...finalized });
      else for (const line of linesOf(plan, finalized)) writeLine(io.stdout, line);
      return ExitCode.FINE;
    } catch (error) {
      return failed(error, options, io);
    }
  },
};

function linesOf(
  { migration, from, to }: CutoverPlan,
  { already, past, dropped, rotate }: Finalized,
): string[] {
  return [
    ...past.map(
      (who) =>
        `past the fence on '${from}': ${who}; what was written there is not on '${to}': look for it`,
    ),
    ...(already
      ? [`the migration '${migration}' was finalized before: nothing is left to drop`]
      : []),
    ...dropped.map((what) => `dropped: ${what}`),
    ...rotate.map(
      ({ server, role }) =>
        `rotate: the password of '${role}' on '${server}', a login of yours that the migration replicated with`,
    ),
  ];
}

function intention(
  { migration, from, to }: CutoverPlan,
  { phase, writer, fenced }: CutoverStatus,
  leaveFenced: boolean,
): string[] {
  return [
    `The migration '${migration}' is '${phase}', and ${writer === undefined ? 'no server is' : `'${writer}' is`} the writer.`,
    ...fenced.flatMap(({ server, past }) =>
      past.map(
        (who) =>
          `Past the fence on '${server}' ${who}: compare the rows first, since what was written there never travels.`,
      ),
    ),
    `Everything between '${from}' and '${to}' is dropped: subscriptions, slots, publications, roles. '${from}' receives nothing any more.`,
    leaveFenced
      ? `Applications stay locked out of '${from}'.`
      : `Applications can connect to '${from}' again, which nobody keeps up to date; --leave-fenced keeps them out.`,
    'There is no rollback afterwards.',
  ];
}
