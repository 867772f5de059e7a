import { type CutoverInput, type CutoverPlan, PontoonError } from '../postgres';
import {
  type CutoverStatus,
  type Finalized,
  type FinalizeRequest,
  finalize,
  isSilence,
  requireFinalizable,
  requireSilence,
  status,
} from '../runner';
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
import { type Io, writeJson, writeLine } from './io';
import { asUsage } from './usage-error';

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
    'A server that is lost for good is named by --gone. Without the old writer, or a standby in between,',
    'the migration ends with the new writer if that is open; without the new writer it ends with the old',
    'one, whose fence is lifted, unless the new one may have been opened. What may be left on its disk is',
    'named: drop that there, and never let applications in on that server again. The physical slot by',
    'which a standby followed keeps WAL on its primary: drop it there, or with what deployed it.',
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
    gone: {
      value: 'SERVER',
      multiple: true,
      description: 'a server that never comes back: it is not asked, and refused if it answers',
    },
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
    const gone = options.texts('gone');
    const request = {
      plan,
      owner: ownerOf(options),
      takeOver: options.flag('take-over'),
      leaveFenced: options.flag('leave-fenced'),
      gone,
    };
    asUsage(() => requireFinalizable(request));
    try {
      if (!options.flag('yes'))
        await confirm(io, await intentionOf(input, request, io), plan.migration);
      const finalized = await withServices(
        withoutGone(input, gone),
        io,
        () => undefined,
        // Those that are said to be gone are asked whether they are.
        (services) => finalize(request, { ...services, connections: input.connections }),
      );
      if (options.flag('json')) writeJson(io.stdout, { migration: plan.migration, ...finalized });
      else for (const line of linesOf(plan, finalized)) writeLine(io.stdout, line);
      return ExitCode.FINE;
    } catch (error) {
      return failed(gone.length > 0 ? error : withGone(error), options, io);
    }
  },
};

/** Nobody knows how long an answer takes, so that no session waits for it. */
async function intentionOf(
  input: CutoverInput,
  { gone = [], leaveFenced = false }: FinalizeRequest,
  io: Io,
): Promise<readonly string[]> {
  const { plan } = input;
  if (gone.length > 0) {
    const silence = await requireSilence({ plan, gone }, { sessions: new Map(), ...input });
    return intentionWithout(plan, gone, silence);
  }
  const now = await withServices(
    input,
    io,
    () => undefined,
    (services) => status({ plan }, services),
  );
  return intention(plan, now, leaveFenced);
}

/** Whoever lost a server for ever must know that the others need not wait for it. */
function withGone(error: unknown): unknown {
  if (!(error instanceof PontoonError) || error.code !== 'CONNECT_FAILED') return error;
  if (!isSilence(error.cause)) return error;
  const wayOut = "if it never comes back, name it by '--gone', see 'pontoon finalize --help'";
  return new PontoonError(error.code, `${error.message}; ${wayOut}`, { cause: error });
}

function withoutGone(input: CutoverInput, gone: readonly string[]): CutoverInput {
  const connections = Object.entries(input.connections).filter(([name]) => !gone.includes(name));
  return { ...input, connections: Object.fromEntries(connections) };
}

function linesOf(
  { migration, from, to }: CutoverPlan,
  { already, past, dropped, left, rotate }: Finalized,
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
    ...left.map(
      (what) =>
        `left: ${what}, should its disk come back: drop it there, and never let applications in on that server again`,
    ),
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

function intentionWithout(
  { migration, from, to }: CutoverPlan,
  gone: readonly string[],
  silence: readonly string[],
): string[] {
  const names = gone.map((server) => `'${server}'`).join(', ');
  const writer = gone.includes(to) ? from : to;
  return [
    `You say that ${names} never comes back. The migration '${migration}' ends without, and with '${writer}' as its writer.`,
    ...silence.map((heard) => `Nobody answers at ${heard}.`),
    'What was written on a server that is gone, and did not travel, is lost.',
    `Everything between '${from}' and '${to}' is dropped on what answers: subscriptions, slots, publications, roles.`,
    'There is no rollback afterwards, and a server that is gone must never serve applications again.',
  ];
}
