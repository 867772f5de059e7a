import {
  admittedTo,
  type CutoverPlan,
  type OtherSession,
  otherSessions,
  rollbackOf,
  unfencedLogins,
} from '../../postgres';
import { CutoverContext } from './context';
import { describeSession } from './describe-session';
import { keptOn, keptWriter } from './fence';
import type { CutoverRequest, CutoverServices } from './services';

/**
 * Who gets past the fence on `server` although its new writer is open: what they write there never travels. A sentence
 * each, such as "role 'app' may connect".
 */
export async function pastFence(
  context: CutoverContext,
  server: string,
): Promise<readonly string[]> {
  const admitted = admittedTo(fencing(context.plan, server));
  const kept = [...(await keptOn(context, server)), ...admitted.writers];
  const logins = await context.run(server, unfencedLogins(kept));
  const sessions = (await context.run(
    server,
    otherSessions(admitted),
  )) as unknown as readonly OtherSession[];
  const writing = await keptWriter(context, server);
  return [
    ...(writing === undefined ? [] : [`${writing}, is kept`]),
    ...logins.map(({ name }) => `role '${String(name)}' may connect`),
    ...sessions
      .filter(({ writing }) => !writing)
      .map((session) => `${describeSession(session)} is connected`),
  ];
}

/** Who gets past the fence on the old writer of `plan`, a sentence each; it needs no other server. */
export async function lookPastFence(
  { plan }: Pick<CutoverRequest, 'plan'>,
  services: CutoverServices,
): Promise<readonly string[]> {
  return await pastFence(new CutoverContext({ plan, owner: '' }, services), plan.from);
}

/** The direction in which `server` is the old writer. */
function fencing(plan: CutoverPlan, server: string): CutoverPlan {
  return server === plan.from ? plan : (rollbackOf(plan) ?? plan);
}
