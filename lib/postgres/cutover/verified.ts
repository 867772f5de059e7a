import { type Statement, sql } from '../statement';
import { OWN_SCHEMA, selectionSql, type TableSelection } from '../table-selection';
import { LinkKind } from '../topology';
import type { ReplicationPath } from './plan';

const TABLE = `${OWN_SCHEMA}.verification`;

/** Makes the place where the new writer remembers what was compared. */
export function createVerification(): Statement {
  return sql(
    `CREATE TABLE IF NOT EXISTS ${TABLE} (migration text PRIMARY KEY, stream text NOT NULL, state jsonb NOT NULL, results jsonb NOT NULL, at timestamptz NOT NULL)`,
  );
}

/** Whether anything was compared yet. */
export function verificationExists(): Statement {
  return sql(`SELECT pg_catalog.to_regclass('${TABLE}') IS NOT NULL AS exists`);
}

/** What was compared. No row if nothing was. */
export function findVerification(migration: string): Statement {
  return sql(`SELECT stream, state, results FROM ${TABLE} WHERE migration = $1`, [migration]);
}

/** Remembers what was compared, and of which stream. */
export function writeVerification(
  migration: string,
  stream: string,
  { state, results }: { readonly state: unknown; readonly results: unknown },
): Statement {
  return sql(
    `INSERT INTO ${TABLE} (migration, stream, state, results, at) VALUES ($1, $2, $3, $4, pg_catalog.clock_timestamp()) ON CONFLICT (migration) DO UPDATE SET stream = EXCLUDED.stream, state = EXCLUDED.state, results = EXCLUDED.results, at = EXCLUDED.at`,
    [migration, stream, JSON.stringify(state), JSON.stringify(results)],
  );
}

/** What tells the stream of `path` from one that began anew, asked on the receiver. No row if there is none. */
export function streamOf(path: ReplicationPath): Statement {
  if (path.kind === LinkKind.DMS) return sql('SELECT $1::text AS stream', [path.slotName]);
  return sql(
    `SELECT pg_catalog.format('%s %s', s.oid, s.subslotname) AS stream FROM pg_catalog.pg_subscription s WHERE s.subname = $1 AND s.subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
    [path.subscription],
  );
}

/** The selected tables, partitions under their roots. */
export function selectedTables(selection: TableSelection): Statement {
  return sql(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p' AND ${selectionSql(selection, 'n.nspname', 'c.relname')} ORDER BY 1, 2`,
  );
}
