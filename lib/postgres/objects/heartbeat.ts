import { type Statement, sql } from '../statement';
import { OWN_SCHEMA } from '../table-selection';
import { type ObjectKind, step } from './object';

/**
 * One row that is written at every beat. It keeps the WAL of an idle server moving, so that slots on its standby can
 * advance, and its age on the standby is the lag in seconds.
 */
export interface HeartbeatSpec {
  readonly kind: 'heartbeat';
}

/** What a server says of the heartbeat. */
export interface ObservedHeartbeat {
  readonly exists: boolean;
}

const TABLE = `${OWN_SCHEMA}.heartbeat`;

/** Heartbeats. */
export const heartbeat: ObjectKind<HeartbeatSpec, ObservedHeartbeat> = {
  kind: 'heartbeat',
  read: () => ({ kind: 'heartbeat' }),
  name: () => 'heartbeat',
  secrets: () => [],
  observe: () => sql(`SELECT pg_catalog.to_regclass('${TABLE}') IS NOT NULL AS exists`),
  observed: (row) => row as unknown as ObservedHeartbeat | undefined,
  occupied: (observed) => observed.exists,
  plan: (_spec, observed) =>
    observed?.exists === true
      ? []
      : [
          step(
            'create the heartbeat',
            sql(
              `CREATE TABLE ${TABLE} (singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton), beat_at timestamptz NOT NULL)`,
            ),
          ),
        ],
  drop: (_spec, observed) =>
    observed.exists ? [step('drop the heartbeat', sql(`DROP TABLE ${TABLE}`))] : [],
};

/** Writes the heartbeat, on the primary. */
export function beat(): Statement {
  return sql(
    `INSERT INTO ${TABLE} (beat_at) VALUES (pg_catalog.clock_timestamp()) ON CONFLICT (singleton) DO UPDATE SET beat_at = EXCLUDED.beat_at`,
  );
}

/** How old the last heartbeat is where this is asked, in seconds; no row before the first. */
export function beatAge(): Statement {
  return sql(
    `SELECT extract(epoch FROM pg_catalog.clock_timestamp() - beat_at)::float8 AS seconds FROM ${TABLE}`,
  );
}
