import { PontoonError } from '../errors';
import { type Statement, sql } from '../statement';
import { OWN_SCHEMA } from '../table-selection';
import { type ObjectKind, step } from './object';

/**
 * The schema in which this library remembers what it made, for whom, and which requests it has answered. Every other
 * object needs it; several owners share it, and the last one takes it away.
 */
export interface LedgerSpec {
  readonly kind: 'ledger';
}

/** What a server says of the ledger. */
export interface ObservedLedger {
  readonly exists: boolean;
}

/** The ledger. */
export const ledger: ObjectKind<LedgerSpec, ObservedLedger> = {
  kind: 'ledger',
  read: () => ({ kind: 'ledger' }),
  name: () => 'ledger',
  secrets: () => [],
  observe: () =>
    sql(`SELECT pg_catalog.to_regclass('${OWN_SCHEMA}.objects') IS NOT NULL AS exists`),
  observed: (row) => row as unknown as ObservedLedger | undefined,
  occupied: (observed) => observed.exists,
  plan: (_spec, observed) =>
    observed?.exists === true
      ? []
      : [
          step('create the schema of the ledger', sql(`CREATE SCHEMA ${OWN_SCHEMA}`)),
          step(
            'keep others out of the ledger',
            sql(`REVOKE ALL ON SCHEMA ${OWN_SCHEMA} FROM PUBLIC`),
          ),
          step(
            'create the ledger of objects',
            sql(
              `CREATE TABLE ${OWN_SCHEMA}.objects (server text, kind text, name text, owner text NOT NULL, adopted boolean NOT NULL, spec jsonb NOT NULL, attempted jsonb, secret_versions jsonb NOT NULL, before jsonb NOT NULL, applied_at timestamptz NOT NULL DEFAULT pg_catalog.now(), PRIMARY KEY (server, kind, name))`,
            ),
          ),
          step(
            'create the ledger of requests',
            sql(
              `CREATE TABLE ${OWN_SCHEMA}.requests (id text PRIMARY KEY, outcome jsonb NOT NULL, answered_at timestamptz NOT NULL DEFAULT pg_catalog.now())`,
            ),
          ),
        ],
  drop: (_spec, observed) =>
    observed.exists ? [step('drop the ledger', sql(`DROP SCHEMA ${OWN_SCHEMA} CASCADE`))] : [],
};

/** One object in the ledger. */
export interface LedgerEntry {
  readonly owner: string;
  readonly adopted: boolean;
  readonly spec: unknown;
  /** A spec that is being applied over `spec`, or whose application was cut off. */
  readonly attempted?: unknown;
  readonly secretVersions: Record<string, string>;
  readonly before: Record<string, unknown>;
}

/** What identifies an object in the ledger. */
export interface ObjectKey {
  readonly server: string;
  readonly kind: string;
  readonly name: string;
}

/** Asks for one object. */
export function findEntry({ server, kind, name }: ObjectKey): Statement {
  return sql(
    `SELECT owner, adopted, spec, attempted, secret_versions AS "secretVersions", before FROM ${OWN_SCHEMA}.objects WHERE server = $1 AND kind = $2 AND name = $3`,
    [server, kind, name],
  );
}

/** Remembers one object. */
export function writeEntry({ server, kind, name }: ObjectKey, entry: LedgerEntry): Statement {
  return sql(
    `INSERT INTO ${OWN_SCHEMA}.objects (server, kind, name, owner, adopted, spec, secret_versions, before, attempted) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (server, kind, name) DO UPDATE SET spec = EXCLUDED.spec, attempted = EXCLUDED.attempted, adopted = EXCLUDED.adopted, secret_versions = EXCLUDED.secret_versions, applied_at = pg_catalog.now()`,
    [
      server,
      kind,
      name,
      entry.owner,
      entry.adopted,
      JSON.stringify(entry.spec),
      JSON.stringify(entry.secretVersions),
      JSON.stringify(entry.before),
      entry.attempted === undefined ? null : JSON.stringify(entry.attempted),
    ],
  );
}

/** Forgets one object. */
export function deleteEntry({ server, kind, name }: ObjectKey): Statement {
  return sql(`DELETE FROM ${OWN_SCHEMA}.objects WHERE server = $1 AND kind = $2 AND name = $3`, [
    server,
    kind,
    name,
  ]);
}

/** Says how many objects the ledger holds. */
export function countEntries(): Statement {
  return sql(`SELECT count(*)::int AS objects FROM ${OWN_SCHEMA}.objects`);
}

/** Asks how a request was answered. */
export function findRequest(id: string): Statement {
  return sql(`SELECT outcome FROM ${OWN_SCHEMA}.requests WHERE id = $1`, [id]);
}

/** Remembers how a request was answered, and forgets what is a week old: nothing is delivered that late. */
export function writeRequest(id: string, outcome: unknown): Statement {
  return sql(
    `WITH old AS (DELETE FROM ${OWN_SCHEMA}.requests WHERE answered_at < pg_catalog.now() - interval '7 days') INSERT INTO ${OWN_SCHEMA}.requests (id, outcome) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`,
    [id, JSON.stringify(outcome)],
  );
}

/** Says that a ledger must be made first. */
export function noLedger(server: string): PontoonError {
  return new PontoonError(
    'NO_LEDGER',
    `server '${server}' must have a ledger before objects are made or dropped there, got none; apply {"kind":"ledger"} first`,
  );
}
