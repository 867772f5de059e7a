/**
 * SQL for why the slot of the row `s` can be read no more, as PostgreSQL 17 calls it; NULL as long as it can. Version 16
 * knows only that a slot is in conflict, and a slot whose WAL was removed has no position there.
 */
export const SLOT_LOST_BY = `CASE WHEN s.wal_status = 'lost' THEN coalesce(pg_catalog.to_jsonb(s) ->> 'invalidation_reason', CASE WHEN s.restart_lsn IS NOT NULL AND (pg_catalog.to_jsonb(s) ->> 'conflicting')::bool THEN 'conflict' ELSE 'wal_removed' END) END`;

const FEEDBACK = `set hot_standby_feedback = on there`;

const LOSSES: { readonly [reason: string]: { readonly what: string; readonly wayOut: string } } = {
  wal_removed: {
    what: 'whose WAL is gone',
    wayOut: 'raise max_slot_wal_keep_size there',
  },
  rows_removed: {
    what: 'that was invalidated, since its primary removed rows of the catalog that it needs',
    wayOut: FEEDBACK,
  },
  wal_level_insufficient: {
    what: 'that was invalidated, since its primary no longer writes what it needs',
    wayOut: 'set wal_level = logical on the primary',
  },
  conflict: {
    what: 'that was invalidated, since its primary removed what it needs',
    wayOut: `${FEEDBACK} and wal_level = logical on the primary`,
  },
  idle_timeout: {
    what: 'that was invalidated, since nobody read it for long',
    wayOut: 'raise idle_replication_slot_timeout there',
  },
};

/** What became of a slot that can be read no more for the `reason` that the server gives, and what to do. */
export function slotLoss(reason: string): { readonly what: string; readonly wayOut: string } {
  const { what, wayOut } = LOSSES[reason] ?? {
    what: `that was invalidated (${reason})`,
    wayOut: `look up '${reason}' in the documentation of pg_replication_slots`,
  };
  return { what, wayOut: `${wayOut}, and replicate from the start again` };
}
