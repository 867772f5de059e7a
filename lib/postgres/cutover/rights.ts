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

/** What things and logins are called on the other server. */
export interface NamesThere {
  /** Undefined for what is left out. */
  readonly thing: (kind: GrantedRights['kind'], name: QualifiedName) => QualifiedName | undefined;
  readonly login: (name: string) => string;
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
    "r.rolcanlogin AND NOT r.rolsuper AND r.rolname <> ALL ($1::pg_catalog.name[]) AND pg_catalog.has_database_privilege(r.oid, pg_catalog.current_database(), 'CONNECT')",
    known,
    // An owner may without being granted it, and needs not own anything elsewhere.
    " AND NOT (p = 'TRUNCATE' AND pg_catalog.pg_has_role(w.oid, (SELECT o.relowner FROM pg_catalog.pg_class o WHERE o.oid = a.oid), 'USAGE'))",
  );
}

/** Those of `logins` that administer roles, which each server has of its own. */
export function administrators(logins: readonly string[]): Statement {
  return sql(
    'SELECT rolname AS name FROM pg_catalog.pg_roles WHERE rolname = ANY ($1::pg_catalog.name[]) AND rolcreaterole',
    [logins],
  );
}

/** What `logins` may do with them, whatever keeps those out yet. */
export function rightsOfRoles(selection: TableSelection, logins: readonly string[]): Statement {
  return rightsOf(selection, 'r.rolname = ANY ($1::pg_catalog.name[])', logins);
}

/** What a role may do with a table; of what it may do with some of its columns, which ones is not asked. */
const TABLE_RIGHTS =
  '{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,SELECT columns of,INSERT columns of,UPDATE columns of}';

const OF_COLUMNS = / columns of$/;

/**
 * Asked once for all that is granted alike, since there may be thousands of tables. What a login may only by SET ROLE
 * counts; being a member has not meant that one may since PostgreSQL 16.
 */
function rightsOf(
  selection: TableSelection,
  who: string,
  names: readonly string[],
  but = '',
): Statement {
  const of = (kind: Kind): string =>
    `SELECT '${kind}' AS kind, c.oid, n.nspname AS schema, c.relname AS name, pg_catalog.concat(c.relowner, c.relacl, (SELECT pg_catalog.string_agg(a.attacl::text, '') FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL)) AS granted`;
  const tables = `FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND ${selectionSql(selection, 'n.nspname', 'c.relname')}`;
  return sql(
    `WITH who AS MATERIALIZED (SELECT r.rolname, w.oid FROM pg_catalog.pg_roles r JOIN pg_catalog.pg_roles w ON w.oid = r.oid OR NOT pg_catalog.pg_has_role(r.oid, w.oid, 'USAGE') AND pg_catalog.pg_has_role(r.oid, w.oid, ${BECOMES}) WHERE ${who}), objects AS (${of('table')} ${tables} UNION ALL ${of('sequence')} ${fromSequences(selection)} UNION ALL SELECT DISTINCT 'schema', n.oid, n.nspname, '', pg_catalog.concat(n.nspowner, n.nspacl) ${tables}), alike AS MATERIALIZED (SELECT kind, min(oid) AS oid, pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(schema, name)) AS names FROM objects GROUP BY kind, granted)
SELECT a.kind, a.names, (SELECT pg_catalog.jsonb_agg(DISTINCT pg_catalog.jsonb_build_array(w.rolname, p)) FROM who w, pg_catalog.unnest(CASE a.kind WHEN 'table' THEN '${TABLE_RIGHTS}'::text[] ELSE '{USAGE}' END) p WHERE CASE a.kind WHEN 'table' THEN CASE WHEN p LIKE '% of' THEN pg_catalog.has_any_column_privilege(w.oid, a.oid, pg_catalog.split_part(p, ' ', 1)) ELSE pg_catalog.has_table_privilege(w.oid, a.oid, p)${but} END WHEN 'schema' THEN pg_catalog.has_schema_privilege(w.oid, a.oid, p) ELSE pg_catalog.has_sequence_privilege(w.oid, a.oid, 'USAGE, UPDATE') END) AS rights FROM alike a`,
    [names],
  );
}

