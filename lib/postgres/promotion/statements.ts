import { quoteIdentifier, quoteLiteral } from '../identifiers';
import { type Statement, secretSql, sql } from '../statement';
import { holdsPassword } from './conninfo';
import { FENCED_SQL, REPLACED_SQL } from './fence';
import { PLACE_SQL } from './place';

/** What a server of a cluster is at the moment. */
export interface MemberState {
  readonly superuser: boolean;
  /** Whether it is a standby. */
  readonly recovering: boolean;
  /** What all servers of a cluster share. */
  readonly cluster: string;
  /** The newest timeline of which it has log. */
  readonly timeline: number;
  /** Where the log on its disk ends, or how far it has replayed it while it is `unread`. */
  readonly position: string;
  /** Whether it is a standby that was restarted, and has not read to the end yet what is on its disk. */
  readonly unread: boolean;
  /** From whom it streams, if it is a standby. */
  readonly conninfo: string;
  /** By which slot. */
  readonly slot: string;
  /** What is noted of who replaced it, or null; see `replacedBy`. */
  readonly replaced: string | null;
  /** What is noted of whose place it took, or null; see `placeOf`. */
  readonly place: string | null;
  /** Whether no database lets anybody in but superusers. */
  readonly fenced: boolean;
}

/** What a standby knows of the server that it streams from. */
export interface ReceiverState {
  /** `streaming` as long as it believes to be connected. */
  readonly status: string;
  /** When it was last sent something. */
  readonly heard: string;
  readonly host: string;
  readonly port: number;
  /** Milliseconds without a word after which it asks whether the sender is still there. */
  readonly asksAfterMs: number;
}

/**
 * The newest timeline of which there is log. A promotion that was broken off leaves a file of one that nobody has begun;
 * only with a history, which a first timeline has not, does it count. Where that file was lost, the last checkpoint tells.
 */
const TIMELINE_SQL = `(
  WITH files AS (SELECT name, substr(name, 1, 8) AS timeline FROM pg_catalog.pg_ls_waldir()),
  found AS (SELECT ('x' || timeline)::bit(32)::int AS timeline, EXISTS (SELECT FROM files h WHERE h.name = f.timeline || '.history') AS begun FROM files f WHERE name ~ '^[0-9A-F]{24}$')
  SELECT greatest(coalesce(max(timeline) FILTER (WHERE begun), min(timeline)), (SELECT timeline_id FROM pg_catalog.pg_control_checkpoint())) FROM found)`;

/**
 * Asks a server what it is; see {@link MemberState}. A standby that was restarted asks to be sent more, be its primary
 * there or not, only once it has read all that it has.
 */
export function memberState(): Statement {
  return sql(
    `SELECT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS superuser,
  pg_catalog.pg_is_in_recovery() AS recovering,
  (SELECT system_identifier::text FROM pg_catalog.pg_control_system()) AS cluster,
  ${TIMELINE_SQL} AS timeline,
  CASE WHEN pg_catalog.pg_is_in_recovery()
    THEN greatest(pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn())
    ELSE pg_catalog.pg_current_wal_flush_lsn() END::text AS position,
  pg_catalog.pg_is_in_recovery() AND pg_catalog.pg_last_wal_receive_lsn() IS NULL AS unread,
  pg_catalog.current_setting('primary_conninfo') AS conninfo, pg_catalog.current_setting('primary_slot_name') AS slot, ${REPLACED_SQL} AS replaced, ${PLACE_SQL} AS place, ${FENCED_SQL} AS fenced`,
  );
}

/** Has a session's commits wait for its own server's disk only, since the standbys change hands. */
export function waitForOwnDisk(): Statement {
  return sql('SET synchronous_commit = local');
}

/** Asks a standby for its receiver; no row if there is none. See {@link ReceiverState}. */
export function receiverState(): Statement {
  return sql(
    `SELECT status, last_msg_receipt_time::text AS heard, sender_host AS host, sender_port AS port, (SELECT setting::int / 2 FROM pg_catalog.pg_settings WHERE name = 'wal_receiver_timeout') AS "asksAfterMs" FROM pg_catalog.pg_stat_wal_receiver WHERE status = 'streaming'`,
  );
}

/** How far a standby has replayed its log. */
export interface ReplayState {
  readonly position: string;
  /** Whether it has replayed all that it can, and waits for more; a record may have arrived in part. */
  readonly idle: boolean;
  readonly paused: boolean;
  /** Whether it keeps to `recovery_min_apply_delay`. */
  readonly delayed: boolean;
}

/** Asks a standby what it replays; see {@link ReplayState}. */
export function replayState(): Statement {
  return sql(
    `SELECT pg_catalog.pg_last_wal_replay_lsn()::text AS position, coalesce(w.event = 'RecoveryWalStream', false) AS idle, pg_catalog.pg_is_wal_replay_paused() AS paused, coalesce(w.event = 'RecoveryApplyDelay', false) AS delayed
FROM (SELECT (SELECT wait_event FROM pg_catalog.pg_stat_activity WHERE backend_type = 'startup') AS event) w`,
  );
}

