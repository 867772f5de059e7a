import { type Statement, sql } from '../statement';
import { OWN_SCHEMA } from '../table-selection';

/** What the ledger of one server knows of some kinds of objects, but for those that are retired. */
export function entriesOf(kinds: readonly string[], names: readonly string[]): Statement {
  return sql(
    `SELECT server, kind, name, owner, before ? 'heldFrom' AS held, spec FROM ${OWN_SCHEMA}.objects WHERE kind = ANY ($1) AND name = ANY ($2) AND before ->> 'retired' IS NULL ORDER BY kind, name`,
    [kinds, names],
  );
}
