/** Asked of the source: what the target needs before the schema, as one statement for it. */
export const PLAN = `WITH RECURSIVE schemas AS (
  SELECT oid AS namespace, nspname, nspowner, nspacl FROM pg_catalog.pg_namespace
  WHERE nspname = ANY (ARRAY(SELECT pg_catalog.convert_from(pg_catalog.decode(encoded, 'base64'), 'UTF8')
    FROM pg_catalog.unnest(pg_catalog.string_to_array(:'schemas', ' ')) encoded))
), objects (namespace, owner, acl) AS (
  SELECT namespace, nspowner, nspacl FROM schemas
  UNION ALL SELECT relnamespace, relowner, relacl FROM pg_catalog.pg_class
  UNION ALL SELECT relnamespace, relowner, attacl FROM pg_catalog.pg_attribute JOIN pg_catalog.pg_class c ON c.oid = attrelid
  UNION ALL SELECT pronamespace, proowner, proacl FROM pg_catalog.pg_proc
  UNION ALL SELECT typnamespace, typowner, typacl FROM pg_catalog.pg_type
  UNION ALL SELECT oprnamespace, oprowner, NULL FROM pg_catalog.pg_operator
  UNION ALL SELECT opcnamespace, opcowner, NULL FROM pg_catalog.pg_opclass
  UNION ALL SELECT opfnamespace, opfowner, NULL FROM pg_catalog.pg_opfamily
  UNION ALL SELECT collnamespace, collowner, NULL FROM pg_catalog.pg_collation
  UNION ALL SELECT connamespace, conowner, NULL FROM pg_catalog.pg_conversion
  UNION ALL SELECT stxnamespace, stxowner, NULL FROM pg_catalog.pg_statistic_ext
  UNION ALL SELECT cfgnamespace, cfgowner, NULL FROM pg_catalog.pg_ts_config
  UNION ALL SELECT dictnamespace, dictowner, NULL FROM pg_catalog.pg_ts_dict
  UNION ALL SELECT defaclnamespace, defaclrole, defaclacl FROM pg_catalog.pg_default_acl
), selected AS (
  SELECT objects.* FROM objects JOIN schemas USING (namespace)
), named (id) AS (
  SELECT owner FROM selected
  UNION SELECT (pg_catalog.aclexplode(acl)).grantee FROM selected
  UNION SELECT pg_catalog.unnest(polroles) FROM pg_catalog.pg_policy JOIN pg_catalog.pg_class c ON c.oid = polrelid JOIN schemas ON namespace = relnamespace
  UNION SELECT member FROM pg_catalog.pg_auth_members JOIN named ON id = roleid
), roles AS (
  SELECT * FROM pg_catalog.pg_roles JOIN named ON id = oid WHERE rolname !~ '^(pg_|rds_|rds(admin|repladmin|topmgr|proxyadmin|writeforwarduser)$)'
), plan AS (
  SELECT pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
    'roles', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'name', rolname,
      'attributes', pg_catalog.concat_ws(' ',
        CASE WHEN rolcanlogin AND NOT rolsuper THEN 'LOGIN' ELSE 'NOLOGIN' END,
        CASE WHEN rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END,
        CASE WHEN rolcreatedb AND NOT rolsuper THEN 'CREATEDB' END,
        CASE WHEN rolcreaterole AND NOT rolsuper THEN 'CREATEROLE' END,
        'CONNECTION LIMIT ' || rolconnlimit),
      'owns', oid IN (SELECT owner FROM selected)) ORDER BY rolname) FROM roles),
    'memberships', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('role', r.rolname, 'member', m.rolname, 'admin', a.admin_option))
      FROM (SELECT roleid, member, pg_catalog.bool_or(admin_option) AS admin_option FROM pg_catalog.pg_auth_members GROUP BY 1, 2) a
      JOIN roles r ON r.oid = a.roleid JOIN roles m ON m.oid = a.member),
    'extensions', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', extname, 'schema', nspname) ORDER BY e.oid)
      FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = extnamespace WHERE extname <> 'plpgsql'),
    'creators', (SELECT pg_catalog.jsonb_agg(DISTINCT pg_catalog.jsonb_build_object('schema', nspname, 'role', rolname,
      'stays', EXISTS (SELECT FROM pg_catalog.aclexplode(nspacl) WHERE grantee = owner AND privilege_type = 'CREATE')))
      FROM schemas JOIN selected USING (namespace) JOIN roles ON roles.oid = owner WHERE owner <> nspowner),
    'schemas', (SELECT pg_catalog.jsonb_agg(nspname) FROM schemas),
    'relations', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('schema', nspname, 'name', relname))
      FROM schemas JOIN pg_catalog.pg_class c ON relnamespace = namespace WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype IN ('e', 'i')))
  )) AS plan
)
SELECT pg_catalog.format('SELECT pg_catalog.set_config(%L, %L, true);', 'pontoon.plan', plan) FROM plan;`;

