import { type Statement, sql } from '../statement';
import { OWN_SCHEMA } from '../table-selection';
import { REPLICATES } from './rights';

/** What the ledger of one server knows of some kinds of objects, but for those that are retired. */
export function entriesOf(kinds: readonly string[], names: readonly string[]): Statement {
  return sql(
    `SELECT server, kind, name, owner, before ? 'heldFrom' AS held, spec FROM ${OWN_SCHEMA}.objects WHERE kind = ANY ($1) AND name = ANY ($2) AND before ->> 'retired' IS NULL ORDER BY kind, name`,
    [kinds, names],
  );
}

/** Which of `names` are logins that may replicate. */
export function replicatingLogins(names: readonly string[]): Statement {
  return sql(
    `SELECT r.rolname AS name FROM pg_catalog.pg_roles r WHERE r.rolname = ANY ($1) AND r.rolcanlogin AND ${REPLICATES} ORDER BY 1`,
    [names],
  );
}

/** One of `names` that may log in, connect to the database, and replicate from it. No row if none may. */
export function replicationReader(names: readonly string[]): Statement {
  return sql(
    `SELECT r.rolname AS name FROM pg_catalog.pg_roles r WHERE r.rolname = ANY ($1) AND r.rolcanlogin AND (r.rolsuper OR ${REPLICATES}) AND pg_catalog.has_database_privilege(r.oid, pg_catalog.current_database(), 'CONNECT') ORDER BY 1 LIMIT 1`,
    [names],
  );
}

/** Asks with which writer `migration` was finalized. No row if the ledger remembers nothing that went then. */
export function finalizedHere(migration: string): Statement {
  return sql(
    `SELECT max(before ->> 'writer') AS writer FROM ${OWN_SCHEMA}.objects WHERE before ->> 'retired' = $1 HAVING count(*) > 0`,
    [migration],
  );
}

/** Remembers, beside what went when `migration` was finalized, which server it ended with: no journal says so afterwards. */
export function noteFinalWriter(migration: string, writer: string): Statement {
  return sql(
    `UPDATE ${OWN_SCHEMA}.objects SET before = before || pg_catalog.jsonb_build_object('writer', $2::text) WHERE before ->> 'retired' = $1`,
    [migration, writer],
  );
}