/** Asks for the physical slot `name`. */
export function physicalSlot(name: string): Statement {
  return sql(
    `SELECT slot_type = 'physical' AS physical, active, coalesce(wal_status, 'none') IN ('none', 'lost') AS useless FROM pg_catalog.pg_replication_slots WHERE slot_name = $1`,
    [name],
  );
}

/** Has a server, be it a standby, keep its log from its last checkpoint on, for whoever streams by `slot`. */
export function keepLogFor(slot: string): Statement {
  return sql('SELECT pg_catalog.pg_create_physical_replication_slot($1, true)', [slot]);
}

/** Drops those of `slots` that nobody reads from. */
export function dropIdleSlots(slots: readonly string[]): Statement {
  return sql(
    `SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = ANY ($1::pg_catalog.name[]) AND slot_type = 'physical' AND NOT active`,
    [slots],
  );
}

/** Sets `name` for the whole server, behind whatever its files say; to take effect with {@link reloadSettings}. */
export function setForServer(name: string, value: string): Statement {
  const set = (shown: string): string => `ALTER SYSTEM SET ${name} = ${quoteLiteral(shown)}`;
  if (!holdsPassword(value)) return sql(set(value));
  return secretSql({ value }, ({ value: shown }) => set(shown));
}

/** Has a server read its settings again. */
export function reloadSettings(): Statement {
  return sql('SELECT pg_catalog.pg_reload_conf()');
}

/** Asks whether a setting has its new value yet; the server's processes read it one after the other. */
export function settingIs(name: string, value: string): Statement {
  return sql('SELECT pg_catalog.current_setting($1) = $2 AS is', [name, value]);
}

/** Has a standby become a primary; it takes a moment. */
export function promoteServer(): Statement {
  return sql('SELECT pg_catalog.pg_promote(false)');
}

/** Asks a standby whether it was told to become a primary, as long as it has not heeded that. */
export function promotionAsked(): Statement {
  return sql(`SELECT (pg_catalog.pg_stat_file('promote', true)).size IS NOT NULL AS asked`);
}

/**
 * Has a standby replay that is not paused: nothing for one that stays a standby. One that is becoming a primary, or is
 * one, refuses it.
 *
 * @see https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-RECOVERY-CONTROL
 */
export function replayFreely(): Statement {
  return sql(
    'SELECT pg_catalog.pg_wal_replay_resume() WHERE NOT pg_catalog.pg_is_wal_replay_paused()',
  );
}

/** Asks a server whether it still is a standby. */
export function isRecovering(): Statement {
  return sql('SELECT pg_catalog.pg_is_in_recovery() AS recovering');
}

/** The timeline that a primary writes, and where it began: nothing for one that was never promoted. */
export function timelineOf(): Statement {
  return sql(
    `SELECT timeline, (pg_catalog.regexp_match(pg_catalog.pg_read_file('pg_wal/' || lpad(upper(pg_catalog.to_hex(timeline)), 8, '0') || '.history', 0, 1000000, true), '.*(?:^|\\n)\\d+\\t([0-9A-F]+/[0-9A-F]+)'))[1] AS began FROM (SELECT ('x' || substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8))::bit(32)::int AS timeline) now`,
  );
}

/** Those that stream from a primary, under the names that they call themselves. */
export function streamingNames(): Statement {
  return sql(
    `SELECT application_name AS name FROM pg_catalog.pg_stat_replication WHERE state = 'streaming' ORDER BY 1`,
  );
}

/** Where a server's files are, for one whose host is set up in the same way. */
export interface ServerPlaces {
  readonly dataDirectory: string;
  readonly configFile: string;
  readonly binDirectory: string;
  /** How it streams, or did before it was promoted. */
  readonly conninfo: string;
}

/** Asks for the places of a server; see {@link ServerPlaces}. */
export function serverPlaces(): Statement {
  return sql(
    `SELECT pg_catalog.current_setting('data_directory') AS "dataDirectory", pg_catalog.current_setting('config_file') AS "configFile", (SELECT setting FROM pg_catalog.pg_config WHERE name = 'BINDIR') AS "binDirectory", pg_catalog.current_setting('primary_conninfo') AS conninfo`,
  );
}

/**
 * Lets `role` read the files of this server, as pg_rewind does.
 *
 * @see https://www.postgresql.org/docs/current/app-pgrewind.html
 */
export function allowRewind(role: string): readonly Statement[] {
  const functions = [
    'pg_ls_dir(text, boolean, boolean)',
    'pg_stat_file(text, boolean)',
    'pg_read_binary_file(text)',
    'pg_read_binary_file(text, bigint, bigint, boolean)',
  ];
  return functions.map((name) =>
    sql(`GRANT EXECUTE ON FUNCTION pg_catalog.${name} TO ${quoteIdentifier(role)}`),
  );
}
