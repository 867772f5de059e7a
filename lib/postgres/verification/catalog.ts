import type { QualifiedName } from '../identifiers';
import { type Statement, sql } from '../statement';
import { selectionSql, type TableSelection } from '../table-selection';
import { KEY_COLUMNS } from './key-columns';

/** A column, as a server reports it. */
export interface ReportedColumn {
  readonly name: string;
  /** Its own name on the target, where `name` is the source's. */
  readonly called?: string;
  /** The type without length and precision, qualified unless it is a system type. */
  readonly type: string;
  /**
   * The qualified function that gives the value's bytes exactly, or null if the type has none that is the same on every
   * server.
   */
  readonly send: string | null;
}

/** A column of a table's key, as a server reports it. */
export interface ReportedKeyColumn {
  readonly name: string;
  /** Its own name on the target, where `name` is the source's. */
  readonly called?: string;
  /** Keys of the same order are sorted alike, whatever the server; null if that cannot be known. */
  readonly order: string | null;
}

/** A relation that a selection reaches, as a server reports it. */
export interface ReportedTable {
  readonly schema: string;
  readonly name: string;
  /** Its own name on the target, where `schema` and `name` are the source's. */
  readonly called?: QualifiedName;
  /** As in pg_class: `r` table, `p` partitioned table, `v` view, `m` materialized view, `f` foreign table. */
  readonly kind: string;
  /** The encoding of the database. */
  readonly encoding: string;
  /** Whether it is a partition of a table that the selection reaches too. */
  readonly isPart: boolean;
  /** Pages on disk as last counted by ANALYZE or VACUUM; asking for the true size would wait for locks. */
  readonly pages: string;
  /** Rows as last estimated; 0 if nobody did. */
  readonly rows: string;
  readonly columns: readonly ReportedColumn[];
  /** The columns by which a row is found: the primary key, or the best other key; none if it has no key. */
  readonly key: readonly ReportedKeyColumn[];
}

/**
 * Asks a server for everything that verification must know of the selected tables, in one query.
 *
 * Bytes are compared where a type looks the same on every server: types that come with PostgreSQL, and enums, whose
 * bytes are their label. Not so the types whose values are names of objects (`regclass`: bytes are an object number),
 * rows (bytes hold type numbers), domains, which their base type's function may not take, and types of extensions, whose
 * format is theirs to change.
 */
export function reportedTablesSql(selection: TableSelection): Statement {
  const selected = (namespace: string, relation: string): string =>
    selectionSql(selection, `${namespace}.nspname`, `${relation}.relname`);
  return sql(`SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind,
  pg_catalog.getdatabaseencoding() AS encoding,
  EXISTS (SELECT FROM pg_catalog.pg_partition_ancestors(c.oid) AS a(relid)
    JOIN pg_catalog.pg_class p ON p.oid = a.relid
    JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
    WHERE p.oid <> c.oid AND ${selected('pn', 'p')}) AS "isPart",
  COALESCE(size.pages, 0) AS pages, COALESCE(size.rows, 0) AS rows,
  COALESCE((SELECT json_agg(json_build_object(
      'name', a.attname, 'type', pg_catalog.format_type(t.oid, NULL),
      'send', CASE WHEN t.typtype = 'e' OR (t.oid < 10000 AND t.typtype IN ('b', 'r', 'm') AND t.typname !~ '^_?reg')
        THEN (SELECT 'pg_catalog.' || f.proname FROM pg_catalog.pg_proc f WHERE f.oid = t.typsend) END)
      ORDER BY a.attname COLLATE "C")
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS columns,
  COALESCE(${KEY_COLUMNS}, '[]') AS key
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL ${SIZE} AS size
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${selected('n', 'c')}
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`);
}

// A partitioned table has its partitions' size; a table that others inherit from has its own.
const SIZE = `(WITH RECURSIVE parts(oid) AS (
    SELECT c.oid
    UNION ALL SELECT i.inhrelid FROM parts JOIN pg_catalog.pg_inherits i ON i.inhparent = parts.oid
      WHERE c.relkind = 'p')
  SELECT sum(greatest(k.relpages, 0)) AS pages, sum(greatest(k.reltuples, 0))::bigint AS rows
  FROM parts JOIN pg_catalog.pg_class k ON k.oid = parts.oid WHERE k.relkind <> 'p')`;