/** Makes roles, memberships, extensions and schemas on the target, and lets owners own. */
export const PREPARE = `DO $do$
DECLARE
  plan jsonb := pg_catalog.current_setting('pontoon.plan')::jsonb;
  item jsonb;
  granular boolean := EXISTS (SELECT FROM pg_catalog.pg_attribute
    WHERE attrelid = 'pg_catalog.pg_auth_members'::pg_catalog.regclass AND attname = 'set_option');
BEGIN
  FOR item IN SELECT pg_catalog.jsonb_array_elements(pg_catalog.jsonb_path_query_array(plan, '$.roles[*]')) LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = item->>'name') THEN
      EXECUTE pg_catalog.format('CREATE ROLE %I %s', item->>'name', item->>'attributes');
    END IF;
    -- Only who could become the owner may give something to it.
    IF (item->>'owns')::boolean AND NOT (
      pg_catalog.pg_has_role(item->>'name', 'USAGE')
      AND pg_catalog.pg_has_role(item->>'name', CASE WHEN granular THEN 'SET' ELSE 'MEMBER' END)
    ) THEN
      EXECUTE pg_catalog.format('GRANT %I TO CURRENT_USER%s', item->>'name',
        CASE WHEN granular THEN ' WITH INHERIT TRUE, SET TRUE' END);
    END IF;
  END LOOP;
  FOR item IN SELECT pg_catalog.jsonb_array_elements(pg_catalog.jsonb_path_query_array(plan, '$.memberships[*]')) LOOP
    IF NOT pg_catalog.pg_has_role(item->>'member', item->>'role', 'MEMBER') THEN
      EXECUTE pg_catalog.format('GRANT %I TO %I%s', item->>'role', item->>'member',
        CASE WHEN (item->>'admin')::boolean THEN ' WITH ADMIN OPTION' END);
    END IF;
  END LOOP;
  FOR item IN SELECT pg_catalog.jsonb_array_elements(pg_catalog.jsonb_path_query_array(plan, '$.extensions[*]')) LOOP
    IF pg_catalog.to_regnamespace(pg_catalog.quote_ident(item->>'schema')) IS NULL THEN
      EXECUTE pg_catalog.format('CREATE SCHEMA %I', item->>'schema');
    END IF;
    EXECUTE pg_catalog.format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA %I', item->>'name', item->>'schema');
  END LOOP;
  FOR item IN SELECT pg_catalog.jsonb_array_elements(pg_catalog.jsonb_path_query_array(plan, '$.schemas[*]')) LOOP
    IF pg_catalog.to_regnamespace(pg_catalog.quote_ident(item #>> '{}')) IS NULL THEN
      EXECUTE pg_catalog.format('CREATE SCHEMA %I', item #>> '{}');
    END IF;
  END LOOP;
  -- An owner needs the right to create, which pg_dump gives back only at its end, if at all.
  FOR item IN SELECT pg_catalog.jsonb_array_elements(pg_catalog.jsonb_path_query_array(plan, '$.creators[*]')) LOOP
    EXECUTE pg_catalog.format('GRANT CREATE ON SCHEMA %I TO %I', item->>'schema', item->>'role');
  END LOOP;
END
$do$;`;

/** Takes back what was only lent, checks that everything arrived, and remembers the copy in the same transaction. */
export const FINISH = `DO $do$
DECLARE
  item jsonb;
  missing text[];
BEGIN
  missing := ARRAY(SELECT pg_catalog.format('%I.%I', r->>'schema', r->>'name')
    FROM pg_catalog.jsonb_path_query(pg_catalog.current_setting('pontoon.plan')::jsonb, '$.relations[*]') r
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = r->>'schema' AND c.relname = r->>'name') ORDER BY 1);
  IF missing <> '{}' THEN
    RAISE EXCEPTION 'the target must get every table, view and sequence of the source, got % less, among them %',
      pg_catalog.cardinality(missing), pg_catalog.array_to_string(missing[1:5], ', ')
      USING HINT = 'Nothing was copied. Change no schema while it is copied, disable what drops tables on the target, and deploy again.';
  END IF;
  FOR item IN SELECT pg_catalog.jsonb_array_elements(pg_catalog.jsonb_path_query_array(
    pg_catalog.current_setting('pontoon.plan')::jsonb, '$.creators[*] ? (@.stays == false)')) LOOP
    EXECUTE pg_catalog.format('REVOKE CREATE ON SCHEMA %I FROM %I', item->>'schema', item->>'role');
  END LOOP;
END
$do$;
INSERT INTO pontoon.objects (server, kind, name, owner, adopted, spec, secret_versions, before)
SELECT entry->>'server', entry->>'kind', entry->>'name', entry->>'owner', false, entry->'spec', '{}', '{}'
FROM (SELECT pg_catalog.convert_from(pg_catalog.decode(:'entry', 'base64'), 'UTF8')::pg_catalog.jsonb) AS e (entry)
ON CONFLICT (server, kind, name) DO UPDATE SET spec = EXCLUDED.spec, applied_at = pg_catalog.now();`;

