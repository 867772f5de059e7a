import {
  type CutoverInput,
  PontoonError,
  parseCutover,
  rollbackOf,
  type SecretStore,
} from '../../postgres';
import {
  abandon,
  abandonExpired,
  type CutoverEvent,
  type CutoverRequest,
  type CutoverServices,
  finalize,
  prepareCutover,
  settleCutover,
  status,
  switchWriters,
} from '../../runner';
import type { ResourceContext } from '../resource';
import { withCutoverServices } from './services';

export { type CutoverSurroundings, withCutoverServices } from './services';

/** What the state machine, or the schedule that watches fences, sends. */
export interface CutoverInvocation {
  readonly pontoon: 'cutover';
  /** What is to be done. */
  readonly action: keyof typeof ACTIONS;
  /** The plan, the servers, and what clients connect to: see {@link CutoverInput}. */
  readonly input: unknown;
  /**
   * Whether writers are switched back, by the same plan in the other direction.
   *
   * @default false
   */
  readonly back?: boolean;
  /** Who asks: the execution of the state machine. */
  readonly owner: string;
}

type Action = (request: CutoverRequest, services: CutoverServices) => Promise<unknown>;

const ACTIONS = {
  prepare: prepareCutover,
  switch: switchWriters,
  settle: settleCutover,
  abandon: async (request, services) => ({ undone: await abandon(request, services) }),
  finalize: async (request, services) => ({ dropped: await finalize(request, services) }),
  status,
  watch: async (request, services) => ({ lifted: await abandonExpired(request, services) }),
} satisfies Record<string, Action>;

/** Whether `event` concerns a cutover. */
export function isCutoverInvocation(event: object): event is CutoverInvocation {
  return 'pontoon' in event && event.pontoon === 'cutover';
}

/**
 * Walks one part of a cutover. Its errors carry their code as their name, by which a state machine tells them apart.
 */
export async function walkCutover(
  { action, input, back = false, owner }: CutoverInvocation,
  secrets: SecretStore,
  context: ResourceContext,
): Promise<unknown> {
  try {
    const act: Action | undefined = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (act === undefined) {
      throw new PontoonError(
        'INVALID',
        `'action' must be one of ${Object.keys(ACTIONS).join(', ')}, got ${JSON.stringify(action)}; correct it`,
      );
    }
    const told = direct(parseCutover(input), back);
    const onEvent = (event: CutoverEvent): void => context.log(JSON.stringify(lineOf(event)));
    return await withCutoverServices(
      told,
      { secrets, context, onEvent },
      async (services) => await act({ plan: told.plan, owner }, services),
    );
  } catch (error) {
    throw named(error);
  }
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

/** Step Functions knows an error by its name only. */
function named(error: unknown): unknown {
  if (error instanceof PontoonError) error.name = error.code;
  return error;
}
