import { type Definition, inSchemas, notOfExtension } from './definition';

/** Views by the depth of what they use, and all that stands on relations. */
export const VIEWS: readonly Definition[] = [
  [
    'VIEW',
    `WITH RECURSIVE uses AS (
  SELECT DISTINCT ev_class AS used_by, d.refobjid AS used FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  WHERE d.refobjid <> ev_class
), depths AS (
  SELECT oid, 0 AS depth FROM pg_catalog.pg_class WHERE relkind IN ('v', 'm')
  UNION SELECT used_by, depth + 1 FROM depths JOIN uses ON used = oid WHERE depth < 100
)
SELECT format(E'CREATE %s %I.%I%s AS\\n%s%s;\\nALTER TABLE %I.%I OWNER TO %I;', CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, nspname, relname, ' WITH (' || array_to_string(reloptions, ', ') || ')', rtrim(pg_get_viewdef(c.oid), ';'), CASE relkind WHEN 'm' THEN ' WITH NO DATA' END, nspname, relname, pg_get_userbyid(relowner)) AS ddl
FROM pg_catalog.pg_class c ${inSchemas('relnamespace')} WHERE relkind IN ('v', 'm') AND ${notOfExtension('pg_class', 'c.oid')} ORDER BY (SELECT max(depth) FROM depths WHERE depths.oid = c.oid), c.oid`,
  ],
  [
    'INDEX',
    `SELECT pg_get_indexdef(i.indexrelid) || ';' AS ddl FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid ${inSchemas('relnamespace')} JOIN pg_catalog.pg_class t ON t.oid = indrelid WHERE t.relkind = 'm' AND indisvalid ORDER BY i.indexrelid`,
  ],
  [
    'TRIGGER',
    `SELECT pg_get_triggerdef(t.oid) || ';' || CASE tgenabled WHEN 'O' THEN '' ELSE format(E'\\nALTER TABLE %s %s TRIGGER %I;', tgrelid::pg_catalog.regclass, CASE tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, tgname) END AS ddl
FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = tgrelid ${inSchemas('relnamespace')} WHERE NOT tgisinternal AND tgparentid = 0 ORDER BY t.oid`,
  ],
  [
    'POLICY',
    `SELECT format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s;', polname, polrelid::pg_catalog.regclass, CASE WHEN polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END, CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END, ', ') FROM unnest(polroles) r), ' USING (' || pg_get_expr(polqual, polrelid) || ')', ' WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')') AS ddl
FROM pg_catalog.pg_policy JOIN pg_catalog.pg_class c ON c.oid = polrelid ${inSchemas('relnamespace')}`,
  ],
  [
    'COMMENT',
    `SELECT format('COMMENT ON %s %s IS %L;', CASE WHEN o.type LIKE '% column' THEN 'COLUMN' WHEN o.type LIKE '% constraint' THEN 'CONSTRAINT' WHEN o.type = 'composite type' THEN 'TYPE' ELSE upper(o.type) END,
  CASE WHEN o.type = 'domain constraint' THEN (SELECT format('%I ON DOMAIN %s', conname, contypid::pg_catalog.regtype) FROM pg_catalog.pg_constraint WHERE oid = objoid) ELSE o.identity END, description) AS ddl
FROM pg_catalog.pg_description d CROSS JOIN LATERAL pg_catalog.pg_identify_object(classoid, objoid, objsubid) o
WHERE EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE nspname = ANY ($1) AND (
    (classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND n.oid = objoid AND NOT (nspname = 'public' AND description = 'standard public schema'))
    OR (classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND n.oid = (SELECT relnamespace FROM pg_catalog.pg_class WHERE oid = objoid))
    OR (classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND n.oid = (SELECT pronamespace FROM pg_catalog.pg_proc WHERE oid = objoid))
    OR (classoid = 'pg_catalog.pg_type'::pg_catalog.regclass AND n.oid = (SELECT typnamespace FROM pg_catalog.pg_type WHERE oid = objoid))
    OR (classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND n.oid = (SELECT connamespace FROM pg_catalog.pg_constraint WHERE oid = objoid))
    OR (classoid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND n.oid = (SELECT relnamespace FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = tgrelid WHERE t.oid = objoid))
    OR (classoid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND n.oid = (SELECT relnamespace FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = polrelid WHERE p.oid = objoid))))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')`,
  ],
];
