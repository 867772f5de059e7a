import { type CutoverInput, LinkKind, type ReplicationPath } from '../../postgres';
import { CutoverContext } from './context';
import { lagOf } from './lag';
import { sqlOf, subscriptionOf } from './paths';
import type { CutoverServices } from './services';
import { withSessions } from './sessions';

/** How what is written on the open writer travels to the one that can be rolled back to: as the path that is worst off. */
export interface WayBackReading {
  /** Whether nobody carries a part of it; undefined if that could not be read. */
  readonly down: boolean | undefined;
  /** Bytes of the open writer's log that were not taken yet; undefined if they could not be read. */
  readonly lagBytes: number | undefined;
  /** Bytes of the log that slots keep there; undefined if they could not be read. */
  readonly keptBytes: number | undefined;
  /** Whether a slot is gone or was invalidated, which nothing mends; undefined if that could not be read. */
  readonly lost: boolean | undefined;
  /** Why something could not be read. @default - everything was */
  readonly unread?: string;
}

/**
 * Looks at the way back of a cutover whose new writer is open. `services` has the old writer; the others are asked too,
 * and one that does not answer leaves what it alone could say unread. Undefined if no way back was declared.
 */
export async function readWayBack(
  { plan, connections }: CutoverInput,
  services: CutoverServices,
): Promise<WayBackReading | undefined> {
  const { reverse } = plan;
  if (reverse === undefined) return undefined;
  const own = new CutoverContext({ plan, owner: '' }, services);
  const idle = await anyIdle(own, reverse);
  const others = Object.entries(connections).filter(
    ([server]) => server === plan.to || reverse.some(({ decoder }) => decoder === server),
  );
  try {
    return await withSessions(
      Object.fromEntries(others.filter(([server]) => server !== plan.from)),
      services.secrets,
      { purpose: `watch ${plan.migration}` },
      async (sessions) => {
        const all = new Map([...services.sessions, ...sessions]);
        const context = new CutoverContext({ plan, owner: '' }, { ...services, sessions: all });
        return await readSlots(context, reverse, idle === true);
      },
    );
  } catch (error) {
    const unread = error instanceof Error ? error.message : String(error);
    return { down: idle, lagBytes: undefined, keptBytes: undefined, lost: undefined, unread };
  }
}

/** Whether a subscription is missing, disabled, or without its worker. Undefined if AWS DMS carries, whose slot says so. */
async function anyIdle(
  context: CutoverContext,
  paths: readonly ReplicationPath[],
): Promise<boolean | undefined> {
  const subscribed = paths.filter(({ kind }) => kind !== LinkKind.DMS);
  for (const path of subscribed) {
    const state = sqlOf(context, path).state(subscriptionOf(path));
    const found = await context.runOne(context.plan.from, state);
    if (found?.enabled !== true || found.workers === 0) return true;
  }
  return subscribed.length === 0 ? undefined : false;
}

async function readSlots(
  context: CutoverContext,
  paths: readonly ReplicationPath[],
  idle: boolean,
): Promise<WayBackReading> {
  let [down, lost, lagBytes, keptBytes] = [idle, false, 0, 0];
  for (const path of paths) {
    const found = await lagOf(context, path);
    if (found?.active !== true) down = true;
    if (found === undefined || found.lostBy !== null) lost = true;
    lagBytes = Math.max(lagBytes, Number(found?.bytes ?? 0));
    keptBytes = Math.max(keptBytes, Number(found?.kept ?? 0));
  }
  return { down, lost, lagBytes, keptBytes };
}
