import { openAwsEndpoint } from '../../endpoints';
import {
  type CutoverInput,
  PontoonError,
  parseCutover,
  rollbackOf,
  type SecretStore,
} from '../../postgres';
import {
  abandon,
  type CutoverEvent,
  type CutoverRequest,
  type CutoverServices,
  checkCutover,
  finalize,
  finishCutover,
  prepareCutover,
  readFence,
  settleCutover,
  status,
  switchWriters,
  unasked,
  verifyRows,
  withoutSilent,
} from '../../runner';
import type { ResourceContext } from '../resource';
import { withLateCertificates } from './certificates';
import { withCutoverServices } from './services';
import { type WatchMetrics, watchFence } from './watch';

export { withLateCertificates } from './certificates';
export { type CutoverSurroundings, withCutoverServices } from './services';

/** What the state machine, or the schedule that watches fences, sends. */
export interface CutoverInvocation {
  readonly pontoon: 'cutover';
  /** What is to be done. */
  readonly action: keyof typeof ACTIONS | 'watch';
  /** The plan, the servers, and what clients connect to: see {@link CutoverInput}. */
  readonly input: unknown;
  /**
   * Whether writers are switched back, by the same plan in the other direction.
   *
   * @default false
   */
  readonly back?: boolean;
  /**
   * Certificates by server that are known only at deployment, for connections whose `caCertificate` is empty.
   *
   * @default - none
   */
  readonly certificates?: unknown;
  /**
   * Where the watch publishes whether a fence stands after its deadline.
   *
   * @default - nowhere
   */
  readonly metrics?: WatchMetrics;
  /** Who asks: the execution of the state machine. */
  readonly owner: string;
  /**
   * The input of the execution. With `"takeOver": true` it goes on with what another owner left behind, which whoever
   * walks still keeps it from.
   *
   * @default - nothing is taken over
   */
  readonly asked?: unknown;
}

type Action = (
  request: CutoverRequest,
  services: CutoverServices,
  context: ResourceContext,
) => Promise<unknown>;

/** Kept of the function's time, to write down what was compared. */
const VERIFY_RESERVE_MS = 60_000;

const ACTIONS = {
  gates: async (request, services) => {
    await checkCutover(request, services);
    return { gates: (await status(request, services)).gates };
  },
  verify: verifyForAsLongAsAllowed,
  prepare: prepareCutover,
  switch: switchWriters,
  finish: finishCutover,
  settle: settleCutover,
  abandon: giveUp,
  // What is open is nobody's walk any more: another execution ends it.
  finalize: async (request, services) => await finalize({ ...request, takeOver: true }, services),
  status,
} satisfies Record<string, Action>;

/**
 * Walks one part of a cutover. Its errors carry their code as their name, by which a state machine tells them apart.
 */
export async function walkCutover(
  invocation: CutoverInvocation,
  secrets: SecretStore,
  context: ResourceContext,
): Promise<unknown> {
  const { action, input, certificates, back = false, owner } = invocation;
  try {
    const told = direct(parseCutover(withLateCertificates(input, certificates)), back);
    const onEvent = (event: CutoverEvent): void => context.log(JSON.stringify(lineOf(event)));
    const surroundings = { secrets, openEndpoint: openAwsEndpoint, context, onEvent };
    const takeOver = readTakeOver(invocation.asked);
    if (action === 'watch') return await watchFence(told, surroundings, invocation.metrics);
    const act = actionCalled(action);
    // The old writer must be freed, or its decision be told, whatever has become of the others.
    const reached =
      action === 'abandon'
        ? await withoutSilent(told, { secrets, log: context.log }, 'cutover')
        : told;
    return await withCutoverServices(
      reached,
      surroundings,
      async (services) => await act({ plan: told.plan, owner, takeOver }, services, context),
    ).catch((error: unknown) => {
      // A server that does not answer then says nothing of who is open.
      throw action === 'settle' ? unasked(told.plan, error) : error;
    });
  } catch (error) {
    throw named(error);
  }
}

/** Says how many tables are left to another call. What differs ends it; what cannot be compared, the gate sees. */
async function verifyForAsLongAsAllowed(
  request: CutoverRequest,
  services: CutoverServices,
  context: ResourceContext,
): Promise<unknown> {
  if (request.plan.skipVerification === true) return { same: 0, left: 0 };
  const budgetMs = Math.max(context.remainingMs() - VERIFY_RESERVE_MS, 1_000);
  const { same, differs, unchecked, left } = await verifyRows(request, services, { budgetMs });
  if (differs.length === 0) return { same, left, unchecked };
  throw new PontoonError(
    'ROWS_DIFFER',
    `every selected table must be the same on '${request.plan.from}' and '${request.plan.to}', got ${differs.join('; ')}; find out who wrote to '${request.plan.to}'`,
  );
}

function actionCalled(action: keyof typeof ACTIONS): Action {
  const act: Action | undefined = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  if (act !== undefined) return act;
  throw new PontoonError(
    'INVALID',
    `'action' must be one of ${[...Object.keys(ACTIONS), 'watch'].join(', ')}, got ${JSON.stringify(action)}; correct it`,
  );
}

/** Says also whether the decision has fallen: the walk must be finished then, and not undone. */
async function giveUp(
  request: CutoverRequest,
  services: CutoverServices,
): Promise<{ readonly undone: boolean; readonly decided: boolean }> {
  const undone = await abandon(request, services);
  // Nothing but the journal: the new writer or the endpoint may be what the walk failed for.
  const found = await readFence(request, services);
  return { undone, decided: found?.decided === true };
}

function readTakeOver(asked: unknown): boolean {
  if (typeof asked !== 'object' || asked === null || !('takeOver' in asked)) return false;
  if (typeof asked.takeOver === 'boolean') return asked.takeOver;
  throw new PontoonError(
    'INVALID',
    `'takeOver' must be true or false in the input of the execution, got ${JSON.stringify(asked.takeOver)}; start it again`,
  );
}

function direct(input: CutoverInput, back: boolean): CutoverInput {
  if (!back) return input;
  const plan = rollbackOf(input.plan);
  if (plan !== undefined) return { ...input, plan };
  throw new PontoonError(
    'NO_WAY_BACK',
    `the cutover of '${input.plan.migration}' cannot be rolled back, since its plan has no way back; migrate in the other direction`,
  );
}

function lineOf(event: CutoverEvent): object {
  if (event.kind === 'step' || event.kind === 'done') {
    const { step, ...rest } = event;
    return { cutover: step.id, title: step.title, ...rest };
  }
  return { cutover: event.kind, ...event };
}

/** Step Functions knows an error by its name only, and its history shows no more than the message. */
function named(error: unknown): unknown {
  if (!(error instanceof PontoonError)) return error;
  const told =
    error.code === 'HELD' ? new PontoonError('HELD', `${error.message}: ${GO_ON}`) : error;
  told.name = told.code;
  return told;
}

const GO_ON =
  'redrive an execution that was cut off; what is lost is lifted within a minute of its deadline unless its decision has fallen, and is taken over by an execution with "takeOver": true in its input';
