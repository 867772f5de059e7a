import { type QualifiedName, quoteQualified } from '../identifiers';
import { type Statement, sql } from '../statement';
import { selectionSql, type TableSelection } from '../table-selection';

/** What a table is by itself: whatever changes it changes rows, too, that nobody hears of. */
export interface TableMark {
  /** Its columns. */
  readonly definition: string;
  /** The files of its rows: TRUNCATE, and whatever writes all rows anew, begins another one. */
  readonly files: string;
  /** How it is published; empty for AWS DMS. */
  readonly published: string;
  /** Since when subscriptions follow it; empty for AWS DMS. */
  readonly followed: string;
}

/** What the old writer says of a table. */
export type SourceMark = QualifiedName & Omit<TableMark, 'followed'>;

/** What the new writer says of one. */
export type TargetMark = QualifiedName & Pick<TableMark, 'followed'>;

const TREE =
  'SELECT c.oid UNION SELECT relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree(c.oid)';

function selected(selection: TableSelection): string {
  return `pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p' AND ${selectionSql(selection, 'n.nspname', 'c.relname')}`;
}

/** One text for a list, however long that is. */
function digest(list: string): string {
  return `(SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(coalesce(pg_catalog.string_agg(part, ',' ORDER BY part), ''), 'UTF8')), 'hex') FROM (${list}) AS parts (part))`;
}

/**
 * The marks of the selected tables on the server that `publications` are on. A table that is taken out of a publication
 * and put back belongs to it by another row; what a publication publishes is written into a row of its own.
 */
export function sourceMarks(selection: TableSelection, publications: readonly string[]): Statement {
  const columns = `SELECT pg_catalog.concat_ws(' ', a.attnum, pg_catalog.quote_ident(a.attname), pg_catalog.format_type(a.atttypid, a.atttypmod), a.attcollation, CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END) FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped`;
  const files = `SELECT pg_catalog.concat_ws(' ', f.oid, f.relfilenode) FROM pg_catalog.pg_class f WHERE f.oid IN (${TREE})`;
  const belongs = `SELECT d.objid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_depend s ON s.classid = d.classid AND s.objid = d.objid AND s.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND s.refobjid = c.relnamespace WHERE d.classid = pg_catalog.to_regclass('pg_catalog.pg_publication_namespace') AND d.refclassid = 'pg_catalog.pg_publication'::pg_catalog.regclass AND d.refobjid = p.oid UNION ALL SELECT r.oid FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid AND r.prrelid IN (${TREE})`;
  const published = `SELECT pg_catalog.concat_ws(' ', p.oid, p.xmin, b.objid) FROM pg_catalog.pg_publication p LEFT JOIN LATERAL (${belongs}) b ON true WHERE p.pubname = ANY ($1::pg_catalog.name[])`;
  return sql(
    `SELECT n.nspname AS schema, c.relname AS name, ${digest(columns)} AS definition, ${digest(files)} AS files, ${digest(published)} AS published FROM ${selected(selection)}`,
    [publications],
  );
}

/** The marks of the selected tables on the server that follows by `subscriptions`. */
export function targetMarks(
  selection: TableSelection,
  subscriptions: readonly string[],
): Statement {
  const followed = `SELECT pg_catalog.concat_ws(' ', s.oid, r.srrelid, r.xmin) FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_subscription_rel r ON r.srsubid = s.oid WHERE s.subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) AND s.subname = ANY ($1::pg_catalog.name[]) AND r.srrelid IN (${TREE})`;
  return sql(
    `SELECT n.nspname AS schema, c.relname AS name, ${digest(followed)} AS followed FROM ${selected(selection)}`,
    [subscriptions],
  );
}

/** A table and, unless an earlier release wrote it down, its mark. */
export interface MarkedTable {
  readonly table: QualifiedName;
  readonly mark?: TableMark;
}

/** A table whose comparison does not count, and why. */
export interface ChangedTable {
  readonly table: QualifiedName;
  readonly change: string;
}

/** One mark of each table, of what both servers say. What only the target has is not compared. */
export function marksOf(
  source: readonly SourceMark[],
  target: readonly TargetMark[],
): readonly MarkedTable[] {
  const there = new Map(target.map((one) => [quoteQualified(one), one.followed]));
  return source.map(({ schema, name, ...mark }) => {
    const table = { schema, name };
    return { table, mark: { ...mark, followed: there.get(quoteQualified(table)) ?? '' } };
  });
}

/** The tables of `now` that were not compared, or that something befell since they were `compared`. */
export function changedTables(
  compared: readonly MarkedTable[],
  now: readonly MarkedTable[],
): readonly ChangedTable[] {
  const then = new Map(compared.map(({ table, mark }) => [quoteQualified(table), mark]));
  return now.flatMap(({ table, mark }) => {
    const change = changeSince(then.get(quoteQualified(table)), mark);
    return change === undefined ? [] : [{ table, change }];
  });
}

function changeSince(then: TableMark | undefined, now: TableMark | undefined): string | undefined {
  if (then === undefined || now === undefined) return 'not compared yet';
  if (then.definition !== now.definition) return 'compared before its definition changed';
  if (then.files !== now.files) return 'compared before it was truncated or written anew';
  if (then.published !== now.published) return 'compared before it was published in another way';
  return then.followed === now.followed ? undefined : 'compared before it was followed anew';
}
