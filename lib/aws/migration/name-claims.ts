import type { Construct, IConstruct } from 'constructs';
import { namesOf } from '../../postgres';

/** A server on which a migration makes roles and slots. */
export interface ClaimedServer {
  /** Where it is, as the program knows it: a plain value, or a token that is compared as it is. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
}

/**
 * Takes the names of a migration on `server`, for the whole app: roles and slots belong to the server and not to a
 * database. Says what is wrong if another migration of the app has taken them; what other apps take is not known here.
 */
export function claimNames(
  migration: Construct,
  namePrefix: string | undefined,
  { host, port }: ClaimedServer,
): string | undefined {
  const { replication: prefix } = namesOf(namePrefix === undefined ? {} : { namePrefix });
  const taken = CLAIMS.get(migration.node.root) ?? new Map<string, string>();
  CLAIMS.set(migration.node.root, taken);
  const key = JSON.stringify([host, port, prefix]);
  const owner = taken.get(key);
  if (owner === undefined) {
    taken.set(key, migration.node.path);
    return undefined;
  }
  return `'namePrefix' must be unique among the migrations of one server, got '${prefix}' as '${owner}' has it on ${host}:${port}; give one of the two another 'namePrefix'`;
}

/** Who has taken which names, by app. */
const CLAIMS = new WeakMap<IConstruct, Map<string, string>>();
