import { type QualifiedName, quoteQualified } from '../identifiers';
import { type Statement, sql } from '../statement';
import type { TableSelection } from '../table-selection';
import { FOLLOWED } from './carried';
import { fromSelected } from './verified';

/** What a table is by itself: whatever changes it changes rows, too, that nobody hears of. */
export interface TableMark {
  /** Its columns. */
  readonly definition: string;
  /** The files of its rows: TRUNCATE, and whatever writes all rows anew, begins another one. */
  readonly files: string;
  /** Those on the new writer. */
  readonly filesThere: string;
  /** Its triggers on the new writer, some of which change what is applied there. */
  readonly triggers: string;
  /** How it is published; empty for AWS DMS. */
  readonly published: string;
  /** Since when subscriptions follow it; empty for AWS DMS. */
  readonly followed: string;
}

/** What the old writer says of a table. */
export type SourceMark = QualifiedName & Pick<TableMark, 'definition' | 'files' | 'published'>;

/** What the new writer says of one. */
export type TargetMark = QualifiedName & Pick<TableMark, 'files' | 'followed' | 'triggers'>;

/** How paths of one kind say how tables travel: SELECTs of five columns, as those of `marked` are. */
export interface CarryingSql {
  /** How a table is published by `$1`. */
  readonly published: string;
  /** Since when it is followed by `$1`. */
  readonly followed: string;
}

/** The table that `oid`, one of `c`, is a partition of, over however many others, or itself. */
export const ROOT =
  'CASE WHEN c.relispartition THEN pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid ELSE c.oid END';

/** One text for all `part`s, however many those are. */
function digest(filter = ''): string {
  return `pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(coalesce(pg_catalog.string_agg(part, ',' ORDER BY part)${filter}, ''), 'UTF8')), 'hex')`;
}

/**
 * Definitions for WITH: `chosen` tables, and one row in `marked` for each, of what `parts` say in five columns. They are grouped instead of asked for once per table, which would take minutes where there are thousands.
 */
function marked(
  selection: TableSelection,
  parts: readonly string[],
  kinds: readonly string[],
): string {
  const chosen = `SELECT c.oid, c.relnamespace, n.nspname AS schema, c.relname AS name ${fromSelected(selection)}`;
  const all = [
    'SELECT oid AS root, NULL AS kind, NULL AS part, schema, name FROM chosen',
    ...parts,
  ].join(' UNION ALL ');
  const digests = kinds
    .map((kind) => `${digest(` FILTER (WHERE kind = '${kind}')`)} AS ${kind}`)
    .join(', ');
  return `chosen AS (${chosen}), marked AS (SELECT root, max(schema::pg_catalog.text) AS schema, max(name::pg_catalog.text) AS name, ${digests} FROM (${all}) AS a GROUP BY root HAVING count(name) > 0)`;
}

const FILES = `SELECT ${ROOT}, 'files', pg_catalog.concat_ws(' ', c.oid, c.relfilenode), NULL, NULL FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p', 'f')`;

/**
 * Triggers with what they were last changed by, also those that do not fire where rows are applied: one may have done so
 * for a while. Of those that do, the functions count too.
 */
const TRIGGERS = `SELECT ${ROOT}, 'triggers', pg_catalog.concat_ws(' ', t.oid, t.xmin, CASE WHEN t.tgenabled IN ('A', 'R') THEN p.xmin END), NULL, NULL FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal OR t.tgenabled IN ('A', 'R')`;

/**
 * PostgreSQL's own. A table that is taken out of a publication and put back belongs to it by another row; what a
 * publication publishes is written into a row of its own.
 */
export const NATIVE_CARRYING: CarryingSql = {
  published: nativelyPublished(),
  followed: `SELECT ${ROOT}, 'followed', pg_catalog.concat_ws(' ', s.oid, r.srrelid, r.xmin), NULL, NULL ${FOLLOWED}`,
};

