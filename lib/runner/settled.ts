import { isDeepStrictEqual } from 'node:util';
import type { LedgerEntry } from '../postgres';
import type { ReconcileRequest } from './reconcile-request';

/**
 * Why an object stays as it is, whatever its owner asks for; undefined if it does not. A refusal would fail the
 * deployment and, since CloudFormation then asks for what was there before, also its way back.
 */
export function settled(
  description: string,
  entry: LedgerEntry | undefined,
  { owner, spec }: Pick<ReconcileRequest, 'owner' | 'spec'>,
): string | undefined {
  if (entry === undefined) return undefined;
  const { retired, letIn, heldFrom } = entry.before;
  if (typeof retired === 'string' && entry.owner === owner)
    return `${description} stays away: the migration '${retired}' was finalized`;
  if (heldFrom !== owner) return undefined;
  if (spec.kind === 'connection-guard' && typeof letIn === 'string')
    return `${description} stays lifted: the cutover of '${letIn}' let applications in`;
  return isDeepStrictEqual(JSON.parse(JSON.stringify(spec)), entry.spec)
    ? `${description} stays as the cutover left it`
    : undefined;
}
