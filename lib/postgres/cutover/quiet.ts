import { quoteLiteral } from '../identifiers';
import { type Statement, sql } from '../statement';

/** The slot that sees what is written behind a fence. */
export function quietSlotName(migration: string): string {
  const name = migration.toLowerCase().replaceAll(/[^a-z0-9_]/g, '_');
  return `pontoon_fence_${name}`.slice(0, 63);
}

/** Makes the slot, just before the fence: from here on every write can be looked at. */
export function createQuietSlot(slotName: string): Statement {
  return sql(
    `SELECT pg_catalog.pg_create_logical_replication_slot(${quoteLiteral(slotName)}, 'test_decoding')`,
  );
}

/** So many slots that are made and dropped on a server to see that they can be, all at once. */
export function trialSlotNames(migration: string, count: number): readonly string[] {
  const name = quietSlotName(migration).replace('fence', 'trial');
  return Array.from({ length: count }, (_, index) =>
    index === 0 ? name : `${name.slice(0, 60)}_${index + 1}`,
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
