import type { QualifiedName } from '../identifiers';
import { OWN_SCHEMA, type SelectedTable } from '../table-selection';
import {
  LinkKind,
  linksFrom,
  linksInto,
  primaryOf,
  type Topology,
  type TopologyLink,
} from '../topology';

/** A table as the queries of preflight return it. */
export interface TableRow extends QualifiedName {
  /** The partitioned tables above it, nearest first; empty unless it is a partition. */
  readonly ancestors: readonly QualifiedName[];
}

/** The logical links whose tables live on `server`: those from itself, and from the standbys below it. */
export function decodedLinks(topology: Topology, server: string): TopologyLink[] {
  return topology.links.filter(
    (link) => link.kind !== LinkKind.PHYSICAL && primaryOf(topology, link.from) === server,
  );
}

/** The links by which DMS carries tables that live on `server`. */
export function dmsLinks(topology: Topology, server: string): TopologyLink[] {
  return decodedLinks(topology, server).filter(({ kind }) => kind === LinkKind.DMS);
}

/** The links of `kind` that start at `server` itself. */
export function linksOut(topology: Topology, server: string, kind: LinkKind): TopologyLink[] {
  return linksFrom(topology, server).filter((link) => link.kind === kind && !link.promoted);
}

/** The links of `kind` that end at `server`. */
export function linksIn(topology: Topology, server: string, kind: LinkKind): TopologyLink[] {
  return linksInto(topology, server).filter((link) => link.kind === kind);
}

/** The tables that `links` say something particular of, with the way to each in the topology. */
export function namedTables(
  topology: Topology,
  links: readonly TopologyLink[],
): { readonly link: TopologyLink; readonly at: string; readonly table: SelectedTable }[] {
  return links.flatMap((link) =>
    (link.selection?.tables ?? []).map((table, index) => ({
      link,
      at: `${linkPath(topology, link)}.selection.tables[${index}]`,
      table,
    })),
  );
}

/** Where `link` stands in the topology: `links[1]`. */
export function linkPath(topology: Topology, link: TopologyLink): string {
  return `links[${topology.links.indexOf(link)}]`;
}

/** The partitioned tables above `c`, as JSON. */
export const ANCESTORS_SQL = `CASE WHEN c.relispartition THEN
    (SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('schema', an.nspname, 'name', ac.relname) ORDER BY a.level), '[]')
     FROM pg_catalog.pg_partition_ancestors(c.oid) WITH ORDINALITY AS a(relid, level)
     JOIN pg_catalog.pg_class ac ON ac.oid = a.relid JOIN pg_catalog.pg_namespace an ON an.oid = ac.relnamespace
     WHERE a.relid <> c.oid)
  ELSE '[]' END`;

/** A unique index that could serve as a table's key, for {@link CANDIDATE_SQL}. */
export interface CandidateKey {
  /** The index, or null if there is none. */
  readonly candidate: string | null;
  /** Its columns. */
  readonly candidateColumns: readonly string[] | null;
}

/** Joins each row of `t`, which has the table's `oid`, with the smallest {@link CandidateKey}. */
export const CANDIDATE_SQL = `LEFT JOIN LATERAL (
  SELECT x.relname::text AS candidate, ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(k.keys) WITH ORDINALITY AS u(attnum, at)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum ORDER BY u.at) AS "candidateColumns"
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid,
    LATERAL (SELECT (i.indkey::int2[])[0:i.indnkeyatts - 1] AS keys) k
  WHERE i.indrelid = t.oid AND i.indisunique AND NOT i.indisprimary AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY(k.keys) AND NOT a.attnotnull)
  ORDER BY i.indnkeyatts, x.relname LIMIT 1) u ON true`;

/**
 * A `WITH selected AS (…)` that holds every table which any of `links` may select, and its values ($1 to $3). The
 * names travel as arrays, so that the statement stays one and short however many they are. `linkMatcher` says which
 * link selects which row.
 */
export function selectedTablesSql(links: readonly TopologyLink[]): {
  readonly with: string;
  readonly values: readonly unknown[];
} {
  const schemas = links.flatMap((link) => link.selection?.schemas ?? []);
  const tables = links.flatMap((link) => link.selection?.tables ?? []);
  return {
    with: `WITH named AS MATERIALIZED (
  SELECT t.schema, t.name FROM ROWS FROM (pg_catalog.unnest($2::pg_catalog.name[]), pg_catalog.unnest($3::pg_catalog.name[])) AS t(schema, name)
), selected AS MATERIALIZED (
  SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind, c.relpersistence, c.relreplident,
    c.relispartition, c.relowner, ${ANCESTORS_SQL} AS ancestors
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND n.nspname <> '${OWN_SCHEMA}'
    AND (n.nspname = ANY($1::pg_catalog.name[]) OR (n.nspname, c.relname) IN (SELECT schema, name FROM named)
      OR c.relispartition AND EXISTS (
        SELECT FROM pg_catalog.pg_partition_ancestors(c.oid) a JOIN pg_catalog.pg_class ac ON ac.oid = a.relid
        JOIN pg_catalog.pg_namespace an ON an.oid = ac.relnamespace
        WHERE (an.nspname, ac.relname) IN (SELECT schema, name FROM named)))
)`,
    values: [schemas, tables.map(({ schema }) => schema), tables.map(({ name }) => name)],
  };
}

/**
 * Says which of `links` select a table. A partition belongs to whatever selects a table above it. Excluding a
 * partitioned table excludes its partitions from a publication, which names the root, but not from DMS.
 */
export function linkMatcher(
  links: readonly TopologyLink[],
): (row: TableRow) => readonly TopologyLink[] {
  const key = ({ schema, name }: QualifiedName): string => JSON.stringify([schema, name]);
  const matchers = links.map((link) => {
    const { schemas = [], tables = [], exclude = [] } = link.selection ?? {};
    const [wholeSchemas, named, excluded] = [
      new Set(schemas),
      new Set(tables.map(key)),
      new Set(exclude.map(key)),
    ];
    const selects = (row: TableRow): boolean => {
      const family = [row, ...row.ancestors];
      const judged = link.kind === LinkKind.DMS ? [row] : family;
      if (row.schema === OWN_SCHEMA || judged.some((table) => excluded.has(key(table))))
        return false;
      return wholeSchemas.has(row.schema) || family.some((table) => named.has(key(table)));
    };
    return { link, selects };
  });
  return (row) => matchers.filter(({ selects }) => selects(row)).map(({ link }) => link);
}
