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
  /** Whether something was kept since it was promoted, and nothing failed after that. */
  readonly works: boolean;
  /** Whether something could not be kept since it was promoted, and nothing was after that. */
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

/** Asks a server that was promoted for its archive; see {@link ArchiveState}. It is then that the history was written. */
export function archiveState(): Statement {
  return sql(
    `SELECT pg_catalog.current_setting('archive_mode') <> 'off' AS archives,
  coalesce(last_archived_time >= began AND last_archived_time >= coalesce(last_failed_time, '-infinity'), false) AS works,
  coalesce(last_failed_time >= began AND last_failed_time > coalesce(last_archived_time, '-infinity'), false) AS fails
FROM pg_catalog.pg_stat_archiver, (SELECT (pg_catalog.pg_stat_file('pg_wal/' || left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8) || '.history', true)).modification AS began) history`,
  );
}
