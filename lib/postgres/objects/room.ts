import { PontoonError } from '../errors';
import { type Statement, sql } from '../statement';
import { OWN_SCHEMA, overlap, selectionSql, type TableSelection } from '../table-selection';
import type { ObjectKey } from './ledger';

/** What there is already where rows are to be copied to. */
export interface ObservedRoom {
  /** Some tables of the selection that hold rows, as people read them. */
  readonly filled: readonly string[];
  /** Other objects of ours that have tables carried to the same database, each with what it carries. */
  readonly others: readonly { readonly what: string; readonly selection: TableSelection }[];
}

/** Asks what there is already where the rows of `selection` are to be copied to by `key`; it takes a ledger. */
export function observeRoom({ kind, name }: ObjectKey, selection: TableSelection): Statement {
  const filled = `pg_catalog.query_to_xml(pg_catalog.format('SELECT EXISTS (SELECT FROM %I.%I)', n.nspname, c.relname), false, true, '')::text LIKE '%true%'`;
  return sql(
    `SELECT ARRAY(SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND ${selectionSql(selection, 'n.nspname', 'c.relname')} AND CASE WHEN pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') THEN ${filled} ELSE pg_catalog.pg_relation_size(c.oid) > 0 END ORDER BY 1 LIMIT 5) AS filled, (SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('what', pg_catalog.format('%s %I', kind, name), 'selection', spec -> 'selection')), '[]') FROM ${OWN_SCHEMA}.objects WHERE kind LIKE '%subscription' AND (kind, name) <> ($1, $2) AND spec ? 'selection' AND before ->> 'retired' IS NULL) AS others`,
    [kind, name],
  );
}

/**
 * Lets rows be copied only to where there are none, and nobody else brings them: they would be there twice, or stop at
 * the first key for ever.
 *
 * @throws PontoonError with code NO_ROOM
 */
export function requireRoom(
  description: string,
  selection: TableSelection,
  { filled, others }: ObservedRoom,
): void {
  const rivals = others
    .filter((other) => {
      const both = overlap(selection, other.selection);
      return both.schemas.length + both.tables.length > 0;
    })
    .map(({ what }) => what);
  if (filled.length + rivals.length === 0) return;
  throw new PontoonError(
    'NO_ROOM',
    `${description} must copy into empty tables that nothing else is carried to, got ${[...rivals, ...filled].join(', ')}; drop what carries the same tables, then empty them`,
  );
}
