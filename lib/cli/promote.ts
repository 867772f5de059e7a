import {
  describeLoss,
  LOST_STEPS,
  PLANNED_STEPS,
  PontoonError,
  type PromotionInput,
  type PromotionStepId,
  parsePromotion,
  RejoinMode,
} from '../postgres';
import {
  dryRunPromotion,
  type PromotionDryRun,
  type PromotionOutcome,
  type PromotionRequest,
  type PromotionServices,
  promote,
  rejoin,
  takeBackPromotion,
} from '../runner';
import type { Arguments } from './arguments';
import type { Command } from './command';
import { confirm } from './confirm';
import { withCertificates } from './connections';
import { requireConsent } from './cutover-input';
import { failed } from './cutover-walk';
import { ExitCode } from './exit-code';
import { type Io, writeJson, writeLine } from './io';
import { intention, promotionScript } from './promotion-intention';
import { exampleLines, readJsonFile, readStdin } from './read-json';
import { anySecrets } from './secrets';
import { asUsage } from './usage-error';

const EXAMPLE: readonly string[] = [
  '{ "topology": { "servers": { "primary": { … }, "replica1": { … }, … }, "links": [ … ] },',
  '  "connections": { "primary": { … }, "replica1": { … }, … },',
  '  "from": "primary", "to": "replica1", "lastKnown": "0/5000148" }',
];

/** Without one, there is nothing to ask about. */
const NO_STANDBY: ReadonlySet<string> = new Set(['NO_CANDIDATE', 'NOT_STREAMING']);

/** Makes a standby the primary of its cluster. */
export const promoteCommand: Command = {
  name: 'promote',
  summary: 'make a standby the primary of its streaming cluster',
  usage: '[OPTIONS] [--file FILE | < promotion.json]',
  description: [
    'Makes a standby the primary of its cluster, and has the others follow it. Killed at any point and',
    'run again, it goes on from what the servers are. A primary that answers is fenced first, so that',
    'nothing is lost:',
    '',
    ...PLANNED_STEPS.map(({ id, title }) => `  ${id.padEnd(9)} ${title}`),
    '',
    'A primary that does not answer must be declared lost by somebody who knows that it is gone:',
    '',
    ...LOST_STEPS.map(({ id, title }) => `  ${id.padEnd(9)} ${title}`),
    '',
    'Reads JSON from stdin or --file: {"topology": …, "connections": …, "from": …, "to": …,',
    '"lost": […], "lastKnown": …}. The topology may still be the one from before an earlier promotion.',
    'Every server of the cluster has a connection, also the lost one, as for `pontoon apply`, with the',
    'login of a superuser, which must be readable when a region is lost: "secret": "file:/path" names a',
    'file beside the vault. Host and port are those that the other servers stream from, too. from is the',
    'present primary, by default that of the topology, so give it after an earlier promotion; without',
    'to, the most advanced standby takes its place. lost names others that are gone as well, and are not',
    'the present primary, though standbys stream from them still.',
    'lastKnown is where the log of the old primary was last seen to end: from there, the loss of an',
    'asynchronous cluster is counted.',
    '',
    'A primary that answers is not given up for a server that somebody promoted by hand beside it,',
    'unless that is named by to, and --accept-loss is said.',
    '',
    'An old primary is never just started again. --rejoin prints the script for its host that makes it a',
    'standby of the new one; --dry-run says afterwards whether it follows.',
    '',
    'Example:',
    ...exampleLines('promote', EXAMPLE),
  ],
  options: {
    file: {
      value: 'FILE',
      description: 'the promotion as JSON, of which nobody can be asked if it comes from stdin',
      otherwise: 'stdin',
    },
    'declare-lost': {
      description:
        'the old primary is gone, and no client reaches it; refused while it answers, until another is promoted',
    },
    'accept-loss': {
      description:
        'promote although a quorum was not noted, or others may have commits that nobody who answers has; or give up a primary that answers for the "to" that somebody else promoted',
    },
    'dry-run': {
      description:
        'print how it would fence, re-point, promote and lift, secrets blanked out, and change nothing',
    },
    rejoin: {
      value: 'SERVER',
      description: 'print the script for the host of SERVER that has it follow the new primary',
    },
    'fresh-copy': {
      description: 'have the script copy everything by pg_basebackup, where pg_rewind cannot help',
    },
    yes: { description: 'do not ask before the promotion' },
  },
  exitCodes: {
    [ExitCode.FINE]: 'the new primary takes writes, and every standby that answers follows it',
    [ExitCode.FAILED]:
      'it was refused or failed, a standby does not follow yet, or commits wait for one that is gone',
    [ExitCode.USAGE]: 'the command line or the input cannot be understood, or nobody can be asked',
  },
  run: async (options, io) => {
    const dry = options.flag('dry-run');
    const rejoined = options.text('rejoin');
    if (!dry && rejoined === undefined) requireConsent('promote', options, io);
    const request: PromotionRequest = {
      input: await readPromotion(options, io),
      declareLost: options.flag('declare-lost'),
      acceptLoss: options.flag('accept-loss'),
    };
    try {
      if (rejoined !== undefined)
        return await showRejoin({ input: request.input, server: rejoined }, options, io);
      return dry ? await showDryRun(request, options, io) : await walk(request, options, io);
    } catch (error) {
      return failed(error, options, io);
    }
  },
};

