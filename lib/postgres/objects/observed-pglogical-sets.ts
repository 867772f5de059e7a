import { type QualifiedName, quoteLiteral } from '../identifiers';
import { type Statement, sql } from '../statement';
import { selectionSql, type TableSelection } from '../table-selection';
import { wherePglogicalIs } from './pglogical-query';

/** A table of the selection. */
export interface SelectedPglogicalTable extends QualifiedName {
  /** Whether it has a key by which pglogical finds a row. */
  readonly keyed: boolean;
  /** Columns that the server computes. */
  readonly generated: readonly string[];
  /** The tables that it is a partition of. */
  readonly above: readonly QualifiedName[];
}

/** What a server says of the two sets, and of the tables that could belong to them. */
export interface ObservedPglogicalSets {
  readonly node: boolean;
  /** The sets that exist. */
  readonly sets: readonly string[];
  /** Their tables. */
  readonly members: readonly (QualifiedName & { readonly set: string })[];
  readonly selected: readonly SelectedPglogicalTable[];
  /** The output plugins that may be used; undefined where the server does not ask. */
  readonly plugins: string | null;
}

/** What the name of the set ends with that sends no changes of rows that are there. */
export const INSERT_ONLY = '_insert_only';

/** The sets that are known by `name`: that of the tables with a key first. */
export function pglogicalSets(name: string): readonly [keyed: string, insertOnly: string] {
  return [name, `${name}${INSERT_ONLY}`];
}

/** Asks for the sets of `name`, and for the tables of `selection`. */
export function observePglogicalSets(name: string, selection: TableSelection): Statement {
  const names = pglogicalSets(name).map(quoteLiteral).join(', ');
  const local = `pglogical.replication_set s JOIN pglogical.local_node l ON l.node_id = s.set_nodeid`;
  const sets = `SELECT coalesce(pg_catalog.jsonb_agg(s.set_name ORDER BY s.set_name), '[]') AS answer FROM ${local} WHERE s.set_name IN (${names})`;
  const members = `SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('set', s.set_name, 'schema', n.nspname, 'name', c.relname)), '[]') AS answer FROM ${local} JOIN pglogical.replication_set_table t USING (set_id) JOIN pg_catalog.pg_class c ON c.oid = t.set_reloid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE s.set_name IN (${names})`;
  return sql(
    `SELECT pg_catalog.jsonb_build_object(
  'node', coalesce(${wherePglogicalIs('SELECT pg_catalog.to_jsonb(pg_catalog.count(*) > 0) AS answer FROM pglogical.local_node')}, 'false'),
  'sets', coalesce(${wherePglogicalIs(sets)}, '[]'),
  'members', coalesce(${wherePglogicalIs(members)}, '[]'),
  'plugins', pg_catalog.current_setting('output_plugin_libraries', true),
  'selected', (${selectedTables(selection)})) AS sets`,
  );
}

/** The tables in which rows are kept, whether they are selected themselves or as partitions. */
function selectedTables(selection: TableSelection): string {
  const above = `SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('schema', an.nspname, 'name', a.relname)), '[]') FROM pg_catalog.pg_partition_ancestors(c.oid) p JOIN pg_catalog.pg_class a ON a.oid = p.relid JOIN pg_catalog.pg_namespace an ON an.oid = a.relnamespace WHERE a.oid <> c.oid`;
  const keyed = `EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END)`;
  const generated = `SELECT coalesce(pg_catalog.jsonb_agg(t.attname ORDER BY t.attnum), '[]') FROM pg_catalog.pg_attribute t WHERE t.attrelid = c.oid AND t.attnum > 0 AND t.attgenerated <> ''`;
  return `SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('schema', n.nspname, 'name', c.relname, 'keyed', ${keyed}, 'generated', (${generated}), 'above', CASE WHEN c.relispartition THEN (${above}) ELSE '[]' END) ORDER BY n.nspname, c.relname), '[]') FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND (${selectionSql(selection, 'n.nspname', 'c.relname')} OR c.relispartition AND EXISTS (SELECT FROM pg_catalog.pg_partition_ancestors(c.oid) u JOIN pg_catalog.pg_class s ON s.oid = u.relid JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace WHERE ${selectionSql(selection, 'sn.nspname', 's.relname')}))`;
}
