import {
  admittedTo,
  type CutoverInput,
  CutoverPhase,
  type CutoverPlan,
  cutoverStep,
  LONGEST_BUDGET_MS,
  type OtherSession,
  otherSessions,
  PontoonError,
} from '../postgres';
import {
  type CutoverEvent,
  type CutoverServices,
  type CutoverStatus,
  cutover,
  readFence,
  run,
  status,
} from '../runner';
import type { Arguments } from './arguments';
import type { ExitMeanings } from './command';
import { confirm } from './confirm';
import { compareCommand } from './cutover-compare';
import { dryRunCommand } from './cutover-dry-run';
import { INPUT_OPTIONS, OWNER_OPTIONS, ownerOf, requireConsent } from './cutover-input';
import { cutoverProgress, milliseconds } from './cutover-progress';
import { guardedServices, withServices } from './cutover-services';
import { ExitCode } from './exit-code';
import { Interruption } from './interruption';
import { type Io, writeJson, writeLine } from './io';
import { withLeftBehind } from './left-behind';
import type { Option } from './option';
import { WalkResult } from './walk-result';
import type { WalkName } from './what-next';

/** The options of `cutover` and `rollback`. */
export const WALK_OPTIONS: Readonly<Record<string, Option>> = {
  ...INPUT_OPTIONS,
  ...OWNER_OPTIONS,
  compare: {
    description:
      'compare every selected row, which a cutover asks for, remember the result, and end',
  },
  'dry-run': {
    description: 'print every statement, secrets blanked out, and change nothing',
  },
  budget: {
    value: 'MS',
    description: 'milliseconds from the fence to the opening, after which everything is undone',
    otherwise: 'what the plan says',
  },
};

/** What the exit codes of `cutover` and `rollback` mean. */
export const WALK_EXIT_CODES: ExitMeanings = {
  [ExitCode.FINE]: 'the new writer is open, or could be',
  [ExitCode.FAILED]:
    'it is not, or what follows did not end (UNSETTLED); the message says what was taken back',
  [ExitCode.USAGE]: 'the command line or the input cannot be understood, or nobody can be asked',
  [ExitCode.UNCHECKED]: 'a gate or a table could not be read, so that nothing was begun',
};

/** Switches the writers as `read` says, and prints how it ended. */
export async function walkCommand(
  command: WalkName,
  { options, io, read }: WalkCommand,
): Promise<ExitCode> {
  const [compare, dry] = [options.flag('compare'), options.flag('dry-run')];
  if (!compare && !dry) requireConsent(command, options, io);
  const input = withBudget(await read(), options);
  const told = new WalkResult(command, input.plan, options, io);
  try {
    if (compare) return await compareCommand(input, options, io);
    if (dry) return await dryRunCommand(input, options, io);
    await walk(command, { input, options, io, told });
    told.end();
    return ExitCode.FINE;
  } catch (error) {
    return failed(await withLeftBehind(error, input, io), options, io, told);
  }
}

interface WalkCommand {
  readonly options: Arguments;
  readonly io: Io;
  readonly read: () => Promise<CutoverInput>;
}

/** Says why a walk failed, behind what it `told`; what could not be read is told apart from what is wrong. */
export function failed(error: unknown, options: Arguments, io: Io, told?: WalkResult): ExitCode {
  if (!(error instanceof PontoonError)) throw error;
  if (options.flag('json'))
    writeJson(io.stdout, { ...(told?.known ?? { result: 'failed' }), code: error.code });
  else writeLine(io.stdout, error.code);
  if (error.code !== 'GATES_UNCHECKED') throw error;
  writeLine(io.stderr, `pontoon: ${error.message}`);
  return ExitCode.UNCHECKED;
}

/** `input` with the budget of the command line. */
export function withBudget(input: CutoverInput, options: Arguments): CutoverInput {
  const budgetMs = options.integer('budget', 1_000, LONGEST_BUDGET_MS);
  if (budgetMs === undefined) return input;
  const { plan } = input;
  return { ...input, plan: { ...plan, limits: { ...plan.limits, budgetMs } } };
}

interface Walking {
  readonly input: CutoverInput;
  readonly options: Arguments;
  readonly io: Io;
  readonly told: WalkResult;
}

async function walk(command: WalkName, { input, options, io, told }: Walking): Promise<void> {
  const progress = cutoverProgress(io.stderr);
  const request = {
    plan: input.plan,
    owner: ownerOf(options),
    takeOver: options.flag('take-over'),
  };
  const interruption = new Interruption(io.stderr);
  const onEvent = (event: CutoverEvent): void => {
    interruption.follow(event);
    progress.show(event);
    told.follow(event);
  };
  try {
    const goesOn = !options.flag('yes') && (await ask(command, input, io));
    await withServices(input, io, onEvent, async (services) => {
      if (goesOn) await requireFence(input.plan, services);
      const guarded = guardedServices(services, () => interruption.check());
      await interruption.during(() => cutover(request, guarded));
    });
  } finally {
    progress.finish();
  }
}