async function readPromotion(options: Arguments, io: Io): Promise<PromotionInput> {
  const file = options.text('file');
  const { value, directory } =
    file === undefined
      ? await readStdin(io, { command: 'promote', example: EXAMPLE })
      : readJsonFile(io, file, 'file');
  return asUsage(() => parsePromotion(withCertificates(value, directory)));
}

async function showRejoin(
  { input, server }: { readonly input: PromotionInput; readonly server: string },
  options: Arguments,
  io: Io,
): Promise<ExitCode> {
  const mode = options.flag('fresh-copy') ? RejoinMode.COPY : RejoinMode.REWIND;
  const found = await rejoin({ input, server, mode }, { secrets: anySecrets(io) });
  if (options.flag('json')) writeJson(io.stdout, found);
  else io.stdout.write(found.script);
  return ExitCode.FINE;
}

async function showDryRun(
  request: PromotionRequest,
  options: Arguments,
  io: Io,
): Promise<ExitCode> {
  const found = await dryRunPromotion(request, { secrets: anySecrets(io) });
  if (options.flag('json')) writeJson(io.stdout, found);
  else for (const line of promotionScript(found)) writeLine(io.stdout, line);
  return ExitCode.FINE;
}

async function walk(request: PromotionRequest, options: Arguments, io: Io): Promise<ExitCode> {
  const secrets = anySecrets(io);
  const services: PromotionServices = {
    secrets,
    onEvent: (event) =>
      writeLine(io.stderr, event.kind === 'step' ? titleOf(event.id) : event.text),
  };
  const agreed = options.flag('yes') ? request : await askFor(request, services, io);
  const outcome = await promote(agreed, services);
  print(outcome, options, io);
  const { notFollowing, commitsWait } = outcome;
  return commitsWait || notFollowing.some(({ late }) => late) ? ExitCode.FAILED : ExitCode.FINE;
}

/** Asks whether what would be done now shall be done, and returns the request for that alone: servers change meanwhile. */
async function askFor(
  request: PromotionRequest,
  services: PromotionServices,
  io: Io,
): Promise<PromotionRequest> {
  const found = await forecast(request, services);
  await confirm(io, intention(found), found.to);
  const { to, promoted } = found;
  return { ...request, input: { ...request.input, to }, toldUnpromoted: !promoted };
}

/** What nobody can be asked about must not leave clients locked out by an earlier run that was cut off. */
async function forecast(
  request: PromotionRequest,
  services: PromotionServices,
): Promise<PromotionDryRun> {
  try {
    return await dryRunPromotion(request, services);
  } catch (error) {
    if (error instanceof PontoonError && NO_STANDBY.has(error.code))
      await takeBackPromotion(request, services, error);
    throw error;
  }
}

function titleOf(id: PromotionStepId): string {
  const step = [...PLANNED_STEPS, ...LOST_STEPS].find((one) => one.id === id);
  if (step !== undefined) return step.title;
  return id === 'keep-out'
    ? 'keep clients out of the old primary, which came back'
    : 'take everything back, so that the old primary goes on';
}

function print(outcome: PromotionOutcome, options: Arguments, { stdout }: Io): void {
  if (options.flag('json')) {
    writeJson(stdout, outcome);
    return;
  }
  const { result, from, to, timeline, forkedAt, loss, following, notFollowing, remarks } = outcome;
  writeLine(
    stdout,
    `'${to}' ${result === 'promoted' ? 'is the primary' : 'was the primary already'}, on timeline ${timeline} from ${forkedAt} on`,
  );
  writeLine(stdout, describeLoss(loss, from));
  if (following.length > 0) writeLine(stdout, `it is followed by ${following.join(', ')}`);
  for (const { server, reason } of notFollowing)
    writeLine(stdout, `'${server}' does not follow: ${reason}`);
  for (const remark of remarks) writeLine(stdout, remark);
}
