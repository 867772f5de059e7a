import { quoteLiteral, quoteQualified } from '../identifiers';
import { type Statement, sql } from '../statement';
import { OWN_SCHEMA } from '../table-selection';
import { type ObjectKind, step } from './object';

/**
 * One row that is written at every beat. It keeps the WAL of an idle server moving, so that slots on its standby can
 * advance, and its age on the standby is the lag in seconds.
 */
export interface HeartbeatSpec {
  readonly kind: 'heartbeat';
  /**
   * The table that holds it, in the schema of the ledger. Two migrations of one database need two.
   *
   * @default 'heartbeat'
   */
  readonly name?: string;
}

/** What a server says of the heartbeat. */
export interface ObservedHeartbeat {
  readonly exists: boolean;
}

const DEFAULT_NAME = 'heartbeat';

function tableOf(name = DEFAULT_NAME): string {
  return quoteQualified({ schema: OWN_SCHEMA, name });
}

/** Heartbeats. */
export const heartbeat: ObjectKind<HeartbeatSpec, ObservedHeartbeat> = {
  kind: 'heartbeat',
  read: (reader) => ({
    kind: 'heartbeat',
    ...(reader.optionalText('name') === undefined ? {} : { name: reader.name('name') }),
  }),
  name: ({ name = DEFAULT_NAME }) => name,
  secrets: () => [],
  observe: ({ name }) =>
    sql(`SELECT pg_catalog.to_regclass(${quoteLiteral(tableOf(name))}) IS NOT NULL AS exists`),
  observed: (row) => row as unknown as ObservedHeartbeat | undefined,
  occupied: (observed) => observed.exists,
  plan: ({ name }, observed) =>
    observed?.exists === true
      ? []
      : [
          step(
            'create the heartbeat',
            sql(
              `CREATE TABLE ${tableOf(name)} (singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton), beat_at timestamptz NOT NULL)`,
            ),
          ),
        ],
  drop: ({ name }, observed) =>
    observed.exists ? [step('drop the heartbeat', sql(`DROP TABLE ${tableOf(name)}`))] : [],
};

/** Writes the heartbeat called `name`, on the primary. */
export function beat(name?: string): Statement {
  return sql(
    `INSERT INTO ${tableOf(name)} (beat_at) VALUES (pg_catalog.clock_timestamp()) ON CONFLICT (singleton) DO UPDATE SET beat_at = EXCLUDED.beat_at`,
  );
}

/** How old the last heartbeat called `name` is where this is asked, in seconds; no row before the first. */
export function beatAge(name?: string): Statement {
  return sql(
    `SELECT extract(epoch FROM pg_catalog.clock_timestamp() - beat_at)::float8 AS seconds FROM ${tableOf(name)}`,
  );
}
