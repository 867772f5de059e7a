import { type Statement, sql } from '../statement';
import { selectionSql, type TableSelection } from '../table-selection';
import { restoredText } from './canonical-text';
import { fromSequences } from './sequences';

/** One part of a schema, as the server describes it. */
export interface SchemaPart {
  readonly kind:
    | 'table'
    | 'replica identity'
    | 'column'
    | 'index'
    | 'constraint'
    | 'rule'
    | 'row security'
    | 'policy'
    | 'sequence'
    | 'enum'
    | 'domain'
    | 'composite'
    | 'range'
    | 'extension';
  readonly name: string;
  readonly definition: string;
}

/** One part of a schema, and where it belongs; what the whole database has belongs nowhere. */
export interface PlacedPart extends SchemaPart {
  readonly schema: string | null;
  /** The table, or the type; the sequence itself if no column owns it. */
  readonly relation: string | null;
  /** The column, also the one that owns a sequence. */
  readonly column: string | null;
  /** Schema, table and name of each column without which an index or a constraint cannot be; null for other parts. */
  readonly needs: readonly (readonly [string, string, string])[] | null;
}

/** The collation of the attribute `a`, where it is not the one of its type. */
const COLLATION = `(SELECT pg_catalog.format('COLLATE %I.%I', l.collnamespace::pg_catalog.regnamespace, l.collname) FROM pg_catalog.pg_collation l JOIN pg_catalog.pg_type y ON y.oid = a.atttypid WHERE l.oid = a.attcollation AND a.attcollation <> y.typcollation)`;

/** What `c` is a partition of, or inherits from. */
const PARENTS = `(SELECT 'OF ' || pg_catalog.string_agg(pg_catalog.format('%I.%I', pn.nspname, p.relname), ', ' ORDER BY h.inhseqno) FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class p ON p.oid = h.inhparent JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace WHERE h.inhrelid = c.oid)`;

/** What an index or a constraint needs; the columns of a key are in `numbers`, since its constraint needs them for it. */
function needs(catalog: string, id: string, numbers: string): string {
  return `(SELECT pg_catalog.jsonb_agg(DISTINCT pg_catalog.jsonb_build_array(nn.nspname, nc.relname, na.attname)) FROM (SELECT c.oid AS whole, num::int FROM pg_catalog.unnest(${numbers}) num UNION ALL SELECT p.refobjid, p.refobjsubid FROM pg_catalog.pg_depend p WHERE p.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass AND p.objid = ${id} AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass) u (whole, num) JOIN pg_catalog.pg_attribute na ON na.attrelid = u.whole AND na.attnum = u.num AND u.num > 0 JOIN pg_catalog.pg_class nc ON nc.oid = u.whole JOIN pg_catalog.pg_namespace nn ON nn.oid = nc.relnamespace)`;
}

/**
 * Describes what the selection's tables are made of. Texts are the same on every server that has the same schema, if
 * `logins` says what those are called there that have another name.
 */
