import { LinkKind, takeWalkLock } from '../../postgres';
import { CutoverContext } from './context';
import { followSecret, wouldFollowSecret } from './follow-secret';
import { sqlOf, subscriptionOf } from './paths';
import type { CutoverRequest, CutoverServices } from './services';

/**
 * Has the subscriptions of the way back that are not connected log in with what their secrets say now, while nobody
 * walks; it needs no server but the old writer, which is fenced. Returns those for which that changed anything.
 */
export async function followWayBack(
  { plan }: Pick<CutoverRequest, 'plan'>,
  services: CutoverServices,
): Promise<readonly string[]> {
  const context = new CutoverContext({ plan, owner: '' }, services);
  const followed: string[] = [];
  for (const path of plan.reverse ?? []) {
    if (path.kind === LinkKind.DMS) continue;
    const name = subscriptionOf(path);
    const state = sqlOf(context, path).state(name);
    const found = await context.runOne(plan.from, state);
    if (found?.enabled !== true || found.workers !== 0) continue;
    if (!(await wouldFollowSecret(context, path))) continue;
    // Whoever walks may be about to stop it. The session keeps the lock to its end.
    const lock = await context.runOne(plan.from, takeWalkLock(plan.migration));
    if (lock?.taken !== true) break;
    if ((await context.runOne(plan.from, state))?.enabled !== true) continue;
    if (await followSecret(context, path)) followed.push(name);
  }
  return followed;
}
