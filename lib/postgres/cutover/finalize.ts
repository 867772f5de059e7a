import { type Statement, sql } from '../statement';
import { OWN_SCHEMA } from '../table-selection';

/** What the ledger of one server knows of some kinds of objects. */
export function entriesOf(kinds: readonly string[], names: readonly string[]): Statement {
  return sql(
    `SELECT server, kind, name, owner, spec FROM ${OWN_SCHEMA}.objects WHERE kind = ANY ($1) AND name = ANY ($2) ORDER BY kind, name`,
    [kinds, names],
  );
}