/**
 * What keeps those of `logins` out that exist, or from writing, whatever they are granted on tables, when the roles
 * `connect` may connect, of which the empty name stands for everybody.
 */
export function hindrances(logins: readonly string[], connect: readonly string[]): Statement {
  const readOnly = `coalesce((SELECT pg_catalog.substr(x, 31)::boolean FROM pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) x WHERE s.setrole IN (0, r.oid) AND s.setdatabase IN (0, d.oid) AND x LIKE 'default\\_transaction\\_read\\_only=%' ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC LIMIT 1), ${READ_ONLY})`;
  return sql(
    `SELECT r.rolname AS name, h.what FROM pg_catalog.pg_roles r JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database() CROSS JOIN LATERAL (VALUES (NOT r.rolcanlogin, 'may not log in (NOLOGIN)'), (r.rolvaliduntil < pg_catalog.now(), 'has a password that has expired (VALID UNTIL)'), (NOT r.rolsuper AND 0 IN (r.rolconnlimit, d.datconnlimit), 'may have no session (CONNECTION LIMIT 0)'), (${readOnly}, 'only reads (default_transaction_read_only)'), (NOT r.rolsuper AND '' <> ALL ($2::text[]) AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles g WHERE g.rolname = ANY ($2) AND pg_catalog.pg_has_role(r.oid, g.oid, 'USAGE')), 'is not let in with the others (CONNECT)')) h ("is", what) WHERE h."is" AND r.rolname = ANY ($1::pg_catalog.name[]) ORDER BY 1, 2`,
    [logins, connect],
  );
}

/** SQL for the right that a role has of another one to which it may SET ROLE: since PostgreSQL 16 not every member may. */
export const BECOMES = `(SELECT CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_attribute m WHERE m.attrelid = 'pg_catalog.pg_auth_members'::pg_catalog.regclass AND m.attname = 'set_option') THEN 'SET' ELSE 'MEMBER' END)`;

/**
 * SQL for whether the role of the row `r` may replicate: by its own right, or as Amazon RDS grants it, whose
 * administrators have no REPLICATION and cannot give it.
 *
 * @see https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Roles.rds_superuser.html
 */
export const REPLICATES = `(r.rolreplication OR EXISTS (SELECT FROM pg_catalog.pg_roles m WHERE m.rolname = 'rds_replication' AND pg_catalog.pg_has_role(r.oid, m.oid, 'MEMBER')))`;

/** Whether sessions of the server only read unless they say otherwise, whatever this one said since it began. */
export const READ_ONLY = `(SELECT g.reset_val = 'on' FROM pg_catalog.pg_settings g WHERE g.name = 'default_transaction_read_only')`;

/** What logins may do `here` and not `there`. What is missing there is none of it. */
export function lackingRights(
  here: readonly GrantedRights[],
  there: readonly GrantedRights[],
  nameThere: NamesThere,
): readonly LackingRight[] {
  const known = new Map(
    there.flatMap(({ kind, names, rights }) => {
      const granted = new Set((rights ?? []).map(keyOf));
      return names.map((name) => [keyOf([kind, ...name]), granted] as const);
    }),
  );
  return here.flatMap(({ kind, names, rights }) =>
    names.flatMap(([schema, name]) => {
      const found = nameThere.thing(kind, { schema, name });
      const granted = found && known.get(keyOf([kind, found.schema, found.name]));
      const what = `${kind} ${kind === 'schema' ? schema : quoteQualified({ schema, name })}`;
      return (
        (granted === undefined ? [] : (rights ?? []))
          .filter(
            ([login, right]) => granted?.has(keyOf([nameThere.login(login), right])) === false,
          )
          // Who may so with the table is said to.
          .filter(
            ([login, right]) =>
              !OF_COLUMNS.test(right) ||
              !rights?.some(([who, may]) => who === login && may === right.replace(OF_COLUMNS, '')),
          )
          .map(([login, right]) => ({ login, right, what }))
      );
    }),
  );
}

function keyOf(parts: readonly string[]): string {
  return JSON.stringify(parts);
}
