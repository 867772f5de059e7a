import {
  type CutoverInput,
  type CutoverPlan,
  type JournalEntry,
  METRIC_UNITS,
  type MetricName,
} from '../../postgres';
import {
  type CutoverServices,
  followWayBack,
  isOverdue,
  liftExpired,
  lookPastFence,
  readWayBack,
  type WayBackReading,
  withFence,
} from '../../runner';
import { embeddedMetrics } from '../embedded-metrics';
import { type CutoverSurroundings, withCutoverServices } from './services';

/** Where the watch publishes what it found. */
export interface WatchMetrics {
  readonly namespace: string;
  readonly migration: string;
}

/** What a look at a fence found. */
export interface WatchOutcome {
  /** Whether a fence was lifted. */
  readonly lifted: boolean;
}

/**
 * Lifts the fence of a walk that died, once its deadline has passed. Without such a fence it asks one server, and no
 * more. Says as metrics whether applications are locked out after its deadline, how many get past one behind which the new
 * writer is open, and how the way back of that one is, which is kept logged in when its secret was rotated.
 */
export async function watchFence(
  input: CutoverInput,
  surroundings: CutoverSurroundings,
  metrics: WatchMetrics | undefined,
): Promise<WatchOutcome> {
  const { found, past, back } = await fenceOn(input, surroundings);
  for (const who of past)
    surroundings.context.log(`past the fence on '${input.plan.from}': ${who}`);
  const tell = (overdue: boolean | undefined): void => {
    if (metrics !== undefined)
      publish(surroundings, metrics, {
        ...(overdue === undefined ? {} : { FenceOverdue: overdue ? 1 : 0 }),
        FencePassed: past.length,
        ...wayBackValues(back),
      });
  };
  if (!isOverdue(found) || found?.decided === true) {
    tell(isOverdue(found));
    return { lifted: false };
  }
  try {
    const lifted = await lift(input, surroundings);
    tell(false);
    return { lifted };
  } catch (error) {
    tell(await areLockedOut(input, surroundings, found));
    throw error;
  }
}

/**
 * Whether applications are kept out still, after what stood on the old writer as `before` could not be lifted, or not all
 * of its walk be taken back: by the fence, or because they are led to the new writer, which is closed. Undefined if nobody
 * says where they are led.
 */
async function areLockedOut(
  input: CutoverInput,
  surroundings: CutoverSurroundings,
  before: JournalEntry | undefined,
): Promise<boolean | undefined> {
  const { found } = await fenceOn(input, surroundings).catch(() => ({ found: before }));
  if (found?.lifted !== true) return isOverdue(found);
  try {
    // The endpoint alone, which needs no server.
    return await withCutoverServices(
      { ...input, connections: {} },
      surroundings,
      async ({ endpoint }) => endpoint !== undefined && (await endpoint.active()) === input.plan.to,
    );
  } catch (error) {
    surroundings.context.log(
      `where clients of '${input.plan.migration}' are led cannot be read: ${messageOf(error)}`,
    );
    return undefined;
  }
}

/** A fence on the old writer, who gets past it, and how the old writer follows the new one behind it. */
interface Standing {
  readonly found: JournalEntry | undefined;
  readonly past: readonly string[];
  readonly back: WayBackReading | undefined;
}

async function fenceOn(
  input: CutoverInput,
  { secrets, context }: CutoverSurroundings,
): Promise<Standing> {
  const { plan } = input;
  return await withFence(input, secrets, async (found, services) => {
    if (found?.opened !== true) return { found, past: [], back: undefined };
    const past = await lookPastFence({ plan }, services);
    await logInAgain(plan, services, context);
    const back = await readWayBack(input, services);
    if (back?.unread !== undefined)
      context.log(`the way back of '${plan.migration}' cannot be read: ${back.unread}`);
    return { found, past, back };
  });
}

/** A secret that cannot be read keeps nothing else from being watched. */
async function logInAgain(
  plan: CutoverPlan,
  services: CutoverServices,
  context: CutoverSurroundings['context'],
): Promise<void> {
  try {
    for (const name of await followWayBack({ plan }, services))
      context.log(
        `subscription '${name}' on '${plan.from}' logs in with its secret's new password`,
      );
  } catch (error) {
    context.log(`the way back of '${plan.migration}': ${messageOf(error)}`);
  }
}

async function lift(input: CutoverInput, surroundings: CutoverSurroundings): Promise<boolean> {
  const { secrets, context } = surroundings;
  return await liftExpired(input, {
    secrets,
    log: context.log,
    withServices: (reached, use) => withCutoverServices(reached, surroundings, use),
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What could not be read has no value, least of all 0. */
function wayBackValues(
  back: WayBackReading | undefined,
): Partial<Readonly<Record<MetricName, number>>> {
  if (back === undefined) return {};
  const { down, lost, lagBytes, keptBytes } = back;
  return {
    ...(down === undefined ? {} : { WayBackDown: down ? 1 : 0 }),
    ...(lost === undefined ? {} : { WayBackSlotLost: lost ? 1 : 0 }),
    ...(lagBytes === undefined ? {} : { WayBackLagBytes: lagBytes }),
    ...(keptBytes === undefined ? {} : { WayBackRetainedWalBytes: keptBytes }),
  };
}

function publish(
  { context }: CutoverSurroundings,
  metrics: WatchMetrics,
  values: Partial<Readonly<Record<MetricName, number>>>,
): void {
  const reading = {
    metrics: Object.entries(values).map(([given, value]) => {
      const name = given as MetricName;
      return { name, unit: METRIC_UNITS[name], value, dimensions: {} };
    }),
    unreadable: [],
  };
  for (const line of embeddedMetrics(reading, { ...metrics, timestamp: Date.now() }))
    context.log(line);
}
