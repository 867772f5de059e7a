import type { LedgerEntry, ObjectKey } from '../objects';
import { type Statement, sql } from '../statement';
import { OWN_SCHEMA } from '../table-selection';

const OWNED_BY = 'cutover ';

/** The owner in the ledger of what a cutover makes or holds. */
export function cutoverOwner(migration: string): string {
  return `${OWNED_BY}${migration}`;
}

/** The migration whose cutover `owner` is; undefined for deployments. */
export function migrationOfOwner(owner: string): string | undefined {
  return owner.startsWith(OWNED_BY) ? owner.slice(OWNED_BY.length) : undefined;
}

/**
 * Has an object belong to the cutover, so that no deployment changes what the cutover has switched: one that enabled
 * the way forward again would send back what came by the way back.
 */
export function holdEntry({ server, kind, name }: ObjectKey, migration: string): Statement {
  return sql(
    `UPDATE ${OWN_SCHEMA}.objects SET before = before || pg_catalog.jsonb_build_object('heldFrom', owner), owner = $4 WHERE server = $1 AND kind = $2 AND name = $3 AND owner <> $4 AND before ->> 'retired' IS NULL`,
    [server, kind, name, cutoverOwner(migration)],
  );
}

/** Notes of an object that a cutover needs it: deployments may change it, and do not drop it. */
export function keepEntry({ server, kind, name }: ObjectKey, migration: string): Statement {
  return sql(
    `UPDATE ${OWN_SCHEMA}.objects SET before = before || pg_catalog.jsonb_build_object('keptFor', coalesce(before -> 'keptFor', '{}') || pg_catalog.jsonb_build_object($4::text, true)) WHERE server = $1 AND kind = $2 AND name = $3 AND before ->> 'retired' IS NULL`,
    [server, kind, name, migration],
  );
}

/** The migrations whose cutovers need what `entry` is of. */
export function keptFor({ before }: Pick<LedgerEntry, 'before'>): readonly string[] {
  return Object.keys(before.keptFor ?? {});
}

/**
 * Notes that applications were let in on the new writer, in the transaction that does so: from then on nothing but a
 * fence keeps them out, whatever a deployment says of its guard.
 */
export function markLetIn(migration: string, server: string): Statement {
  return sql(
    `UPDATE ${OWN_SCHEMA}.objects SET before = before || pg_catalog.jsonb_build_object('letIn', $1::text) WHERE server = $2 AND (owner = $3 OR kind = 'connection-guard')`,
    [migration, server, cutoverOwner(migration)],
  );
}

/** Asks whether the cutover of `migration` let applications in on `server`. */
export function isLetIn(migration: string, server: string): Statement {
  return sql(
    `SELECT EXISTS (SELECT FROM ${OWN_SCHEMA}.objects WHERE server = $2 AND before ->> 'letIn' = $1) AS let_in`,
    [migration, server],
  );
}

/**
 * Notes of a role that the cutover says whether it may log in: no deployment has it be a login again, but sets its
 * password when that was rotated.
 */
export function holdLogin(server: string, role: string, migration: string): Statement {
  return sql(
    `UPDATE ${OWN_SCHEMA}.objects SET before = before || pg_catalog.jsonb_build_object('shut', $3::text) WHERE server = $1 AND kind = 'role' AND name = $2`,
    [server, role, migration],
  );
}

/** Leaves it to deployments again whether a role is a login. */
export function releaseLogin(server: string, role: string): Statement {
  return sql(
    `UPDATE ${OWN_SCHEMA}.objects SET before = before - 'shut' WHERE server = $1 AND kind = 'role' AND name = $2`,
    [server, role],
  );
}

/** Asks whether the cutover of `migration` holds anything here, or made it. */
export function holdsAnything(migration: string): Statement {
  return sql(
    `SELECT EXISTS (SELECT FROM ${OWN_SCHEMA}.objects WHERE owner = $1 OR before -> 'keptFor' ? $2) AS held`,
    [cutoverOwner(migration), migration],
  );
}

/** Gives everything that was held back to whom it belonged. */
export function releaseEntries(migration: string): Statement {
  return sql(
    `UPDATE ${OWN_SCHEMA}.objects SET owner = coalesce(before ->> 'heldFrom', owner), before = before - '{heldFrom,shut}'::text[] WHERE (owner = $1 AND before ->> 'heldFrom' IS NOT NULL) OR before ->> 'shut' = $2`,
    [cutoverOwner(migration), migration],
  );
}

/** Lets deployments drop what the cutover needed, unless another one needs it too. */
export function unkeepEntries(migration: string): Statement {
  return sql(
    `UPDATE ${OWN_SCHEMA}.objects SET before = before #- ARRAY['keptFor', $1::text] WHERE before -> 'keptFor' ? $1`,
    [migration],
  );
}
