import type { ClientBase } from 'pg';
import {
  type Connection,
  type CutoverInput,
  findJournal,
  type JournalEntry,
  journalExists,
  PontoonError,
} from '../../postgres';
import { abandonExpired, runOne, withSessions } from '../../runner';
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

const NAMED = 'watch';

/**
 * Lifts the fence of a walk that died, once its deadline has passed. Without such a fence it asks one server, and no
 * more. Says as a metric whether a fence stands after its deadline.
 */
export async function watchFence(
  input: CutoverInput,
  surroundings: CutoverSurroundings,
  metrics: WatchMetrics | undefined,
): Promise<WatchOutcome> {
  const tell = (overdue: boolean): void => {
    if (metrics !== undefined) publish(surroundings, metrics, overdue);
  };
  const found = await fenceOn(input, surroundings);
  const overdue = found?.expired === true && !found.opened;
  if (!overdue || found.decided) {
    tell(overdue);
    return { lifted: false };
  }
  try {
    const lifted = await lift(input, surroundings);
    tell(false);
    return { lifted };
  } catch (error) {
    tell((await fenceOn(input, surroundings).catch(() => found)) !== undefined);
    throw error;
  }
}

async function fenceOn(
  { plan, connections }: CutoverInput,
  { secrets }: CutoverSurroundings,
): Promise<JournalEntry | undefined> {
  const connection = connections[plan.from];
  if (connection === undefined) {
    throw new PontoonError(
      'NO_SESSION',
      `'connections' must have '${plan.from}', got none; add it`,
    );
  }
  const only = { [plan.from]: connection };
  return await withSessions(only, secrets, `${NAMED} ${plan.migration}`, async (sessions) => {
    const session = sessions.get(plan.from);
    return session === undefined ? undefined : await readFence(session, plan.migration);
  });
}

async function readFence(
  session: ClientBase,
  migration: string,
): Promise<JournalEntry | undefined> {
  if ((await runOne(session, journalExists()))?.exists !== true) return undefined;
  // The statement's columns are the entry's.
  return (await runOne(session, findJournal(migration))) as unknown as JournalEntry | undefined;
}

async function lift(input: CutoverInput, surroundings: CutoverSurroundings): Promise<boolean> {
  const request = { plan: input.plan, owner: NAMED };
  return await withCutoverServices(
    { ...input, connections: await reachable(input, surroundings) },
    surroundings,
    async (services) => await abandonExpired(request, services),
  );
}

/** A server that is down must not keep the others from being freed; what is left to undo there is an error afterwards. */
async function reachable(
  { plan, connections }: CutoverInput,
  { secrets, context }: CutoverSurroundings,
): Promise<CutoverInput['connections']> {
  const found: Record<string, Connection> = {};
  for (const [server, connection] of Object.entries(connections)) {
    try {
      await withSessions({ [server]: connection }, secrets, `${NAMED} ${plan.migration}`, () =>
        Promise.resolve(),
      );
      found[server] = connection;
    } catch (error) {
      context.log(error instanceof Error ? error.message : String(error));
    }
  }
  return found;
}

function publish({ context }: CutoverSurroundings, metrics: WatchMetrics, overdue: boolean): void {
  const value = overdue ? 1 : 0;
  const reading = {
    metrics: [{ name: 'FenceOverdue' as const, unit: 'Count' as const, value, dimensions: {} }],
    unreadable: [],
  };
  for (const line of embeddedMetrics(reading, { ...metrics, timestamp: Date.now() }))
    context.log(line);
}
