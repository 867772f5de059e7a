import { type Statement, sql } from '../statement';
import type { RoleSpec } from './role-spec';

/** What a server says of a role. */
export interface ObservedRole {
  readonly canLogin: boolean;
  readonly replication: boolean;
  readonly memberOf: readonly string[];
  readonly database: readonly string[];
  /** For each schema, how many of its tables the role may not yet read or change. */
  readonly lacking: readonly {
    readonly schema: string;
    readonly usage: boolean;
    /** How many of its tables it may change in any way. */
    readonly writable: number;
    readonly read: number;
    readonly write: number;
  }[];
  /** In which schemas of the spec it may make tables of its own. */
  readonly createsIn: readonly string[];
  readonly currentDatabase: string;
}

/** Asks for a role, and for what it may not yet do in the schemas of `spec`. */
export function observeRole(spec: RoleSpec): Statement {
  return sql(
    `SELECT (
  SELECT pg_catalog.jsonb_build_object(
    'canLogin', r.rolcanlogin,
    'replication', r.rolreplication,
    'currentDatabase', pg_catalog.current_database(),
    'memberOf', (SELECT coalesce(pg_catalog.jsonb_agg(g.rolname), '[]') FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid),
    'database', (SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT a.privilege_type), '[]') FROM pg_catalog.pg_database d, pg_catalog.aclexplode(d.datacl) a WHERE d.datname = pg_catalog.current_database() AND a.grantee = r.oid),
    'createsIn', (SELECT coalesce(pg_catalog.jsonb_agg(n.nspname), '[]') FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY($3) AND pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE') AND pg_catalog.has_schema_privilege(r.oid, n.oid, 'CREATE')),
    'lacking', (SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'schema', n.nspname,
        'usage', pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE'),
        'writable', (SELECT count(*) FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p') AND pg_catalog.has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')),
        'read', (SELECT count(*) FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p') AND NOT pg_catalog.has_table_privilege(r.oid, c.oid, 'SELECT')),
        'write', (SELECT count(*) FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p') AND NOT (pg_catalog.has_table_privilege(r.oid, c.oid, 'INSERT') AND pg_catalog.has_table_privilege(r.oid, c.oid, 'UPDATE') AND pg_catalog.has_table_privilege(r.oid, c.oid, 'DELETE') AND pg_catalog.has_table_privilege(r.oid, c.oid, 'TRUNCATE')))
      )), '[]') FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY($2))
  ) FROM pg_catalog.pg_roles r WHERE r.rolname = $1
) AS role`,
    [spec.name, [...spec.readSchemas, ...spec.writeSchemas], [...spec.createInSchemas]],
  );
}
