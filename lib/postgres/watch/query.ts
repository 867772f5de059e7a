import { supports } from '../capabilities';
import { beatAge } from '../objects';
import { type Statement, sql } from '../statement';
import type { WatchPoint } from './points';

/** What one query brings: a row with `slots`, `subscriptions`, `beatAge`, `longestTransaction` and `dataBytes`. */
export function watchSql(point: WatchPoint): Statement {
  const { majorVersion, sends, subscribes, follows, disk, heartbeat } = point;
  const watchesSlots = sends.length > 0 || disk;
  return sql(
    [
      ...(watchesSlots ? [`WITH ${POSITION},\n${slots(majorVersion)}`] : []),
      'SELECT',
      [
        `${watchesSlots ? SLOTS : 'NULL::json'} AS slots`,
        `${subscribes.length > 0 ? subscriptions(majorVersion) : 'NULL::json'} AS subscriptions`,
        `${follows === undefined ? 'NULL::float8' : `(${beatAge(heartbeat).text})`} AS "beatAge"`,
        `${LONGEST_TRANSACTION} AS "longestTransaction"`,
        `${disk ? DATA_BYTES : 'NULL::float8'} AS "dataBytes"`,
      ]
        .map((column) => `  ${column}`)
        .join(',\n'),
    ].join('\n'),
  );
}

/** A standby can decode what it has replayed, and keeps what it has received. */
const POSITION = `here AS MATERIALIZED (
  SELECT
    CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END AS at,
    CASE WHEN pg_catalog.pg_is_in_recovery() THEN GREATEST(pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn()) ELSE pg_catalog.pg_current_wal_lsn() END AS written
)`;

/**
 * A sender measures its lag only when its receiver answers, so that the wait for an answer counts as well; a receiver
 * with nothing left to confirm has none.
 */
function slots(major: number): string {
  return `slots AS MATERIALIZED (
  SELECT s.slot_name AS name, s.active, w.state,
    s.wal_status = 'lost'${invalidated(major)} AS lost,
    GREATEST(pg_catalog.pg_wal_lsn_diff(here.written, s.restart_lsn), 0)::float8 AS retained,
    GREATEST(pg_catalog.pg_wal_lsn_diff(here.at, CASE s.slot_type WHEN 'logical' THEN s.confirmed_flush_lsn ELSE COALESCE(w.replay_lsn, s.restart_lsn) END), 0)::float8 AS behind,
    CASE WHEN w.state IS NOT NULL THEN GREATEST(extract(epoch FROM w.replay_lag), CASE WHEN w.sent_lsn > w.replay_lsn THEN extract(epoch FROM pg_catalog.clock_timestamp() - w.reply_time) END, 0)::float8 END AS seconds
  FROM here CROSS JOIN pg_catalog.pg_replication_slots s
  LEFT JOIN pg_catalog.pg_stat_replication w ON w.pid = s.active_pid
)`;
}

function invalidated(major: number): string {
  if (supports(major, 'slot-invalidation-reason')) return ' OR s.invalidation_reason IS NOT NULL';
  return supports(major, 'slot-conflict-column') ? ' OR s.conflicting IS TRUE' : '';
}

const SLOTS = "(SELECT COALESCE(pg_catalog.json_agg(slots), '[]'::json) FROM slots)";

function subscriptions(major: number): string {
  const counts = supports(major, 'subscription-stats');
  const errors = counts ? 'e.apply_error_count + e.sync_error_count' : 'NULL';
  const join = counts
    ? ' LEFT JOIN pg_catalog.pg_stat_subscription_stats e ON e.subid = s.oid'
    : '';
  return `(SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object(
    'slot', s.subslotname,
    'running', s.subenabled AND EXISTS (SELECT FROM pg_catalog.pg_stat_subscription a WHERE a.subid = s.oid AND a.relid IS NULL AND a.pid IS NOT NULL),
    'errors', ${errors},
    'left', (SELECT pg_catalog.count(*) FROM pg_catalog.pg_subscription_rel r WHERE r.srsubid = s.oid AND r.srsubstate <> 'r'))), '[]'::json)
  FROM pg_catalog.pg_subscription s${join}
  WHERE s.subdbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()))`;
}

/** Without the right to see other sessions the answer would be a wrong 0, and so is none. */
const LONGEST_TRANSACTION = `CASE WHEN pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') THEN GREATEST(
    (SELECT extract(epoch FROM pg_catalog.clock_timestamp() - min(xact_start)) FROM pg_catalog.pg_stat_activity WHERE pid <> pg_catalog.pg_backend_pid() AND backend_type = 'client backend'),
    (SELECT extract(epoch FROM pg_catalog.clock_timestamp() - min(prepared)) FROM pg_catalog.pg_prepared_xacts), 0)::float8 END`;

/**
 * The log's directory is open to pg_monitor only, and asking for it without that right fails the whole query. What it
 * holds is what slots keep, or `max_wal_size` if that is more.
 */
const DATA_BYTES = `((SELECT CASE WHEN pg_catalog.bool_and(pg_catalog.has_database_privilege(d.oid, 'CONNECT') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'))
      THEN pg_catalog.sum(CASE WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') THEN pg_catalog.pg_database_size(d.oid) END) END
      FROM pg_catalog.pg_database d)
    + GREATEST((SELECT max(retained) FROM slots), pg_catalog.pg_size_bytes(pg_catalog.current_setting('max_wal_size'))))::float8`;
