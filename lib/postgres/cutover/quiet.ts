import { quoteLiteral } from '../identifiers';
import { type Statement, sql } from '../statement';

const MAX_NAME_LENGTH = 63;

/** The slot that sees what is written behind a fence. */
export function quietSlotName(migration: string): string {
  return slotNameOf(migration, 'pontoon_fence_');
}

/** A slot must not be another migration's too, whose name differs only in what slots cannot be called. */
function slotNameOf(migration: string, prefix: string, suffix = ''): string {
  const room = MAX_NAME_LENGTH - prefix.length - suffix.length;
  const name = migration.toLowerCase().replaceAll(/[^a-z0-9_]/g, '_');
  if (name === migration && name.length <= room) return `${prefix}${name}${suffix}`;
  const end = `_${digestOf(migration)}`;
  return `${prefix}${name.slice(0, room - end.length)}${end}${suffix}`;
}

/** Eight hexadecimal digits, by FNV-1a: they need only differ. */
function digestOf(text: string): string {
  let hash = 0x811c9dc5;
  for (const character of text)
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** Makes the slot, just before the fence: from here on every write can be looked at. */
export function createQuietSlot(slotName: string): Statement {
  return sql(
    `SELECT pg_catalog.pg_create_logical_replication_slot(${quoteLiteral(slotName)}, 'test_decoding')`,
  );
}

/** So many slots that are made and dropped on a server to see that they can be, all at once. */
export function trialSlotNames(migration: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) =>
    slotNameOf(migration, 'pontoon_trial_', index === 0 ? '' : `_${index + 1}`),
  );
}

/** Makes such a slot, which goes with the session at the latest. */
export function createTrialSlot(slotName: string, plugin: string): Statement {
  return sql(
    `SELECT pg_catalog.pg_create_logical_replication_slot(${quoteLiteral(slotName)}, ${quoteLiteral(plugin)}, true)`,
  );
}

/** Drops it, if it is there. */
export function dropTrialSlot(slotName: string): Statement {
  return sql(
    'SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = $1 AND temporary AND active_pid = pg_catalog.pg_backend_pid()',
    [slotName],
  );
}

/** Whether the slot is there. */
export function quietSlotExists(slotName: string): Statement {
  return sql(
    'SELECT EXISTS (SELECT FROM pg_catalog.pg_replication_slots WHERE slot_name = $1) AS exists',
    [slotName],
  );
}

/**
 * Transactions that were committed behind `since` and changed a table whose name begins with none of `own`, whoever made
 * them: what counts is where a transaction was committed, since what it changed may lie before. `BEGIN` and `COMMIT` of
 * transactions without changes are left out by the plugin.
 */
export function foreignWrites(slotName: string, since: string, own: readonly string[]): Statement {
  return sql(
    `SELECT xid, committed::text AS lsn, change AS data FROM (
  SELECT xid::text AS xid, max(lsn) FILTER (WHERE data = 'COMMIT') AS committed, min(left(data, 300)) FILTER (WHERE data LIKE 'table %' AND data NOT LIKE ALL ($2::text[])) AS change
  FROM pg_catalog.pg_logical_slot_peek_changes(${quoteLiteral(slotName)}, NULL, NULL, 'skip-empty-xacts', '1', 'include-xids', '0') GROUP BY 1
) transactions WHERE change IS NOT NULL AND committed > $1::pg_lsn ORDER BY committed LIMIT 5`,
    [since, own.map((name) => `table ${name}%`)],
  );
}

/** Drops the slot, if it is there. */
export function dropQuietSlot(slotName: string): Statement {
  return sql(
    'SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = $1 AND NOT active',
    [slotName],
  );
}
