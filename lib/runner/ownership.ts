import { keptFor, type LedgerEntry, migrationOfOwner, PontoonError } from '../postgres';
import type { ReconcileRequest } from './reconcile-request';

/** What is known of an object's owner before anything is changed. */
export interface Ownership {
  /** The object as people read it. */
  readonly description: string;
  /** What the ledger says of it. */
  readonly entry: LedgerEntry | undefined;
  /** Whether there is something by that name on the server. */
  readonly occupied: boolean;
}

/**
 * Lets only the owner change an object, and nobody take over silently what somebody else made.
 *
 * @throws PontoonError with code OWNED or EXISTS
 */
export function requireOwnership(
  { description, entry, occupied }: Ownership,
  { owner, adopt }: Pick<ReconcileRequest, 'owner' | 'adopt'>,
): void {
  if (entry !== undefined) {
    if (entry.owner === owner) return;
    throw new PontoonError(
      'OWNED',
      `${description} must belong to ${owner}, got the owner ${entry.owner}; ${wayOut(entry.owner)}`,
    );
  }
  if (!occupied || adopt === true) return;
  throw new PontoonError(
    'EXISTS',
    `${description} cannot be created, got one that somebody else made; drop it, choose another name, or adopt it with 'adopt: true'`,
  );
}

/**
 * Has whoever deployed an object that a cutover holds or needs learn that it stays: a deletion that seems done would forget
 * what nobody else takes away, or end the way back.
 *
 * @throws PontoonError with code OWNED
 */
export function requireReleased(
  description: string,
  entry: LedgerEntry | undefined,
  { owner }: Pick<ReconcileRequest, 'owner'>,
): void {
  const migration = entry === undefined ? undefined : holderOf(entry, owner);
  if (migration === undefined) return;
  throw new PontoonError(
    'OWNED',
    `${description} cannot be dropped while a cutover holds it, got the one of '${migration}'; finalize that first, after a rollback if the old writer is to stay, or have 'pontoon cutover --lift-expired' take back one that was cut off before its fence`,
  );
}

/** The migration whose cutover keeps `owner` from dropping what is or was its own. */
function holderOf(entry: LedgerEntry, owner: string): string | undefined {
  if (entry.before.heldFrom === owner) return migrationOfOwner(entry.owner);
  return entry.owner === owner ? keptFor(entry)[0] : undefined;
}

function wayOut(owner: string): string {
  const migration = migrationOfOwner(owner);
  return migration === undefined
    ? 'change it there, or choose another name'
    : `roll back or finalize the cutover of '${migration}' first, or have 'pontoon cutover --lift-expired' take back one that was cut off before its fence`;
}
