import { LinkKind, type ReplicationPath, slotState } from '../../postgres';
import type { CutoverContext } from './context';
import { followSecret } from './follow-secret';
import { sqlOf, subscriptionOf, untilRead } from './paths';

/**
 * Has the subscription of a path whose slot nobody reads log in with what its secret says now, and waits until it reads.
 * The secret may have been rotated since, and deployments do not touch what a cutover holds.
 */
export async function logInAgain(context: CutoverContext, path: ReplicationPath): Promise<void> {
  if (path.kind === LinkKind.DMS) return;
  const slot = await context.runOne(path.decoder, slotState(path.slotName));
  if (slot?.active !== false) return;
  const name = subscriptionOf(path);
  const found = await context.runOne(context.receiver(path), sqlOf(context, path).state(name));
  if (found?.enabled === true && (await followSecret(context, path)))
    await untilRead(context, path);
}
