import { type QualifiedName, quoteIdentifier, quoteQualified } from '../identifiers';
import { sql } from '../statement';
import type { Topology } from '../topology';
import { defineCheck, type Found, type PreflightContext } from './check';
import { decodedLinks, linkPath, namedTables } from './relations';

interface NamedColumn extends QualifiedName {
  readonly at: string;
  readonly column: string;
}

interface SelectionRow {
  readonly kind: 'schema' | 'table' | 'column';
  readonly index: number;
  /** Null if there is no such object. */
  readonly relkind: string | null;
  readonly tables: number;
}

/** Whether everything that the selections name exists and is a table. */
export const selectionExists = defineCheck<SelectionRow>({
  id: 'selection',
  title: 'selected schemas, tables and columns exist',
  query: ({ topology, server }) => {
    const { schemas, tables, columns } = namedObjects(topology, server);
    return sql(
      `SELECT 'schema' AS kind, s.index::int, n.nspname::text AS relkind,
  (SELECT count(*)::int FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p')) AS tables
FROM pg_catalog.unnest($1::pg_catalog.name[]) WITH ORDINALITY AS s(name, index)
LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = s.name
UNION ALL
SELECT 'table', t.index::int, c.relkind::text, 1
FROM ROWS FROM (pg_catalog.unnest($2::pg_catalog.name[]), pg_catalog.unnest($3::pg_catalog.name[])) WITH ORDINALITY AS t(schema, name, index)
LEFT JOIN (pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace) ON n.nspname = t.schema AND c.relname = t.name
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
UNION ALL
SELECT 'column', t.index::int, a.attname::text, 1
FROM ROWS FROM (pg_catalog.unnest($4::pg_catalog.name[]), pg_catalog.unnest($5::pg_catalog.name[]), pg_catalog.unnest($6::pg_catalog.name[])) WITH ORDINALITY AS t(schema, name, "column", index)
JOIN (pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace) ON n.nspname = t.schema AND c.relname = t.name
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = t."column" AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY 1 DESC, 2`,
      [
        schemas.map(({ schema }) => schema),
        tables.map(({ schema }) => schema),
        tables.map(({ name }) => name),
        columns.map(({ schema }) => schema),
        columns.map(({ name }) => name),
        columns.map(({ column }) => column),
      ],
    );
  },
  evaluate: (rows, { topology, server }) => {
    const { schemas, tables, columns } = namedObjects(topology, server);
    return rows.flatMap((row): Found[] => {
      const schema = schemas[row.index - 1];
      const table = tables[row.index - 1];
      const column = columns[row.index - 1];
      if (row.kind === 'schema' && schema !== undefined) return schemaFound(schema, row, server);
      if (row.kind === 'table' && table !== undefined) return tableFound(table, row, server);
      if (row.kind === 'column' && column !== undefined && row.relkind === null)
        return [columnFound(column, server)];
      return [];
    });
  },
});

function namedObjects(topology: Topology, server: PreflightContext['server']) {
  const links = decodedLinks(topology, server);
  const schemas = links.flatMap((link) =>
    (link.selection?.schemas ?? []).map((schema, index) => ({
      schema,
      at: `${linkPath(topology, link)}.selection.schemas[${index}]`,
    })),
  );
  const named = namedTables(topology, links);
  const tables = named.map(({ at, table: { schema, name } }) => ({ schema, name, at }));
  const columns = named.flatMap(({ at, table: { schema, name, columns: list, rowFilters } }) => [
    ...(list ?? []).map((column, index): NamedColumn => {
      return { schema, name, column, at: `${at}.columns[${index}]` };
    }),
    ...(rowFilters ?? []).map(({ column }, index): NamedColumn => {
      return { schema, name, column, at: `${at}.rowFilters[${index}].column` };
    }),
  ]);
  return { schemas, tables, columns };
}

function schemaFound(
  { schema, at }: { readonly schema: string; readonly at: string },
  row: SelectionRow,
  server: string,
): Found[] {
  const object = quoteIdentifier(schema);
  if (row.relkind === null) {
    return [
      {
        severity: 'error',
        object,
        message: `'${at}' must be a schema of '${server}', got ${object}; correct the name`,
      },
    ];
  }
  if (row.tables > 0) return [];
  return [
    {
      severity: 'warning',
      object,
      message: `'${at}' selects nothing, since schema ${object} has no tables on '${server}'; remove it or correct the name`,
    },
  ];
}

const RELATION_KINDS: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
};

function tableFound(
  table: QualifiedName & { readonly at: string },
  { relkind }: SelectionRow,
  server: string,
): Found[] {
  const object = quoteQualified(table);
  if (relkind === null) {
    return [
      {
        severity: 'error',
        object,
        message: `'${table.at}' must be a table of '${server}', got ${object}; correct the name`,
      },
    ];
  }
  const kind = RELATION_KINDS[relkind];
  if (kind === undefined) return [];
  return [
    {
      severity: 'error',
      object,
      message: `'${table.at}' must be a table, got ${object}, which is ${kind}; remove it`,
    },
  ];
}

function columnFound({ at, column, ...table }: NamedColumn, server: string): Found {
  return {
    severity: 'error',
    object: `${quoteQualified(table)}.${quoteIdentifier(column)}`,
    message: `'${at}' must be a column of ${quoteQualified(table)} on '${server}', got ${quoteIdentifier(column)}; correct the name`,
  };
}
