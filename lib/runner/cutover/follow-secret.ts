import {
  entriesOf,
  LinkKind,
  type ObjectSpec,
  type ReplicationPath,
  readSpec,
} from '../../postgres';
import { apply, plan } from '../reconcile';
import type { ReconcileRequest } from '../reconcile-request';
import type { CutoverContext } from './context';
import { sqlOf, subscriptionOf } from './paths';

/**
 * Has the subscription of `path`, which carries, log in with what its secret says now: it may have been rotated since,
 * and deployments do not touch what a cutover holds. Says whether that changed anything.
 */
export async function followSecret(
  context: CutoverContext,
  path: ReplicationPath,
): Promise<boolean> {
  const request = await carrying(context, path);
  if (request === undefined) return false;
  const clients = { client: context.session(request.server) };
  const { steps } = await apply(clients, context.services.secrets, request);
  return steps.length > 0;
}

/** Whether {@link followSecret} would change anything. */
export async function wouldFollowSecret(
  context: CutoverContext,
  path: ReplicationPath,
): Promise<boolean> {
  const request = await carrying(context, path);
  if (request === undefined) return false;
  const clients = { client: context.session(request.server) };
  return (await plan(clients, context.services.secrets, request)).length > 0;
}

/** The subscription of `path` as the ledger knows it, but enabled. Undefined where none of ours applies it. */
async function carrying(
  context: CutoverContext,
  path: ReplicationPath,
): Promise<ReconcileRequest | undefined> {
  if (path.kind === LinkKind.DMS) return undefined;
  const server = context.receiver(path);
  const kind = sqlOf(context, path).kinds.subscription;
  const [row] = await context.run(server, entriesOf([kind], [subscriptionOf(path)]));
  if (row === undefined || row.server !== server) return undefined;
  const spec = { ...readSpec(row.spec), enabled: true } as ObjectSpec;
  return { server, spec, owner: String(row.owner) };
}
