import { type QualifiedName, quoteLiteral, quoteQualified } from '../identifiers';
import { type Statement, sql } from '../statement';
import { selectionSql, type TableSelection } from '../table-selection';

/** A table that rows are kept in, and how the publications carry it. */
export interface PublishedTable extends QualifiedName {
  /** Under which names it is published: its own, or that of a table that it is a partition of. */
  readonly via: readonly QualifiedName[];
  /** Whether its rows can be told apart, without which one that is published refuses UPDATE and DELETE. */
  readonly identified: boolean;
  /** Whether it is published with a row filter or a list of columns that the selection does not declare, or without. */
  readonly partial?: boolean;
}

/**
 * Definitions for WITH: `names` has every table `oid` that rows are kept in by each of its names, its own and those of what
 * it is a partition of, and whether `selection` means that name. Whoever groups by `oid` asks nothing once per table.
 */
export function namesOfKept(selection: TableSelection, persistence: 'p' | 'u' = 'p'): string {
  const kept = `c.relkind = 'r' AND c.relpersistence = '${persistence}'`;
  return `above AS MATERIALIZED (SELECT c.oid, c.oid AS reloid FROM pg_catalog.pg_class c WHERE ${kept} UNION SELECT c.oid, a.relid::pg_catalog.oid FROM pg_catalog.pg_class c CROSS JOIN LATERAL pg_catalog.pg_partition_ancestors(c.oid) AS a (relid) WHERE ${kept} AND c.relispartition), names AS MATERIALIZED (SELECT a.oid, a.reloid, sn.nspname AS schema, s.relname AS name, ${selectionSql(selection, 'sn.nspname', 's.relname')} AS selected FROM above a JOIN pg_catalog.pg_class s ON s.oid = a.reloid JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace)`;
}

/** A table of `selection` whose changes no log has, so that nothing carries them. */
export function unloggedTable(selection: TableSelection): Statement {
  return sql(
    `WITH ${namesOfKept(selection, 'u')} SELECT n.nspname AS schema, c.relname AS name FROM names t JOIN pg_catalog.pg_class c ON c.oid = t.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE t.selected ORDER BY 1, 2 LIMIT 1`,
  );
}

/**
 * The tables that the publications `$1` list with another row filter or other columns than `selection` declares. Servers
 * write filters in words of their own, so that only their presence counts; those before 15 have neither.
 */
function listedInPart({ tables = [] }: TableSelection): string {
  const declared = tables.flatMap(({ schema, name, columns, rowFilters = [] }) =>
    columns === undefined && rowFilters.length === 0
      ? []
      : { schema, name, columns, filtered: rowFilters.length > 0 },
  );
  const list = `(SELECT pg_catalog.jsonb_agg(a.attname) FROM pg_catalog.pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum::text IN (SELECT pg_catalog.regexp_split_to_table(j ->> 'prattrs', '\\D+')))`;
  return `SELECT r.prrelid FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid CROSS JOIN LATERAL pg_catalog.to_jsonb(r) AS j JOIN pg_catalog.pg_class c ON c.oid = r.prrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.jsonb_to_recordset(${quoteLiteral(JSON.stringify(declared))}) AS d (schema text, name text, columns jsonb, filtered boolean) ON d.schema = n.nspname AND d.name = c.relname WHERE p.pubname = ANY ($1::pg_catalog.name[]) AND ((j ->> 'prqual' IS NULL) = (d.filtered IS TRUE) OR CASE WHEN coalesce(j ->> 'prattrs', d.columns::text) IS NOT NULL THEN (d.columns @> ${list} AND d.columns <@ ${list}) IS NOT TRUE END)`;
}

/**
 * The tables of `selection` that rows are kept in, partitions instead of what they are part of, and by which names
 * `publications` carry all their changes. A publication that leaves out a kind of change carries none.
 */
export function publishedTables(
  selection: TableSelection,
  publications: readonly string[],
): Statement {
  return sql(
    `WITH ${namesOfKept(selection)}, parts AS MATERIALIZED (${listedInPart(selection)}), sent AS MATERIALIZED (SELECT t.schemaname, t.tablename FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_tables t ON t.pubname = p.pubname WHERE p.pubname = ANY ($1::pg_catalog.name[]) AND p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate), tables AS (SELECT oid, coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('schema', schema, 'name', name)) FILTER (WHERE (schema, name) IN (SELECT schemaname, tablename FROM sent) AND reloid NOT IN (SELECT prrelid FROM parts)), '[]') AS via, bool_or(reloid IN (SELECT prrelid FROM parts)) AS partial FROM names GROUP BY oid HAVING bool_or(selected)) SELECT n.nspname AS schema, c.relname AS name, t.via, t.partial, c.relreplident = 'f' OR EXISTS (SELECT FROM pg_catalog.pg_index x WHERE x.indrelid = c.oid AND x.indisvalid AND x.indimmediate AND CASE c.relreplident WHEN 'd' THEN x.indisprimary WHEN 'i' THEN x.indisreplident END) AS identified FROM tables t JOIN pg_catalog.pg_class c ON c.oid = t.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ORDER BY 1, 2`,
    [publications],
  );
}

/** What the subscriptions `$1` know of tables: `s`, `r`, and the table `c` in `n`. */
export const FOLLOWED =
  'FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_subscription_rel r ON r.srsubid = s.oid JOIN pg_catalog.pg_class c ON c.oid = r.srrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE s.subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) AND s.subname = ANY ($1::pg_catalog.name[])';

/**
 * The tables that `subscriptions` have copied and follow, by the names of the publisher. One that subscribes to none of
 * `publications` any more keeps its list of tables, and is sent nothing of them.
 */
export function followedTables(
  subscriptions: readonly string[],
  publications: readonly string[],
): Statement {
  return sql(
    `SELECT n.nspname AS schema, c.relname AS name ${FOLLOWED} AND r.srsubstate IN ('r', 's') AND s.subpublications && $2::text[]`,
    [subscriptions, publications],
  );
}

/** The first of `tables` that nothing publishes. */
export function unpublished(tables: readonly PublishedTable[]): PublishedTable | undefined {
  return tables.find(({ via }) => via.length === 0);
}

/** The first of `tables` whose rows cannot be told apart. */
export function unidentified(tables: readonly PublishedTable[]): PublishedTable | undefined {
  return tables.find(({ identified }) => !identified);
}

/** The first of `tables` that is published and followed under no name. */
export function unfollowed(
  tables: readonly PublishedTable[],
  followed: readonly QualifiedName[],
): PublishedTable | undefined {
  const names = new Set(followed.map(quoteQualified));
  return tables.find(({ via }) => !via.some((name) => names.has(quoteQualified(name))));
}
