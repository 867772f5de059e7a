import { type Statement, sql } from '../statement';

/** Somebody who reads the log of a server, or will. */
export interface LogReader {
  /** Its slot, or what it calls itself if it has none. */
  readonly name: string;
  readonly kind: 'logical' | 'physical' | 'stream';
}

/** How a primary gets on with keeping its log in an archive. */
export interface ArchiveState {
  /** Whether it is to keep it at all. */
  readonly archives: boolean;
  /** Whether something of the timeline that it writes was kept, and nothing failed since. */
  readonly works: boolean;
  /** Whether something of that timeline could not be kept, and nothing was since. */
  readonly fails: boolean;
}

/** Asks for all readers of a server's log; see {@link LogReader}. */
export function logReaders(): Statement {
  return sql(
    `SELECT slot_name::text AS name, slot_type AS kind FROM pg_catalog.pg_replication_slots WHERE NOT temporary
UNION ALL SELECT application_name, 'stream' FROM pg_catalog.pg_stat_replication r
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots WHERE active_pid = r.pid) ORDER BY 1`,
  );
}

/** Asks a new primary for its archive; see {@link ArchiveState}. The first file is that of its timeline's history. */
export function archiveState(): Statement {
  return sql(
    `SELECT pg_catalog.current_setting('archive_mode') <> 'off' AS archives,
  coalesce(left(last_archived_wal, 8) >= timeline AND last_archived_time >= coalesce(last_failed_time, '-infinity'), false) AS works,
  coalesce(left(last_failed_wal, 8) >= timeline AND last_failed_time > coalesce(last_archived_time, '-infinity'), false) AS fails
FROM pg_catalog.pg_stat_archiver, left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8) timeline`,
  );
}
