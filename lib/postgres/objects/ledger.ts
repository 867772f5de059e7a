import { PontoonError } from '../errors';
import { type Statement, sql } from '../statement';
import { OWN_SCHEMA } from '../table-selection';
import { type ObjectKind, type Step, step } from './object';

/**
 * The schema in which this library remembers what it made, for whom, and which requests it has answered. Every other
 * object needs it; several owners share it, and the last one takes it away.
 */
export interface LedgerSpec {
  readonly kind: 'ledger';
}

/** What a server says of the ledger. */
export interface ObservedLedger {
  /** The tables in its schema. */
  readonly tables: readonly string[];
}

/** The ledger's tables by name: what they are called in a title, and their columns. */
const TABLES: Readonly<Record<string, readonly [title: string, columns: string]>> = {
  objects: [
    'create the ledger of objects',
    'server text, kind text, name text, owner text NOT NULL, adopted boolean NOT NULL, spec jsonb NOT NULL, attempted jsonb, secret_versions jsonb NOT NULL, before jsonb NOT NULL, applied_at timestamptz NOT NULL DEFAULT pg_catalog.now(), PRIMARY KEY (server, kind, name)',
  ],
  requests: [
    'create the ledger of requests',
    'id text PRIMARY KEY, outcome jsonb NOT NULL, answered_at timestamptz NOT NULL DEFAULT pg_catalog.now()',
  ],
  owners: [
    'create the ledger of owners',
    'server text, owner text, joined_at timestamptz NOT NULL DEFAULT pg_catalog.now(), PRIMARY KEY (server, owner)',
  ],
};

/** The ledger. */
export const ledger: ObjectKind<LedgerSpec, ObservedLedger> = {
  kind: 'ledger',
  read: () => ({ kind: 'ledger' }),
  name: () => 'ledger',
  secrets: () => [],
  observe: () =>
    sql(
      `SELECT coalesce(pg_catalog.jsonb_agg(relname), '[]') AS tables FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.to_regnamespace('${OWN_SCHEMA}') AND relkind = 'r'`,
    ),
  observed: (row) => row as unknown as ObservedLedger | undefined,
  occupied: isLedger,
  plan: (_spec, observed) => [
    // A schema of that name without the ledger is somebody else's, and the server refuses to make it again.
    ...(isLedger(observed) ? [] : createSchema()),
    ...Object.entries(TABLES)
      .filter(([name]) => !observed?.tables.includes(name))
      .map(([name, [title, columns]]) =>
        step(title, sql(`CREATE TABLE ${OWN_SCHEMA}.${name} (${columns})`)),
      ),
  ],
  drop: (_spec, observed) =>
    isLedger(observed) ? [step('drop the ledger', sql(`DROP SCHEMA ${OWN_SCHEMA} CASCADE`))] : [],
};

function isLedger(observed: ObservedLedger | undefined): boolean {
  return observed?.tables.includes('objects') === true;
}

function createSchema(): Step[] {
  return [
    step('create the schema of the ledger', sql(`CREATE SCHEMA ${OWN_SCHEMA}`)),
    step('keep others out of the ledger', sql(`REVOKE ALL ON SCHEMA ${OWN_SCHEMA} FROM PUBLIC`)),
  ];
}

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

/**
 * Remembers of one object that a finalized migration needs it no more, and gives it back to whom it was held from: a
 * later deployment does not make it again, which for a subscription would copy the old data over the new writer's.
 */
export function retireEntry({ server, kind, name }: ObjectKey, migration: string): Statement {
  return sql(
    `UPDATE ${OWN_SCHEMA}.objects SET owner = coalesce(before ->> 'heldFrom', owner), before = (before - '{heldFrom,keptFor}'::text[]) || pg_catalog.jsonb_build_object('retired', $4::text) WHERE server = $1 AND kind = $2 AND name = $3`,
    [server, kind, name, migration],
  );
}

/** Remembers who needs the ledger, whether or not it holds an object of theirs yet. */
export function joinLedger(server: string, owner: string): Statement {
  return sql(
    `INSERT INTO ${OWN_SCHEMA}.owners (server, owner) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
    [server, owner],
  );
}

/** Forgets who needed the ledger. */
export function leaveLedger(server: string, owner: string): Statement {
  return sql(`DELETE FROM ${OWN_SCHEMA}.owners WHERE server = $1 AND owner = $2`, [server, owner]);
}

/** Says whether the ledger holds an object that is not retired, or somebody needs it. */
export function ledgerIsUsed(): Statement {
  return sql(
    `SELECT EXISTS (SELECT FROM ${OWN_SCHEMA}.objects WHERE before ->> 'retired' IS NULL) OR EXISTS (SELECT FROM ${OWN_SCHEMA}.owners) AS used`,
  );
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
