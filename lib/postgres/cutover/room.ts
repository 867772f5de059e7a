import { type Statement, sql } from '../statement';

/** A setting that bounds how much a server replicates at once. */
export type RoomSetting =
  | 'max_replication_slots'
  | 'max_wal_senders'
  | 'max_logical_replication_workers'
  | 'max_worker_processes';

/** How much of what a setting allows is in use. */
export interface Room {
  readonly setting: RoomSetting;
  readonly most: number;
  readonly used: number;
}

/** Processes of the server's own, which take no place of `max_worker_processes`; what Aurora calls its own is in no list. */
const NO_WORKER =
  "a.backend_type ~* '^(client backend|walsender|walreceiver|walwriter|walsummarizer|checkpointer|background writer|startup|archiver|logger|io worker|slotsync worker|autovacuum .*|standalone backend|.*(aurora|rds).*)$'";

/**
 * How much of each {@link RoomSetting} is in use. Workers that a query runs for itself go with it, and so take no place; those
 * that the session may not see are not counted either.
 */
export function room(): Statement {
  const settings: Readonly<Record<RoomSetting, string>> = {
    max_replication_slots: 'pg_catalog.pg_replication_slots',
    max_wal_senders: 'pg_catalog.pg_stat_replication',
    max_logical_replication_workers: 'pg_catalog.pg_stat_subscription WHERE pid IS NOT NULL',
    max_worker_processes: `pg_catalog.pg_stat_activity a WHERE a.backend_type <> 'parallel worker' AND NOT ${NO_WORKER}`,
  };
  return sql(
    Object.entries(settings)
      .map(
        ([name, used]) =>
          `SELECT '${name}' AS setting, pg_catalog.current_setting('${name}')::int AS most, (SELECT count(*)::int FROM ${used}) AS used`,
      )
      .join(' UNION ALL '),
  );
}
