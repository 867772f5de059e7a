import { quoteIdentifier, quoteQualified } from '../identifiers';
import { sql } from '../statement';
import type { SelectedTable } from '../table-selection';
import { LinkKind, type TopologyLink } from '../topology';
import { defineCheck, type Found } from './check';
import { isLobType } from './dms-types';
import { decodedLinks, namedTables } from './relations';

interface KeyRow {
  readonly schema: string;
  readonly name: string;
  /** Whether the replica identity is the whole row. */
  readonly full: boolean;
  /** The columns of the replica identity. */
  readonly identity: readonly string[];
  /** The columns of the primary key. */
  readonly primaryKey: readonly string[];
  /** The type of each column. */
  readonly types: Readonly<Record<string, string>>;
}

/** Whether row filters and column lists leave UPDATE and DELETE their keys. */
export const filters = defineCheck<KeyRow>({
  id: 'filters-and-columns',
  title: 'row filters and column lists',
  query: ({ topology, server }) => {
    const tables = partialTables(namedTables(topology, decodedLinks(topology, server)));
    return sql(
      `SELECT n.nspname::text AS schema, c.relname::text AS name, c.relreplident = 'f' AS full,
  ARRAY(SELECT a.attname::text FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey)
    WHERE i.indrelid = c.oid AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END ORDER BY a.attnum) AS identity,
  ARRAY(SELECT a.attname::text FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey)
    WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY a.attnum) AS "primaryKey",
  (SELECT pg_catalog.jsonb_object_agg(a.attname, CASE WHEN t.typcategory = 'A' THEN 'array' WHEN t.typtype = 'c' THEN 'composite' ELSE t.typname END)
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS types
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN ROWS FROM (pg_catalog.unnest($1::pg_catalog.name[]), pg_catalog.unnest($2::pg_catalog.name[])) AS t(schema, name) ON n.nspname = t.schema AND c.relname = t.name
WHERE c.relkind IN ('r', 'p') ORDER BY 1, 2`,
      [tables.map(({ table }) => table.schema), tables.map(({ table }) => table.name)],
    );
  },
  evaluate: (rows, { topology, server }) => {
    const byName = new Map(rows.map((row) => [quoteQualified(row), row]));
    return partialTables(namedTables(topology, decodedLinks(topology, server))).flatMap(
      ({ link, at, table }) => {
        const row = byName.get(quoteQualified(table));
        if (row === undefined) return [];
        return [...filterFound(link, at, table, row), ...columnsFound(link, at, table, row)];
      },
    );
  },
});

interface NamedTable {
  readonly link: TopologyLink;
  readonly at: string;
  readonly table: SelectedTable;
}

function partialTables(tables: readonly NamedTable[]): readonly NamedTable[] {
  return tables.filter(
    ({ table }) => table.columns !== undefined || (table.rowFilters ?? []).length > 0,
  );
}

function filterFound(
  link: TopologyLink,
  at: string,
  { rowFilters = [] }: SelectedTable,
  row: KeyRow,
): Found[] {
  const object = quoteQualified(row);
  return rowFilters.flatMap(({ column }, index): Found[] => {
    const what = `'${at}.rowFilters[${index}].column'`;
    const got = quoteIdentifier(column);
    const type = row.types[column];
    if (type === undefined) return [];
    if (link.kind === LinkKind.NATIVE && !row.full && !row.identity.includes(column)) {
      return [
        {
          severity: 'error',
          object,
          message: `${what} must belong to the replica identity of ${object}, got ${got}, so UPDATEs and DELETEs would fail on it once it is published; extend the replica identity or remove the filter`,
          fix: `ALTER TABLE ${object} REPLICA IDENTITY FULL;`,
        },
      ];
    }
    if (link.kind !== LinkKind.DMS) return [];
    return dmsFilterFound(what, column, type, row);
  });
}

function dmsFilterFound(what: string, column: string, type: string, row: KeyRow): Found[] {
  const object = quoteQualified(row);
  const got = quoteIdentifier(column);
  if (isLobType(type)) {
    return [
      {
        severity: 'error',
        object,
        message: `${what} cannot be of a type that DMS treats as a large object, got ${got} of type ${type}; filter by another column`,
      },
    ];
  }
  if (row.full || row.primaryKey.includes(column)) return [];
  return [
    {
      severity: 'warning',
      object,
      message: `${what} should belong to the primary key of ${object}, got ${got}, so DMS ignores DELETEs, whose log entry has only the key; filter by the key, unless rows are never deleted`,
    },
  ];
}

function columnsFound(
  link: TopologyLink,
  at: string,
  { columns }: SelectedTable,
  row: KeyRow,
): Found[] {
  if (columns === undefined) return [];
  const native = link.kind === LinkKind.NATIVE;
  const key = native ? (row.full ? Object.keys(row.types) : row.identity) : row.primaryKey;
  const missing = key.filter((column) => !columns.includes(column));
  if (missing.length === 0) return [];
  const object = quoteQualified(row);
  const consequence = native
    ? 'so UPDATEs and DELETEs would fail on it once it is published'
    : 'so DMS cannot apply UPDATEs and DELETEs';
  return [
    {
      severity: 'error',
      object,
      message: `'${at}.columns' must contain the ${native ? 'replica identity' : 'primary key'} of ${object}, got none of ${missing.map(quoteIdentifier).join(', ')}, ${consequence}; add them`,
      fix: JSON.stringify({
        schema: row.schema,
        name: row.name,
        columns: [...columns, ...missing],
      }),
    },
  ];
}
