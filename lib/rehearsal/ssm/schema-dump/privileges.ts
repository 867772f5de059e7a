import { type Definition, inSchemas, notOfExtension } from './definition';

/** The name of a role, which is given by its oid. */
function role(oid: string): string {
  return `CASE ${oid} WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(${oid})) END`;
}

/** A GRANT, by the role that gave it unless that is the owner; `on` and its `values` name the object. */
function grant(on: string, values: string): string {
  return `format(CASE WHEN grantor = owner THEN '%s' ELSE format(E'SET SESSION AUTHORIZATION %I;\\n%%s\\nRESET SESSION AUTHORIZATION;', pg_get_userbyid(grantor)) END, format('GRANT %s ${on} TO %s%s;', privilege_type, ${values}, ${role('grantee')}, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END))`;
}

/** The privileges of objects of one kind: `objects` gives `name`, `owner` and `acl`, `kind` is that of acldefault(). */
function privilegesOf(keyword: string, kind: string, objects: string): Definition {
  return [
    'ACL',
    `WITH objects AS (${objects})
SELECT string_agg(line, E'\\n' ORDER BY step, at) AS ddl FROM (
  SELECT name, 0 AS step, 0::bigint AS at, format('REVOKE ALL ON ${keyword} %s FROM %s;', name, ${role('g')}) AS line
  FROM objects CROSS JOIN LATERAL (SELECT DISTINCT grantee AS g FROM pg_catalog.aclexplode(pg_catalog.acldefault('${kind}', owner))) d WHERE acl IS NOT NULL
  UNION ALL SELECT name, 1, at, ${grant(`ON ${keyword} %s`, 'name')}
  FROM objects CROSS JOIN LATERAL pg_catalog.aclexplode(acl) WITH ORDINALITY AS entry (grantor, grantee, privilege_type, is_grantable, at)
) lines GROUP BY name ORDER BY name`,
  ];
}

function relations(kinds: string): string {
  return `SELECT c.oid::pg_catalog.regclass::text AS name, relowner AS owner, relacl AS acl FROM pg_catalog.pg_class c ${inSchemas('relnamespace')} WHERE relkind IN (${kinds}) AND ${notOfExtension('pg_class', 'c.oid')}`;
}

/** The schema public exists everywhere, with privileges that differ by major; only what was changed in it is said. */
const OF_PUBLIC: Definition = [
  'ACL',
  `WITH public AS (
  SELECT nspacl, (SELECT initprivs FROM pg_catalog.pg_init_privs WHERE classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND objoid = n.oid) AS initial FROM pg_catalog.pg_namespace n WHERE nspname = 'public' AND nspname = ANY ($1)
), now AS (
  SELECT grantee, privilege_type, is_grantable FROM public CROSS JOIN LATERAL pg_catalog.aclexplode(nspacl)
), before AS (
  SELECT grantee, privilege_type, is_grantable FROM public CROSS JOIN LATERAL pg_catalog.aclexplode(initial)
)
SELECT format('REVOKE %s ON SCHEMA public FROM %s;', privilege_type, ${role('grantee')}) AS ddl FROM (SELECT * FROM before EXCEPT SELECT * FROM now) gone
UNION ALL SELECT format('GRANT %s ON SCHEMA public TO %s%s;', privilege_type, ${role('grantee')}, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END) FROM (SELECT * FROM now EXCEPT SELECT * FROM before) given`,
];

/** Privileges of what was derived, and those of what will be made. */
export const PRIVILEGES: readonly Definition[] = [
  // First, since a role that grants must reach into the schema.
  privilegesOf(
    'SCHEMA',
    'n',
    "SELECT quote_ident(nspname) AS name, nspowner AS owner, nspacl AS acl FROM pg_catalog.pg_namespace WHERE nspname = ANY ($1) AND nspname <> 'public'",
  ),
  OF_PUBLIC,
  privilegesOf('TABLE', 'r', relations("'r', 'p', 'v', 'm'")),
  privilegesOf('SEQUENCE', 's', relations("'S'")),
  privilegesOf(
    'ROUTINE',
    'f',
    `SELECT p.oid::pg_catalog.regprocedure::text AS name, proowner AS owner, proacl AS acl FROM pg_catalog.pg_proc p ${inSchemas('pronamespace')} WHERE ${notOfExtension('pg_proc', 'p.oid')}`,
  ),
  privilegesOf(
    'TYPE',
    'T',
    `SELECT t.oid::pg_catalog.regtype::text AS name, typowner AS owner, typacl AS acl FROM pg_catalog.pg_type t ${inSchemas('typnamespace')} WHERE ${notOfExtension('pg_type', 't.oid')}`,
  ),
  [
    'ACL',
    `SELECT ${grant('(%I) ON TABLE %s', 'attname, c.oid::pg_catalog.regclass')} AS ddl
FROM pg_catalog.pg_attribute JOIN pg_catalog.pg_class c ON c.oid = attrelid ${inSchemas('relnamespace')} CROSS JOIN LATERAL pg_catalog.aclexplode(attacl) WITH ORDINALITY AS entry (grantor, grantee, privilege_type, is_grantable, at) CROSS JOIN LATERAL (SELECT relowner AS owner) o
WHERE ${notOfExtension('pg_class', 'c.oid')} ORDER BY c.oid, attnum, at`,
  ],
  // In one schema privileges can only be added to the global ones, so there is nothing to revoke.
  [
    'DEFAULT ACL',
    `SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT %s ON %s TO %s%s;', pg_get_userbyid(defaclrole), nspname, privilege_type, CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' ELSE 'TYPES' END, ${role('grantee')}, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END) AS ddl
FROM pg_catalog.pg_default_acl ${inSchemas('defaclnamespace')} CROSS JOIN LATERAL pg_catalog.aclexplode(defaclacl)`,
  ],
];