export function describeSchema(
  selection: TableSelection,
  logins: Readonly<Record<string, string>> = {},
): Statement {
  const selected = selectionSql(selection, 'n.nspname', 'c.relname');
  const table = `pg_catalog.format('%I.%I', n.nspname, c.relname)`;
  const tables = `pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND ${selected}`;
  return sql(
    `SELECT 'table' AS kind, ${table} AS name, pg_catalog.concat_ws(' ', c.relkind, pg_catalog.pg_get_partkeydef(c.oid), ${PARENTS}, pg_catalog.pg_get_expr(c.relpartbound, c.oid)) AS definition, n.nspname AS schema, c.relname AS relation, NULL::name AS column, NULL::jsonb AS needs FROM ${tables}
UNION ALL SELECT 'replica identity', ${table}, CASE c.relreplident WHEN 'd' THEN 'DEFAULT' WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' ELSE coalesce((SELECT 'USING INDEX ' || pg_catalog.quote_ident(i.relname) FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid AND x.indisreplident), 'USING INDEX') END, n.nspname, c.relname, NULL, NULL FROM ${tables}
UNION ALL SELECT 'column', ${table} || '.' || pg_catalog.quote_ident(a.attname), pg_catalog.concat_ws(' ', pg_catalog.format_type(a.atttypid, a.atttypmod), ${COLLATION}, CASE WHEN a.attnotnull THEN 'NOT NULL' END, CASE WHEN a.attidentity <> '' AND NOT c.relispartition THEN 'IDENTITY ' || a.attidentity::text END, CASE WHEN a.attgenerated <> '' THEN 'GENERATED ' || a.attgenerated::text END, 'DEFAULT ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid)), n.nspname, c.relname, a.attname, NULL
  FROM ${tables} JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
UNION ALL SELECT 'index', pg_catalog.format('%I.%I', n.nspname, i.relname), pg_catalog.pg_get_indexdef(i.oid) || CASE WHEN x.indisvalid THEN '' ELSE ' INVALID' END, n.nspname, c.relname, NULL, ${needs('pg_class', 'i.oid', 'x.indkey::int2[]')}
  FROM ${tables} JOIN pg_catalog.pg_index x ON x.indrelid = c.oid JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
UNION ALL SELECT 'constraint', ${table} || '.' || pg_catalog.quote_ident(k.conname), pg_catalog.pg_get_constraintdef(k.oid), n.nspname, c.relname, NULL, ${needs('pg_constraint', 'k.oid', 'k.conkey')}
  FROM ${tables} JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND (k.contype IN ('p', 'u', 'c', 'x') OR k.contype = 'f' AND k.conparentid = 0)
UNION ALL SELECT 'rule', ${table}, pg_catalog.string_agg(pg_catalog.concat_ws(' ', pg_catalog.quote_ident(r.rulename), CASE r.ev_type WHEN '2' THEN 'ON UPDATE' WHEN '3' THEN 'ON INSERT' WHEN '4' THEN 'ON DELETE' END, CASE WHEN r.is_instead THEN 'DO INSTEAD' ELSE 'DO ALSO' END, CASE r.ev_enabled WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' END), ', ' ORDER BY r.rulename), n.nspname, c.relname, NULL, NULL
  FROM ${tables} JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid GROUP BY n.nspname, c.relname
${describeRowSecurity(table, tables)}
${describeTypes(tables)}
UNION ALL SELECT 'sequence', ${table}, (SELECT pg_catalog.format('%s INCREMENT %s MINVALUE %s MAXVALUE %s CYCLE %s', pg_catalog.format_type(s.seqtypid, NULL), s.seqincrement, s.seqmin, s.seqmax, s.seqcycle) FROM pg_catalog.pg_sequence s WHERE s.seqrelid = c.oid), coalesce(o.schema, n.nspname), coalesce(o.name, c.relname), o.column, NULL
  ${fromSequences(selection)}
UNION ALL SELECT 'extension', e.extname::text, '', NULL, NULL, NULL, NULL FROM pg_catalog.pg_extension e`,
    [JSON.stringify(logins)],
  );
}

/** Which rows of `tables` applications see. A query in a policy is left out: majors write the same one in other words. */
function describeRowSecurity(table: string, tables: string): string {
  const roles = `(SELECT pg_catalog.string_agg(u.name, ', ' ORDER BY u.name COLLATE "C") FROM (SELECT CASE WHEN g.role = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(coalesce($1::pg_catalog.jsonb ->> pg_catalog.pg_get_userbyid(g.role)::pg_catalog.text, pg_catalog.pg_get_userbyid(g.role))) END AS name FROM pg_catalog.unnest(p.polroles) g (role)) u)`;
  const condition = (column: string): string =>
    `CASE WHEN ${column}::pg_catalog.text LIKE '%{SUBLINK %' THEN 'with a query' ELSE pg_catalog.pg_get_expr(${column}, p.polrelid) END`;
  return `UNION ALL SELECT 'row security', ${table}, pg_catalog.concat_ws(' ', CASE WHEN c.relrowsecurity THEN 'ENABLED' END, CASE WHEN c.relforcerowsecurity THEN 'FORCED' END), n.nspname, c.relname, NULL, NULL FROM ${tables} WHERE c.relrowsecurity OR c.relforcerowsecurity
UNION ALL SELECT 'policy', ${table} || '.' || pg_catalog.quote_ident(p.polname), pg_catalog.concat_ws(' ', CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END, 'FOR ' || CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, 'TO ' || ${roles}, 'USING ' || ${condition('p.polqual')}, 'WITH CHECK ' || ${condition('p.polwithcheck')}), n.nspname, c.relname, NULL, NULL
  FROM ${tables} JOIN pg_catalog.pg_policy p ON p.polrelid = c.oid`;
}

