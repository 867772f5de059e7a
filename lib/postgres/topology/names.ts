import type { TopologyProps } from './topology';

/** What the names of a topology depend on. */
export type NamePrefix = Pick<TopologyProps, 'namePrefix'>;

/** What is made for a topology under names that no link and no user says. */
export interface TopologyNames {
  /** The role that a standby streams with. */
  readonly standbyRole: string;
  /** The role that reads and decodes, for DMS or a subscription. */
  readonly readerRole: string;
  /** The role that writes on the target, for DMS. */
  readonly writerRole: string;
  /** The publication and the subscription of a native link. */
  readonly replication: string;
  /** The table with the heartbeat, in the schema of the ledger. */
  readonly heartbeat: string;
}

const DEFAULT_PREFIX = 'pontoon';
const MAX_PREFIX_LENGTH = 30;
const MAX_PART_LENGTH = 20;

/** Names by which two topologies with two prefixes live side by side on one server. */
export function namesOf({ namePrefix = DEFAULT_PREFIX }: NamePrefix): TopologyNames {
  return {
    standbyRole: `${namePrefix}_standby`,
    readerRole: `${namePrefix}_reader`,
    writerRole: `${namePrefix}_writer`,
    replication: namePrefix,
    heartbeat: namePrefix === DEFAULT_PREFIX ? 'heartbeat' : `${namePrefix}_heartbeat`,
  };
}

/** The slot of a receiver that has no name of its own. */
export function slotNameFor(receiver: string, { namePrefix = DEFAULT_PREFIX }: NamePrefix): string {
  return `${namePrefix}_${snakeCase(receiver)}`;
}

/** What is called `name` for the whole, as it is called for `part` of it. */
export function partName(name: string, part: string | undefined): string {
  return part === undefined ? name : `${name}_${part}`;
}

/** Says what is wrong with `part`, or undefined if nothing is; `what` is the property as the user typed it. */
export function partNameProblem(part: string, what: string): string | undefined {
  if (/^[a-z][a-z0-9_]*$/.test(part) && part.length <= MAX_PART_LENGTH) return undefined;
  return `'${what}' must be a lower-case letter followed by up to ${MAX_PART_LENGTH - 1} lower-case letters, digits or underscores, got ${JSON.stringify(part)}; names of slots end with it, so choose another one`;
}

/** Says what is wrong with `prefix`, or undefined if nothing is; `what` is the property as the user typed it. */
export function namePrefixProblem(prefix: string, what: string): string | undefined {
  const isPrefix = /^[a-z][a-z0-9_]*$/.test(prefix) && prefix.length <= MAX_PREFIX_LENGTH;
  // Roles of this name are PostgreSQL's own, and cannot be made.
  if (isPrefix && !prefix.startsWith('pg_') && prefix !== 'pg') return undefined;
  return `'${what}' must be a lower-case letter followed by up to ${MAX_PREFIX_LENGTH - 1} lower-case letters, digits or underscores, and neither 'pg' nor begin with 'pg_', got ${JSON.stringify(prefix)}; slots cannot have other names, so choose another one`;
}

function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase();
}