function nativelyPublished(): string {
  const pubs =
    'pubs AS (SELECT oid, xmin FROM pg_catalog.pg_publication WHERE pubname = ANY ($1::pg_catalog.name[]))';
  const each =
    'SELECT c.oid AS root, p.oid AS pub, p.xmin AS since, NULL::pg_catalog.oid AS obj FROM chosen c CROSS JOIN pubs p';
  const listed = `SELECT ${ROOT}, p.oid, p.xmin, r.oid FROM pubs p JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid JOIN pg_catalog.pg_class c ON c.oid = r.prrelid`;
  const bySchema = `SELECT c.oid, p.oid, p.xmin, d.objid FROM pubs p JOIN pg_catalog.pg_depend d ON d.classid = pg_catalog.to_regclass('pg_catalog.pg_publication_namespace') AND d.refclassid = 'pg_catalog.pg_publication'::pg_catalog.regclass AND d.refobjid = p.oid JOIN pg_catalog.pg_depend s ON s.classid = d.classid AND s.objid = d.objid AND s.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass JOIN chosen c ON c.relnamespace = s.refobjid`;
  return `(WITH ${pubs} SELECT root, 'published', pg_catalog.concat_ws(' ', pub, since, obj), NULL, NULL FROM (SELECT *, count(obj) OVER (PARTITION BY root, pub) AS objs FROM (${each} UNION ALL ${listed} UNION ALL ${bySchema}) AS b) AS b WHERE obj IS NOT NULL OR objs = 0)`;
}

/** The marks of the selected tables on the server that `publications` are on. */
export function sourceMarks(
  selection: TableSelection,
  publications: readonly string[],
  { published }: CarryingSql,
): Statement {
  const columns = `SELECT pg_catalog.concat_ws(' ', a.attnum, pg_catalog.quote_ident(a.attname), pg_catalog.format_type(a.atttypid, a.atttypmod), a.attcollation, CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END) FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = m.root AND a.attnum > 0 AND NOT a.attisdropped`;
  return sql(
    `WITH ${marked(selection, [FILES, published], ['files', 'published'])} SELECT m.schema, m.name, (SELECT ${digest()} FROM (${columns}) AS parts (part)) AS definition, m.files, m.published FROM marked m`,
    [publications],
  );
}

/** The marks of the selected tables on the server that follows by `subscriptions`. */
export function targetMarks(
  selection: TableSelection,
  subscriptions: readonly string[],
  { followed }: CarryingSql,
): Statement {
  return sql(
    `WITH ${marked(selection, [FILES, TRIGGERS, followed], ['files', 'triggers', 'followed'])} SELECT schema, name, files, triggers, followed FROM marked`,
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

/**
 * One mark of each table, of what both servers say. `nameThere` is what a table is called on the new writer; what only
 * that has is not compared.
 */
export function marksOf(
  source: readonly SourceMark[],
  target: readonly TargetMark[],
  nameThere: (table: QualifiedName) => QualifiedName = (table) => table,
): readonly MarkedTable[] {
  const there = new Map(target.map((one) => [quoteQualified(one), one]));
  return source.map(({ schema, name, ...mark }) => {
    const table = { schema, name };
    const {
      files = '',
      triggers = '',
      followed = '',
    } = there.get(quoteQualified(nameThere(table))) ?? {};
    return { table, mark: { ...mark, filesThere: files, triggers, followed } };
  });
}

/** What befalls a table that is emptied again and again, which is carried to the new writer as its rows are. */
export const REWRITTEN =
  'compared before it was truncated, written anew or given another partition';

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
  if (then.files !== now.files) return REWRITTEN;
  if (then.filesThere !== now.filesThere) return `${REWRITTEN}, on the new writer`;
  if (then.triggers !== now.triggers)
    return 'compared before its triggers changed on the new writer';
  if (then.published !== now.published) return 'compared before it was published in another way';
  return then.followed === now.followed ? undefined : 'compared before it was followed anew';
}
