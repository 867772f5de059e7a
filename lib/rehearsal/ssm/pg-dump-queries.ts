/** Asked of a source, with its schemas as $1: statements by the type that pg_dump names them with, in an order that works. */
export const DDL: readonly (readonly [string, string])[] = [
  [
    'SCHEMA',
    `SELECT format(E'CREATE SCHEMA %I;\\nALTER SCHEMA %I OWNER TO %I;', nspname, nspname, pg_get_userbyid(nspowner)) AS ddl FROM pg_catalog.pg_namespace WHERE nspname = ANY ($1) AND nspname <> 'public'`,
  ],
  [
    'TYPE',
    `SELECT format(E'CREATE TYPE %I.%I AS ENUM (%s);\\nALTER TYPE %I.%I OWNER TO %I;', nspname, typname, (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_catalog.pg_enum WHERE enumtypid = t.oid), nspname, typname, pg_get_userbyid(typowner)) AS ddl
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = typnamespace AND n.nspname = ANY ($1) WHERE typtype = 'e' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND e.objid = t.oid AND e.deptype = 'e')`,
  ],
  [
    'SEQUENCE',
    `SELECT format(E'CREATE SEQUENCE %I.%I AS %s START %s INCREMENT %s MINVALUE %s MAXVALUE %s CACHE %s %s;\\nALTER SEQUENCE %I.%I OWNER TO %I;', nspname, relname, format_type(seqtypid, NULL), seqstart, seqincrement, seqmin, seqmax, seqcache, CASE WHEN seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END, nspname, relname, pg_get_userbyid(relowner)) AS ddl
FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = seqrelid JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1)
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype IN ('i', 'e'))`,
  ],
  [
    'TYPE',
    `SELECT CASE typtype WHEN 'd' THEN format(E'CREATE DOMAIN %I.%I AS %s%s%s%s%s;\\nALTER DOMAIN %I.%I OWNER TO %I;', nspname, typname, format_type(typbasetype, typtypmod), ' COLLATE ' || nullif(typcollation, (SELECT b.typcollation FROM pg_catalog.pg_type b WHERE b.oid = t.typbasetype))::pg_catalog.regcollation::text, ' DEFAULT ' || typdefault, CASE WHEN typnotnull THEN ' NOT NULL' END,
  (SELECT string_agg(format(' CONSTRAINT %I %s', conname, pg_get_constraintdef(k.oid)), '' ORDER BY conname) FROM pg_catalog.pg_constraint k WHERE contypid = t.oid AND contype = 'c'), nspname, typname, pg_get_userbyid(typowner))
  ELSE format(E'CREATE TYPE %I.%I AS (%s);\\nALTER TYPE %I.%I OWNER TO %I;', nspname, typname, (SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum) FROM pg_catalog.pg_attribute WHERE attrelid = typrelid AND attnum > 0 AND NOT attisdropped), nspname, typname, pg_get_userbyid(typowner)) END AS ddl
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = typnamespace AND n.nspname = ANY ($1) LEFT JOIN pg_catalog.pg_class c ON c.oid = typrelid
WHERE (typtype = 'd' OR (typtype = 'c' AND relkind = 'c')) AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND e.objid = t.oid AND e.deptype = 'e') ORDER BY t.oid`,
  ],
  [
    'FUNCTION',
    `SELECT format(E'%s;\\nALTER %s %s OWNER TO %I;', pg_get_functiondef(p.oid), CASE prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, p.oid::pg_catalog.regprocedure, pg_get_userbyid(proowner)) AS ddl
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = pronamespace AND n.nspname = ANY ($1) JOIN pg_catalog.pg_language l ON l.oid = prolang
WHERE prokind IN ('f', 'p', 'w') AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND e.objid = p.oid AND e.deptype = 'e') AND NOT (EXISTS (SELECT FROM pg_catalog.pg_type y JOIN pg_catalog.pg_class yc ON yc.oid = y.typrelid AND yc.relkind <> 'c' WHERE y.oid = p.prorettype OR y.oid = (SELECT el.typelem FROM pg_catalog.pg_type el WHERE el.oid = p.prorettype) OR y.oid = ANY (p.proargtypes::oid[]) OR y.oid = ANY (coalesce(p.proallargtypes, '{}'))) OR EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass)) ORDER BY p.oid`,
  ],
  [
    'TABLE',
    `SELECT format(E'CREATE %sTABLE %I.%I (\\n  %s\\n)%s%s;\\nALTER TABLE %I.%I OWNER TO %I;%s%s%s', CASE relpersistence WHEN 'u' THEN 'UNLOGGED ' END, nspname, relname, (SELECT string_agg(format('%I %s%s%s%s', attname, format_type(atttypid, atttypmod),
    CASE WHEN attcollation <> typcollation THEN ' COLLATE ' || attcollation::pg_catalog.regcollation END,
    CASE WHEN attgenerated <> '' THEN format(' GENERATED ALWAYS AS (%s) %s', pg_get_expr(adbin, adrelid), CASE attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END)
      WHEN attidentity <> '' THEN (SELECT format(' GENERATED %s AS IDENTITY (SEQUENCE NAME %s START %s INCREMENT %s MINVALUE %s MAXVALUE %s CACHE %s %s)', CASE attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, seqrelid::pg_catalog.regclass, seqstart, seqincrement, seqmin, seqmax, seqcache, CASE WHEN seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END)
        FROM pg_catalog.pg_sequence JOIN pg_catalog.pg_depend i ON i.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.objid = seqrelid AND i.deptype = 'i' WHERE i.refobjid = c.oid AND i.refobjsubid = attnum)
      ELSE ' DEFAULT ' || pg_get_expr(adbin, adrelid) END,
    CASE WHEN attnotnull THEN ' NOT NULL' END), E',\\n  ' ORDER BY attnum)
  FROM pg_catalog.pg_attribute JOIN pg_catalog.pg_type ON pg_type.oid = atttypid LEFT JOIN pg_catalog.pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped),
  CASE relkind WHEN 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) END, ' WITH (' || array_to_string(reloptions, ', ') || ')', nspname, relname, pg_get_userbyid(relowner),
  CASE WHEN relrowsecurity THEN format(E'\\nALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY;', nspname, relname) END,
  CASE WHEN relforcerowsecurity THEN format(E'\\nALTER TABLE %I.%I FORCE ROW LEVEL SECURITY;', nspname, relname) END,
  CASE relreplident WHEN 'f' THEN format(E'\\nALTER TABLE %I.%I REPLICA IDENTITY FULL;', nspname, relname) WHEN 'n' THEN format(E'\\nALTER TABLE %I.%I REPLICA IDENTITY NOTHING;', nspname, relname) END) AS ddl
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1) WHERE relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e') ORDER BY c.oid`,
  ],
  [
    'FUNCTION',
    `SELECT format(E'%s;\\nALTER %s %s OWNER TO %I;', pg_get_functiondef(p.oid), CASE prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, p.oid::pg_catalog.regprocedure, pg_get_userbyid(proowner)) AS ddl
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = pronamespace AND n.nspname = ANY ($1) JOIN pg_catalog.pg_language l ON l.oid = prolang
WHERE prokind IN ('f', 'p', 'w') AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND e.objid = p.oid AND e.deptype = 'e') AND (EXISTS (SELECT FROM pg_catalog.pg_type y JOIN pg_catalog.pg_class yc ON yc.oid = y.typrelid AND yc.relkind <> 'c' WHERE y.oid = p.prorettype OR y.oid = (SELECT el.typelem FROM pg_catalog.pg_type el WHERE el.oid = p.prorettype) OR y.oid = ANY (p.proargtypes::oid[]) OR y.oid = ANY (coalesce(p.proallargtypes, '{}'))) OR EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass)) ORDER BY p.oid`,
  ],
  [
    'TABLE ATTACH',
    `SELECT format('ALTER TABLE ONLY %s ATTACH PARTITION %I.%I %s;', inhparent::pg_catalog.regclass, nspname, relname, pg_get_expr(relpartbound, c.oid)) AS ddl
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1) JOIN pg_catalog.pg_inherits ON inhrelid = c.oid WHERE relispartition AND relkind IN ('r', 'p') ORDER BY c.oid`,
  ],
  [
    'SEQUENCE OWNED BY',
    `SELECT format('ALTER SEQUENCE %I.%I OWNED BY %s.%I;', nspname, relname, refobjid::pg_catalog.regclass, attname) AS ddl
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1) JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'a' AND d.refobjsubid > 0 JOIN pg_catalog.pg_attribute ON attrelid = refobjid AND attnum = refobjsubid WHERE relkind = 'S'`,
  ],
  [
    'CONSTRAINT',
    `SELECT format('ALTER TABLE %s%s ADD CONSTRAINT %I %s;', CASE WHEN relkind = 'p' AND contype = 'f' THEN '' ELSE 'ONLY ' END, conrelid::pg_catalog.regclass, conname, pg_get_constraintdef(k.oid)) AS ddl
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = conrelid JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1)
WHERE contype = 'c' AND conislocal AND relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e') ORDER BY relispartition, k.oid`,
  ],
  [
    'CONSTRAINT',
    `SELECT format('ALTER TABLE %s%s ADD CONSTRAINT %I %s;', CASE WHEN relkind = 'p' AND contype = 'f' THEN '' ELSE 'ONLY ' END, conrelid::pg_catalog.regclass, conname, pg_get_constraintdef(k.oid)) AS ddl
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = conrelid JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1)
WHERE contype IN ('p', 'u', 'x') AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e') ORDER BY relispartition, k.oid`,
  ],
  [
    'INDEX',
    `SELECT pg_get_indexdef(i.indexrelid) || ';' AS ddl FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1) JOIN pg_catalog.pg_class t ON t.oid = indrelid
WHERE t.relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u', 'x')) AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = i.indexrelid AND e.deptype = 'e') ORDER BY i.indexrelid`,
  ],
  [
    'INDEX ATTACH',
    `SELECT format('ALTER INDEX %s ATTACH PARTITION %I.%I;', inhparent::pg_catalog.regclass, nspname, relname) AS ddl
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1) JOIN pg_catalog.pg_inherits ON inhrelid = c.oid WHERE relispartition AND relkind IN ('i', 'I') ORDER BY relkind = 'I' DESC, c.oid`,
  ],
  [
    'REPLICA IDENTITY',
    `SELECT format('ALTER TABLE ONLY %s REPLICA IDENTITY USING INDEX %I;', indrelid::pg_catalog.regclass, c.relname) AS ddl FROM pg_catalog.pg_index JOIN pg_catalog.pg_class c ON c.oid = indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = ANY ($1) JOIN pg_catalog.pg_class t ON t.oid = indrelid WHERE indisreplident AND t.relreplident = 'i'`,
  ],
  [
    'FK CONSTRAINT',
    `SELECT format('ALTER TABLE %s%s ADD CONSTRAINT %I %s;', CASE WHEN relkind = 'p' AND contype = 'f' THEN '' ELSE 'ONLY ' END, conrelid::pg_catalog.regclass, conname, pg_get_constraintdef(k.oid)) AS ddl
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = conrelid JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1)
WHERE contype = 'f' AND conparentid = 0 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e') ORDER BY relispartition, k.oid`,
  ],
  [
    'VIEW',
    `SELECT format(E'CREATE %s %I.%I%s AS\\n%s%s;\\nALTER TABLE %I.%I OWNER TO %I;', CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, nspname, relname, ' WITH (' || array_to_string(reloptions, ', ') || ')', rtrim(pg_get_viewdef(c.oid), ';'), CASE relkind WHEN 'm' THEN ' WITH NO DATA' END, nspname, relname, pg_get_userbyid(relowner)) AS ddl
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1) WHERE relkind IN ('v', 'm') AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e') ORDER BY c.oid`,
  ],
  [
    'INDEX',
    `SELECT pg_get_indexdef(i.indexrelid) || ';' AS ddl FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1) JOIN pg_catalog.pg_class t ON t.oid = indrelid WHERE t.relkind = 'm' ORDER BY i.indexrelid`,
  ],
  [
    'TRIGGER',
    `SELECT pg_get_triggerdef(t.oid) || ';' || CASE tgenabled WHEN 'O' THEN '' ELSE format(E'\\nALTER TABLE %s %s TRIGGER %I;', tgrelid::pg_catalog.regclass, CASE tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, tgname) END AS ddl
FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1) WHERE NOT tgisinternal AND tgparentid = 0 ORDER BY t.oid`,
  ],
  [
    'POLICY',
    `SELECT format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s;', polname, polrelid::pg_catalog.regclass, CASE WHEN polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END, CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END, ', ') FROM unnest(polroles) r), ' USING (' || pg_get_expr(polqual, polrelid) || ')', ' WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')') AS ddl
FROM pg_catalog.pg_policy JOIN pg_catalog.pg_class c ON c.oid = polrelid JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1)`,
  ],
  [
    'COMMENT',
    `SELECT format('COMMENT ON %s %s IS %L;', CASE WHEN o.type LIKE '% column' THEN 'COLUMN' WHEN o.type LIKE '% constraint' THEN 'CONSTRAINT' WHEN o.type = 'composite type' THEN 'TYPE' ELSE upper(o.type) END,
  CASE WHEN o.type = 'domain constraint' THEN (SELECT format('%I ON DOMAIN %s', conname, contypid::pg_catalog.regtype) FROM pg_catalog.pg_constraint WHERE oid = objoid) ELSE o.identity END, description) AS ddl
FROM pg_catalog.pg_description d CROSS JOIN LATERAL pg_catalog.pg_identify_object(classoid, objoid, objsubid) o
WHERE EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE nspname = ANY ($1) AND (
    (classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND n.oid = objoid AND nspname <> 'public')
    OR (classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND n.oid = (SELECT relnamespace FROM pg_catalog.pg_class WHERE oid = objoid))
    OR (classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND n.oid = (SELECT pronamespace FROM pg_catalog.pg_proc WHERE oid = objoid))
    OR (classoid = 'pg_catalog.pg_type'::pg_catalog.regclass AND n.oid = (SELECT typnamespace FROM pg_catalog.pg_type WHERE oid = objoid))
    OR (classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND n.oid = (SELECT connamespace FROM pg_catalog.pg_constraint WHERE oid = objoid))
    OR (classoid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND n.oid = (SELECT relnamespace FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = tgrelid WHERE t.oid = objoid))
    OR (classoid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND n.oid = (SELECT relnamespace FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = polrelid WHERE p.oid = objoid))))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = classoid AND e.objid = objoid AND e.deptype = 'e')`,
  ],
  [
    'ACL',
    `SELECT string_agg(line, E'\\n') AS ddl FROM (
  SELECT format('REVOKE ALL ON TABLE %s FROM %s;', c.oid::pg_catalog.regclass::text, CASE g WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g)) END) AS line, c.oid::pg_catalog.regclass::text AS object, 0 AS step
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1) CROSS JOIN LATERAL (SELECT DISTINCT grantee AS g FROM pg_catalog.aclexplode(pg_catalog.acldefault('r', relowner))) d WHERE relacl IS NOT NULL AND relkind IN ('r', 'p', 'v', 'm') AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e')
  UNION ALL SELECT format('GRANT %s ON TABLE %s TO %s%s;', privilege_type, c.oid::pg_catalog.regclass::text, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END), c.oid::pg_catalog.regclass::text, 1
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1) CROSS JOIN LATERAL pg_catalog.aclexplode(relacl) WHERE relkind IN ('r', 'p', 'v', 'm') AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e')
) lines GROUP BY object, step ORDER BY object, step`,
  ],
  [
    'ACL',
    `SELECT string_agg(line, E'\\n') AS ddl FROM (
  SELECT format('REVOKE ALL ON SEQUENCE %s FROM %s;', c.oid::pg_catalog.regclass::text, CASE g WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g)) END) AS line, c.oid::pg_catalog.regclass::text AS object, 0 AS step
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1) CROSS JOIN LATERAL (SELECT DISTINCT grantee AS g FROM pg_catalog.aclexplode(pg_catalog.acldefault('s', relowner))) d WHERE relacl IS NOT NULL AND relkind IN ('S') AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e')
  UNION ALL SELECT format('GRANT %s ON SEQUENCE %s TO %s%s;', privilege_type, c.oid::pg_catalog.regclass::text, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END), c.oid::pg_catalog.regclass::text, 1
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1) CROSS JOIN LATERAL pg_catalog.aclexplode(relacl) WHERE relkind IN ('S') AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e')
) lines GROUP BY object, step ORDER BY object, step`,
  ],
  [
    'ACL',
    `SELECT string_agg(line, E'\\n') AS ddl FROM (
  SELECT format('REVOKE ALL ON SCHEMA %s FROM %s;', quote_ident(nspname), CASE g WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g)) END) AS line, quote_ident(nspname) AS object, 0 AS step
  FROM pg_catalog.pg_namespace n CROSS JOIN LATERAL (SELECT DISTINCT grantee AS g FROM pg_catalog.aclexplode(pg_catalog.acldefault('n', nspowner))) d WHERE nspacl IS NOT NULL AND nspname = ANY ($1) AND nspname <> 'public'
  UNION ALL SELECT format('GRANT %s ON SCHEMA %s TO %s%s;', privilege_type, quote_ident(nspname), CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END), quote_ident(nspname), 1
  FROM pg_catalog.pg_namespace n CROSS JOIN LATERAL pg_catalog.aclexplode(nspacl) WHERE nspname = ANY ($1) AND nspname <> 'public'
) lines GROUP BY object, step ORDER BY object, step`,
  ],
  [
    'ACL',
    `SELECT string_agg(line, E'\\n') AS ddl FROM (
  SELECT format('REVOKE ALL ON ROUTINE %s FROM %s;', p.oid::pg_catalog.regprocedure::text, CASE g WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g)) END) AS line, p.oid::pg_catalog.regprocedure::text AS object, 0 AS step
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = pronamespace AND n.nspname = ANY ($1) CROSS JOIN LATERAL (SELECT DISTINCT grantee AS g FROM pg_catalog.aclexplode(pg_catalog.acldefault('f', proowner))) d WHERE proacl IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND e.objid = p.oid AND e.deptype = 'e')
  UNION ALL SELECT format('GRANT %s ON ROUTINE %s TO %s%s;', privilege_type, p.oid::pg_catalog.regprocedure::text, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END), p.oid::pg_catalog.regprocedure::text, 1
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = pronamespace AND n.nspname = ANY ($1) CROSS JOIN LATERAL pg_catalog.aclexplode(proacl) WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND e.objid = p.oid AND e.deptype = 'e')
) lines GROUP BY object, step ORDER BY object, step`,
  ],
  [
    'ACL',
    `SELECT string_agg(line, E'\\n') AS ddl FROM (
  SELECT format('REVOKE ALL ON TYPE %s FROM %s;', t.oid::pg_catalog.regtype::text, CASE g WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g)) END) AS line, t.oid::pg_catalog.regtype::text AS object, 0 AS step
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = typnamespace AND n.nspname = ANY ($1) CROSS JOIN LATERAL (SELECT DISTINCT grantee AS g FROM pg_catalog.aclexplode(pg_catalog.acldefault('T', typowner))) d WHERE typacl IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND e.objid = t.oid AND e.deptype = 'e')
  UNION ALL SELECT format('GRANT %s ON TYPE %s TO %s%s;', privilege_type, t.oid::pg_catalog.regtype::text, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END), t.oid::pg_catalog.regtype::text, 1
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = typnamespace AND n.nspname = ANY ($1) CROSS JOIN LATERAL pg_catalog.aclexplode(typacl) WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND e.objid = t.oid AND e.deptype = 'e')
) lines GROUP BY object, step ORDER BY object, step`,
  ],
  [
    'ACL',
    `SELECT format('GRANT %s (%I) ON TABLE %s TO %s%s;', privilege_type, attname, c.oid::pg_catalog.regclass, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END) AS ddl
FROM pg_catalog.pg_attribute JOIN pg_catalog.pg_class c ON c.oid = attrelid JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1) CROSS JOIN LATERAL pg_catalog.aclexplode(attacl)`,
  ],
  [
    'DEFAULT ACL',
    `SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT %s ON %s TO %s%s;', pg_get_userbyid(defaclrole), nspname, privilege_type, CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' ELSE 'TYPES' END, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END) AS ddl
FROM pg_catalog.pg_default_acl JOIN pg_catalog.pg_namespace n ON n.oid = defaclnamespace AND n.nspname = ANY ($1) CROSS JOIN LATERAL pg_catalog.aclexplode(defaclacl)`,
  ],
];