/**
 * Before anything is changed: what will happen, and whom it will hit. Nobody knows how long an answer takes, so that no
 * session waits for it. Says whether nothing was agreed to but to go on behind a fence.
 */
async function ask(command: WalkName, input: CutoverInput, io: Io): Promise<boolean> {
  const { plan } = input;
  const look = (services: CutoverServices) => prospect(command, plan, services);
  const { lines, goesOn } = await withServices(input, io, () => undefined, look);
  if (lines !== undefined) await confirm(io, lines, plan.migration);
  return goesOn;
}

/** Without it, the whole walk would begin anew, with an outage that nobody agreed to. */
async function requireFence(plan: CutoverPlan, services: CutoverServices): Promise<void> {
  if ((await readFence({ plan }, services))?.lifted === false) return;
  throw new PontoonError(
    'DECLINED',
    `what was agreed to was to go on behind the fence on '${plan.from}', got none any more; look at the status, and run it again`,
  );
}

/** What somebody has to agree to; no lines for what will be refused. */
async function prospect(
  command: WalkName,
  plan: CutoverPlan,
  services: CutoverServices,
): Promise<{ readonly lines?: readonly string[]; readonly goesOn: boolean }> {
  const { now, unseen } = await seen(plan, services);
  if (now.phase === CutoverPhase.FINALIZED || now.phase === CutoverPhase.ABSENT)
    return { goesOn: false };
  const goesOn = now.fenced.some(({ server }) => server === plan.from);
  const lines = [...intention(command, plan, now), ...unseen, ...(await connected(plan, services))];
  return { lines, goesOn };
}

/**
 * How the migration is. What was begun is seen without its endpoint too, if that does not answer: what was decided is
 * opened before clients are sent there, and what was not is taken back.
 */
async function seen(
  plan: CutoverPlan,
  services: CutoverServices,
): Promise<{ readonly now: CutoverStatus; readonly unseen: readonly string[] }> {
  try {
    return { now: await status({ plan }, services), unseen: [] };
  } catch (error) {
    const { endpoint, ...others } = services;
    if (!(error instanceof PontoonError) || endpoint === undefined) throw error;
    if ((await readFence({ plan }, services)) === undefined) throw error;
    return {
      now: await status({ plan, waysOnly: true }, others),
      unseen: [`Where clients are sent cannot be seen: ${error.message}`],
    };
  }
}

function intention(
  command: WalkName,
  { from, to, limits, reverse }: CutoverPlan,
  now: CutoverStatus,
): string[] {
  const [fence] = now.fenced.filter(({ server }) => server === from);
  if (now.phase !== CutoverPhase.PROVISIONED && fence !== undefined) {
    return [
      `'${from}' was fenced by '${fence.owner}' and is '${now.phase}': the ${command} to '${to}' goes on from there.`,
    ];
  }
  const back =
    command === 'rollback'
      ? 'the way there again is pontoon cutover'
      : 'the way back is pontoon rollback';
  const shut = now.gates.filter(({ status: state }) => state !== 'open');
  return [
    `Writers move from '${from}' to '${to}'. ${gatesText(now.gates.length, shut.length)}`,
    ...shut.map(({ title, status: state, found }) => `  ${state}: ${title}, got ${found}`),
    `1. ${cutoverStep('fence').title}: applications lose CONNECT on '${from}', and their sessions end. The outage begins.`,
    `2. ${cutoverStep('catch-up').title}, then switch clients. What fails, or takes longer than ${milliseconds(limits.budgetMs)}, is undone.`,
    `3. ${cutoverStep('open').title}: from then on ${reverse === undefined ? 'there is no way back, as was declared' : back}.`,
  ];
}

/** A status asks for no gates once a cutover was walked. */
function gatesText(all: number, shut: number): string {
  return all === 0
    ? 'Nothing begins unless every gate is open, which is looked at first.'
    : `${all - shut} of ${all} gates are open now; nothing begins unless all are.`;
}

async function connected(plan: CutoverPlan, services: CutoverServices): Promise<string[]> {
  const session = services.sessions.get(plan.from);
  if (session === undefined) return [];
  const rows = await run(session, otherSessions(admittedTo(plan)));
  const others = rows as unknown as readonly OtherSession[];
  if (others.length === 0) return [`Nobody else is connected to '${plan.from}'.`];
  return [`Connected to '${plan.from}', and ended by it:`, ...countByRole(others)];
}

function countByRole(sessions: readonly OtherSession[]): string[] {
  const counts = new Map<string, number>();
  for (const { role, application, kind, superuser } of sessions) {
    const who = role === '' ? kind : role;
    const what = application === '' ? '' : ` (${application})`;
    const warning = superuser ? ', a superuser, whom no fence ends: ask them to leave' : '';
    const line = `${who}${what}${warning}`;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return [...counts].map(([line, count]) => `  ${count} × ${line}`);
}
