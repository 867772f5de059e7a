import { PontoonError } from './errors';

/** The only table of what came with which PostgreSQL major; no other file compares a version. */
const SINCE = {
  'slot-wal-limit': 13,
  'partition-root': 13,
  'binary-subscription': 14,
  'streaming-subscription': 14,
  'two-phase-slot': 14,
  'certificate-address': 15,
  'row-filter': 15,
  'column-list': 15,
  'schema-publication': 15,
  'disable-on-error': 15,
  'subscription-stats': 15,
  'apply-by-rights': 15,
  'parameter-privileges': 15,
  'backup-functions-renamed': 15,
  'database-collation-version': 15,
  'standby-logical-decoding': 16,
  'slot-conflict-column': 16,
  'subscription-origin': 16,
  'apply-as-table-owner': 16,
  'create-subscription-role': 16,
  'create-replication-role': 16,
  'subscription-password-required': 16,
  'role-membership-options': 16,
  'slot-failover': 17,
  'slot-invalidation-reason': 17,
  'create-subscriber-tool': 17,
  'builtin-locale': 17,
  'idle-slot-timeout': 18,
  'origin-limit': 18,
  'generated-column-publication': 18,
  'sequence-publication': 19,
  'dynamic-wal-level': 19,
} as const satisfies Record<string, number>;

/** Something that only some PostgreSQL majors can do. */
export type Capability = keyof typeof SINCE;

/** The oldest and the newest major that this library knows. */
export const KNOWN_MAJORS = { oldest: 14, newest: 18 } as const;

/** The first PostgreSQL major with `capability`. */
export function capabilitySince(capability: Capability): number {
  return SINCE[capability];
}

/** Whether PostgreSQL `major` has `capability`. */
export function supports(major: number, capability: Capability): boolean {
  return major >= SINCE[capability];
}

/** Throws a PontoonError with code UNSUPPORTED unless PostgreSQL `major` has `capability`. */
export function requireCapability(
  major: number,
  capability: Capability,
  use: { readonly what: string; readonly wayOut: string },
): void {
  if (supports(major, capability)) return;
  throw new PontoonError(
    'UNSUPPORTED',
    `'${use.what}' requires PostgreSQL ${SINCE[capability]} or later, got ${major}; ${use.wayOut}`,
  );
}

/** Whether `major` is known: older ones are refused, newer ones are reported as unchecked. */
export function knownMajor(major: number): 'too-old' | 'known' | 'unchecked' {
  if (major < KNOWN_MAJORS.oldest) return 'too-old';
  return major > KNOWN_MAJORS.newest ? 'unchecked' : 'known';
}