/**
 * Types of the columns of `tables`, and those that they are made of. What an extension brings is the extension's: it may
 * be of another version there.
 */
function describeTypes(tables: string): string {
  const parts = `SELECT u.oid AS whole, u.typelem AS part FROM pg_catalog.pg_type u UNION ALL SELECT u.oid, u.typbasetype FROM pg_catalog.pg_type u UNION ALL SELECT u.oid, m.atttypid FROM pg_catalog.pg_type u JOIN pg_catalog.pg_attribute m ON m.attrelid = u.typrelid AND m.attnum > 0 AND NOT m.attisdropped UNION ALL SELECT g.rngtypid, g.rngsubtype FROM pg_catalog.pg_range g`;
  const used = `(WITH RECURSIVE used (type) AS (SELECT a.atttypid FROM ${tables} JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped UNION SELECT p.part FROM used JOIN (${parts}) p ON p.whole = used.type WHERE p.part <> 0) SELECT type FROM used)`;
  const check = `(SELECT pg_catalog.string_agg(pg_catalog.pg_get_constraintdef(k.oid), ' ' ORDER BY k.conname) FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c')`;
  return `UNION ALL SELECT CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite' ELSE 'range' END, pg_catalog.format_type(t.oid, NULL), CASE t.typtype
    WHEN 'e' THEN (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid)
    WHEN 'd' THEN pg_catalog.concat_ws(' ', pg_catalog.format_type(t.typbasetype, t.typtypmod), CASE WHEN t.typnotnull THEN 'NOT NULL' END, 'DEFAULT ' || t.typdefault, ${check})
    WHEN 'c' THEN (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', pg_catalog.quote_ident(a.attname), pg_catalog.format_type(a.atttypid, a.atttypmod), ${COLLATION}), ', ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
    ELSE (SELECT pg_catalog.format_type(g.rngsubtype, NULL) FROM pg_catalog.pg_range g WHERE g.rngtypid = t.oid) END, t.typnamespace::pg_catalog.regnamespace::text, t.typname, NULL, NULL
  FROM pg_catalog.pg_type t WHERE t.typtype IN ('e', 'd', 'c', 'r') AND t.typnamespace <> 'pg_catalog'::pg_catalog.regnamespace AND t.oid IN ${used} AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend x WHERE x.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND x.objid = t.oid AND x.deptype = 'e')`;
}

/** What differs between two schemas, a sentence each. Sequences that only the new server has do no harm. */
export function schemaDifferences(
  from: readonly SchemaPart[],
  to: readonly SchemaPart[],
): readonly string[] {
  const there = new Map(to.map((part) => [keyOf(part), part.definition]));
  const here = new Set(from.map(keyOf));
  const missing = from.flatMap((part) => {
    const { kind, name, definition } = part;
    const found = there.get(keyOf(part));
    // A dump leaves out an index that could not be built.
    if (kind === 'extension' || (kind === 'index' && definition.endsWith(' INVALID'))) return [];
    if (found === undefined) return [`${kind} ${name} is missing`];
    return found === definition || restoredText(found) === restoredText(definition)
      ? []
      : [`${kind} ${name} is "${found}" instead of "${definition}"`];
  });
  const extra = to
    .filter(({ kind }) => kind !== 'extension' && kind !== 'sequence')
    .filter((part) => !here.has(keyOf(part)))
    .map((part) => `${part.kind} ${part.name} is there only`);
  return [...missing, ...extra];
}

/**
 * Extensions that only `from` has. What a selected table's columns, defaults, indexes or constraints need of one is missing
 * there as well, and differs. Another one differs on purpose, as often as not: what replicates, or what a provider makes on
 * each server of its own.
 */
export function missingExtensions(
  from: readonly SchemaPart[],
  to: readonly SchemaPart[],
): readonly string[] {
  const there = new Set(to.map(keyOf));
  return from
    .filter((part) => part.kind === 'extension' && !there.has(keyOf(part)))
    .map(({ name }) => name);
}

function keyOf({ kind, name }: SchemaPart): string {
  return `${kind} ${name}`;
}