/** Gives what was copied the names that it has on the target, where what depends on it follows. An empty public makes way. */
export const RENAME = `SELECT pg_catalog.set_config('pontoon.transformations', pg_catalog.convert_from(pg_catalog.decode(:'transformations', 'base64'), 'UTF8'), true);
DO $do$
DECLARE
  renaming text;
BEGIN
FOR renaming IN WITH changes AS (
  SELECT * FROM pg_catalog.jsonb_to_recordset(pg_catalog.current_setting('pontoon.transformations')::pg_catalog.jsonb)
    AS t (target text, action text, schema text, "table" text, "column" text, value text, "oldValue" text)
  WHERE pg_catalog.jsonb_exists(pg_catalog.current_setting('pontoon.plan')::pg_catalog.jsonb->'schemas', schema)
), tables AS (
  SELECT c.oid AS id, nspname, relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
  WHERE relkind IN ('r', 'p')
), named AS (
  SELECT 1 AS place, changes AS change, nspname, relname, attname AS name FROM changes JOIN tables ON nspname = schema AND relname = COALESCE("table", relname)
    JOIN pg_catalog.pg_attribute ON attrelid = id AND attnum > 0 AND NOT attisdropped AND attinhcount = 0 AND attname = COALESCE("column", attname)
    WHERE target = 'column'
  UNION ALL SELECT 2, changes, nspname, relname, relname FROM changes JOIN tables ON nspname = schema AND relname = COALESCE("table", relname)
    WHERE target = 'table'
  UNION ALL SELECT 3, changes, schema, NULL, schema FROM changes WHERE target = 'schema'
), ends AS (
  SELECT named.*, (change).action, CASE WHEN (change).action LIKE 'replace-%' THEN (change)."oldValue" ELSE (change).value END AS gone,
    CASE WHEN (change).action LIKE 'remove-%' THEN '' ELSE (change).value END AS added FROM named
), renamed AS (
  SELECT ends.*, CASE
    WHEN action = 'rename' THEN added
    WHEN action = 'convert-lowercase' THEN pg_catalog.lower(name)
    WHEN action = 'convert-uppercase' THEN pg_catalog.upper(name)
    WHEN action = 'add-prefix' THEN added || name
    WHEN action = 'add-suffix' THEN name || added
    WHEN action LIKE '%-prefix' AND pg_catalog.starts_with(name, gone) THEN added || pg_catalog.substr(name, pg_catalog.length(gone) + 1)
    WHEN action LIKE '%-suffix' AND pg_catalog."right"(name, pg_catalog.length(gone)) = gone
      THEN pg_catalog."left"(name, pg_catalog.length(name) - pg_catalog.length(gone)) || added
    ELSE name END AS called FROM ends
)
SELECT CASE
  WHEN action = 'remove-column' THEN pg_catalog.format('ALTER TABLE %I.%I DROP COLUMN %I', nspname, relname, name)
  WHEN place = 1 THEN pg_catalog.format('ALTER TABLE %I.%I RENAME COLUMN %I TO %I', nspname, relname, name, called)
  WHEN place = 2 THEN pg_catalog.format('ALTER TABLE %I.%I RENAME TO %I', nspname, relname, called)
  WHEN called = 'public' AND EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE nspname = 'public' AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend WHERE refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND refobjid = n.oid))
    THEN pg_catalog.format('DROP SCHEMA public; ALTER SCHEMA %I RENAME TO public', name)
  ELSE pg_catalog.format('ALTER SCHEMA %I RENAME TO %I', name, called) END
FROM renamed WHERE action = 'remove-column' OR called <> name ORDER BY place, nspname, relname, name
LOOP
  EXECUTE renaming;
END LOOP;
END
$do$;`;
