import { setTimeout as wait } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { type Lsn, lsnDistance, parseLsn } from '../../postgres';
import type { DmsEndpointSettings } from './endpoint-settings';
import { fatal } from './task-errors';

const RELEASE_TIMEOUT_MS = 10_000;
const RELEASE_POLL_MS = 10;

/** The source as the task finds it. */
export interface SourceServer {
  readonly isStandby: boolean;
  /** SQL for the position up to which a new snapshot sees everything, or nearly so on a primary. */
  readonly positionSql: string;
}

/** Looks at the source. Throws where DMS refuses it. */
export async function inspectSource(
  source: ClientBase,
  settings: DmsEndpointSettings,
): Promise<SourceServer> {
  const { rows } = await source.query<{ standby: boolean; timeout: number }>(
    "SELECT pg_is_in_recovery() AS standby, (SELECT setting::int FROM pg_settings WHERE name = 'wal_sender_timeout') AS timeout",
  );
  const { standby = false, timeout = 0 } = rows[0] ?? {};
  if (timeout > 0 && timeout < 10_000) {
    throw fatal(
      `wal_sender_timeout of the source must be 0 or at least 10000 ms for DMS, got ${timeout}; raise it`,
    );
  }
  if (standby && settings.captureDdls) {
    throw fatal(
      "'CaptureDdls' must be false on a standby, got true; DMS cannot create its DDL artifacts on a read-only server",
    );
  }
  if (standby && settings.heartbeatEnable) {
    throw fatal(
      "'HeartbeatEnable' must be false on a standby, got true; DMS cannot write its heartbeat on a read-only server",
    );
  }
  return {
    isStandby: standby,
    positionSql: standby ? 'pg_last_wal_replay_lsn()' : 'pg_current_wal_insert_lsn()',
  };
}

interface SlotRow {
  readonly plugin: string | null;
  readonly database: string | null;
  readonly here: string;
  readonly confirmed: Lsn | null;
  readonly lost: boolean;
  readonly reason: string | null;
  readonly synced: boolean;
}

// Newer majors add columns; reading the row as JSON needs no version.
const SLOT = `
  SELECT s.plugin, s.database, current_database() AS here, s.confirmed_flush_lsn::text AS confirmed,
    coalesce(s.wal_status = 'lost', false) OR coalesce((j.row ->> 'conflicting')::boolean, false)
      OR j.row ->> 'invalidation_reason' IS NOT NULL AS lost,
    j.row ->> 'invalidation_reason' AS reason,
    s.database IS NOT NULL AND coalesce((j.row ->> 'synced')::boolean, false) AS synced
  FROM pg_replication_slots s, LATERAL (SELECT to_jsonb(s) AS row) j
  WHERE s.slot_name = $1`;

/** Checks that the slot can be decoded and gives its confirmed position. Throws as DMS fails. */
export async function inspectSlot(
  source: ClientBase,
  slot: string,
  isStandby: boolean,
): Promise<Lsn> {
  const { rows } = await source.query<SlotRow>(SLOT, [slot]);
  const [row] = rows;
  if (row === undefined) {
    throw fatal(
      isStandby
        ? `replication slot "${slot}" does not exist on the source and DMS cannot create replication slots on a standby; create it there with test_decoding`
        : `replication slot "${slot}" does not exist on the source; create it with test_decoding`,
    );
  }
  if (row.lost) {
    throw fatal(
      `replication slot "${slot}" was invalidated on the source (${row.reason ?? 'its log was removed or its rows are gone'}); drop it, create it again and reload the target`,
    );
  }
  if (row.plugin !== 'test_decoding') {
    throw fatal(
      `replication slot "${slot}" must use the plugin test_decoding, got ${row.plugin ?? 'none, as it is a physical slot'}; create another one`,
    );
  }
  if (row.database !== row.here) {
    throw fatal(
      `replication slot "${slot}" must belong to database "${row.here}", got "${row.database ?? ''}"; create it there`,
    );
  }
  if (row.synced && isStandby) {
    throw fatal(
      `replication slot "${slot}" cannot be decoded on a standby that synchronises it from the primary; create one on the standby`,
    );
  }
  return row.confirmed ?? '0/0';
}

/** Where CDC starts. Throws if the slot no longer has what lies there. */
export function startPosition(slot: string, confirmed: Lsn, wanted: Lsn | undefined): Lsn {
  if (wanted === undefined) return confirmed;
  if (lsnDistance(confirmed, wanted) < 0n) {
    throw fatal(
      `'CdcStartPosition' must not lie before ${confirmed}, the confirmed position of replication slot "${slot}", got ${wanted}; start there or later`,
    );
  }
  return wanted;
}

/** The source's position now, in bytes. */
export async function readPosition(source: ClientBase, server: SourceServer): Promise<bigint> {
  const { rows } = await source.query<{ lsn: Lsn | null }>(
    `SELECT ${server.positionSql}::text AS lsn`,
  );
  return parseLsn(rows[0]?.lsn ?? '0/0');
}

/** Waits until the server noticed that nobody reads the slot any more, so that it can be dropped. */
export async function slotReleased(source: ClientBase, slot: string): Promise<void> {
  const deadline = Date.now() + RELEASE_TIMEOUT_MS;
  const active = 'SELECT FROM pg_replication_slots WHERE slot_name = $1 AND active';
  while (((await source.query(active, [slot])).rowCount ?? 0) > 0 && Date.now() < deadline) {
    await wait(RELEASE_POLL_MS);
  }
}
