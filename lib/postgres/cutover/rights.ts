import { type QualifiedName, quoteQualified } from '../identifiers';
import { type Statement, sql } from '../statement';
import { selectionSql, type TableSelection } from '../table-selection';
import { fromSequences } from './sequences';

type Kind = 'table' | 'sequence' | 'schema';

/** What is granted alike, and what logins may do with it. */
export interface GrantedRights {
  readonly kind: Kind;
  /** The schema and the name of each; a schema has no name besides. */
  readonly names: readonly (readonly [string, string])[];
  /** A login and what it may do. */
  readonly rights: readonly (readonly [string, string])[] | null;
}

/** What a login may do on one server only. */
export interface LackingRight {
  readonly login: string;
  readonly right: string;
  /** With what, as the server calls it on which it may. */
  readonly what: string;
}

/**
 * What logins other than `known` that may connect may do with the selected tables, their schemas and the sequences.
 * Superusers may do everything, and have no rights that could be compared.
 */
export function rightsOfLogins(selection: TableSelection, known: readonly string[]): Statement {
  return rightsOf(
    selection,
    "rolcanlogin AND NOT rolsuper AND rolname <> ALL ($1::pg_catalog.name[]) AND pg_catalog.has_database_privilege(oid, pg_catalog.current_database(), 'CONNECT')",
    known,
  );
}

/** What `logins` may do with them, whatever keeps those out yet. */
export function rightsOfRoles(selection: TableSelection, logins: readonly string[]): Statement {
  return rightsOf(selection, 'rolname = ANY ($1::pg_catalog.name[])', logins);
}

/** Asked once for all that is granted alike, since there may be thousands of tables. */
function rightsOf(selection: TableSelection, who: string, names: readonly string[]): Statement {
  const of = (kind: Kind): string =>
    `SELECT '${kind}' AS kind, c.oid, n.nspname AS schema, c.relname AS name, pg_catalog.concat(c.relowner, c.relacl) AS granted`;
  const tables = `FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND ${selectionSql(selection, 'n.nspname', 'c.relname')}`;
  return sql(
    `WITH who AS MATERIALIZED (SELECT oid, rolname FROM pg_catalog.pg_roles WHERE ${who}), objects AS (${of('table')} ${tables} UNION ALL ${of('sequence')} ${fromSequences(selection)} UNION ALL SELECT DISTINCT 'schema', n.oid, n.nspname, '', pg_catalog.concat(n.nspowner, n.nspacl) ${tables}), alike AS MATERIALIZED (SELECT kind, min(oid) AS oid, pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(schema, name)) AS names FROM objects GROUP BY kind, granted)
SELECT a.kind, a.names, (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(w.rolname, p)) FROM who w, pg_catalog.unnest(CASE a.kind WHEN 'table' THEN '{SELECT,INSERT,UPDATE,DELETE}'::text[] ELSE '{USAGE}' END) p WHERE CASE a.kind WHEN 'table' THEN pg_catalog.has_table_privilege(w.oid, a.oid, p) WHEN 'schema' THEN pg_catalog.has_schema_privilege(w.oid, a.oid, p) ELSE pg_catalog.has_sequence_privilege(w.oid, a.oid, 'USAGE, UPDATE') END) AS rights FROM alike a`,
    [names],
  );
}

/**
 * What logins may do `here` and not `there`, where `nameThere` gives what something is called, or that it is left out.
 * What is missing there is none of it.
 */
export function lackingRights(
  here: readonly GrantedRights[],
  there: readonly GrantedRights[],
  nameThere: (kind: Kind, name: QualifiedName) => QualifiedName | undefined,
): readonly LackingRight[] {
  const known = new Map(
    there.flatMap(({ kind, names, rights }) => {
      const granted = new Set((rights ?? []).map(keyOf));
      return names.map((name) => [keyOf([kind, ...name]), granted] as const);
    }),
  );
  return here.flatMap(({ kind, names, rights }) =>
    names.flatMap(([schema, name]) => {
      const found = nameThere(kind, { schema, name });
      const granted = found && known.get(keyOf([kind, found.schema, found.name]));
      const what = `${kind} ${kind === 'schema' ? schema : quoteQualified({ schema, name })}`;
      return (granted === undefined ? [] : (rights ?? []))
        .filter((one) => granted?.has(keyOf(one)) === false)
        .map(([login, right]) => ({ login, right, what }));
    }),
  );
}

function keyOf(parts: readonly string[]): string {
  return JSON.stringify(parts);
}