/** Asks for what the queries above do not derive. */
export const UNSUPPORTED = `SELECT format('aggregate %s', p.oid::pg_catalog.regprocedure) AS found FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = pronamespace AND n.nspname = ANY ($1) WHERE prokind = 'a' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND e.objid = p.oid AND e.deptype = 'e')
UNION ALL SELECT format('foreign table %s', c.oid::pg_catalog.regclass) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1) WHERE relkind = 'f' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e')
UNION ALL SELECT format('inheritance of %s', c.oid::pg_catalog.regclass) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1) JOIN pg_catalog.pg_inherits ON inhrelid = c.oid WHERE relkind IN ('r', 'f') AND NOT relispartition
UNION ALL SELECT format('typed table %s', c.oid::pg_catalog.regclass) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1) WHERE reloftype <> 0
UNION ALL SELECT format('storage of column %s.%I', c.oid::pg_catalog.regclass, attname) FROM pg_catalog.pg_attribute JOIN pg_catalog.pg_class c ON c.oid = attrelid JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1) JOIN pg_catalog.pg_type t ON t.oid = atttypid WHERE relkind IN ('r', 'p', 'm') AND attnum > 0 AND NOT attisdropped AND (attstorage <> typstorage OR attcompression <> '' OR attoptions IS NOT NULL)
UNION ALL SELECT format('rule %I on %s', rulename, c.oid::pg_catalog.regclass) FROM pg_catalog.pg_rewrite JOIN pg_catalog.pg_class c ON c.oid = ev_class JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace AND n.nspname = ANY ($1) WHERE rulename <> '_RETURN'
UNION ALL SELECT format('type %s', t.oid::pg_catalog.regtype) FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = typnamespace AND n.nspname = ANY ($1) WHERE (typtype IN ('r', 'm') OR (typtype = 'b' AND typelem = 0) OR NOT typisdefined) AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND e.objid = t.oid AND e.deptype = 'e')
UNION ALL SELECT format('collation %s', l.oid::pg_catalog.regcollation) FROM pg_catalog.pg_collation l JOIN pg_catalog.pg_namespace n ON n.oid = collnamespace AND n.nspname = ANY ($1) WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_collation'::pg_catalog.regclass AND e.objid = l.oid AND e.deptype = 'e')
UNION ALL SELECT format('operator %s', o.oid::pg_catalog.regoperator) FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = oprnamespace AND n.nspname = ANY ($1) WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_operator'::pg_catalog.regclass AND e.objid = o.oid AND e.deptype = 'e')
UNION ALL SELECT format('operator class %I', opcname) FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_namespace n ON n.oid = opcnamespace AND n.nspname = ANY ($1) WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_opclass'::pg_catalog.regclass AND e.objid = o.oid AND e.deptype = 'e')
UNION ALL SELECT format('conversion %I', conname) FROM pg_catalog.pg_conversion o JOIN pg_catalog.pg_namespace n ON n.oid = connamespace AND n.nspname = ANY ($1) WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_conversion'::pg_catalog.regclass AND e.objid = o.oid AND e.deptype = 'e')
UNION ALL SELECT format('statistics %I', stxname) FROM pg_catalog.pg_statistic_ext o JOIN pg_catalog.pg_namespace n ON n.oid = stxnamespace AND n.nspname = ANY ($1)
UNION ALL SELECT format('text search configuration %I', cfgname) FROM pg_catalog.pg_ts_config o JOIN pg_catalog.pg_namespace n ON n.oid = cfgnamespace AND n.nspname = ANY ($1) WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_ts_config'::pg_catalog.regclass AND e.objid = o.oid AND e.deptype = 'e')
UNION ALL SELECT format('text search dictionary %I', dictname) FROM pg_catalog.pg_ts_dict o JOIN pg_catalog.pg_namespace n ON n.oid = dictnamespace AND n.nspname = ANY ($1) WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_ts_dict'::pg_catalog.regclass AND e.objid = o.oid AND e.deptype = 'e')
UNION ALL SELECT format('statistics target of column %s.%I', c.oid::pg_catalog.regclass, attname) FROM pg_catalog.pg_attribute JOIN pg_catalog.pg_class c ON c.oid = attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = ANY ($1) WHERE attnum > 0 AND NOT attisdropped AND coalesce(attstattarget, -1) >= 0
UNION ALL SELECT format('clustering of %s', t.oid::pg_catalog.regclass) FROM pg_catalog.pg_index JOIN pg_catalog.pg_class t ON t.oid = indrelid JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace AND n.nspname = ANY ($1) WHERE indisclustered
UNION ALL SELECT format('toast options of %s', c.oid::pg_catalog.regclass) FROM pg_catalog.pg_class t JOIN pg_catalog.pg_class c ON c.reltoastrelid = t.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = ANY ($1) WHERE t.reloptions IS NOT NULL
UNION ALL SELECT format('default of view column %s.%I', c.oid::pg_catalog.regclass, attname) FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_class c ON c.oid = adrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = ANY ($1) JOIN pg_catalog.pg_attribute a ON attrelid = adrelid AND attnum = adnum WHERE relkind = 'v'
UNION ALL SELECT format('state of trigger %I on partition %s', t.tgname, c.oid::pg_catalog.regclass) FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_trigger p ON p.oid = t.tgparentid JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = ANY ($1) WHERE NOT t.tgisinternal AND t.tgenabled <> p.tgenabled`;
