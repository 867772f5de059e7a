import { type Definition, inSchemas, notOfExtension } from './definition';

/** Schemas, types and sequences, before the tables that use them. */
export const TYPES: readonly Definition[] = [
  [
    'SCHEMA',
    `SELECT format(E'CREATE SCHEMA %I;\\nALTER SCHEMA %I OWNER TO %I;', nspname, nspname, pg_get_userbyid(nspowner)) AS ddl FROM pg_catalog.pg_namespace WHERE nspname = ANY ($1) AND nspname <> 'public'`,
  ],
  [
    'TYPE',
    `SELECT format(E'CREATE TYPE %I.%I AS ENUM (%s);\\nALTER TYPE %I.%I OWNER TO %I;', nspname, typname, (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_catalog.pg_enum WHERE enumtypid = t.oid), nspname, typname, pg_get_userbyid(typowner)) AS ddl
FROM pg_catalog.pg_type t ${inSchemas('typnamespace')} WHERE typtype = 'e' AND ${notOfExtension('pg_type', 't.oid')}`,
  ],
  [
    'SEQUENCE',
    `SELECT format(E'CREATE %sSEQUENCE %I.%I AS %s START %s INCREMENT %s MINVALUE %s MAXVALUE %s CACHE %s %s;\\nALTER SEQUENCE %I.%I OWNER TO %I;', CASE relpersistence WHEN 'u' THEN 'UNLOGGED ' END, nspname, relname, format_type(seqtypid, NULL), seqstart, seqincrement, seqmin, seqmax, seqcache, CASE WHEN seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END, nspname, relname, pg_get_userbyid(relowner)) AS ddl
FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = seqrelid ${inSchemas('relnamespace')}
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype IN ('i', 'e'))`,
  ],
  [
    'TYPE',
    `SELECT CASE typtype WHEN 'd' THEN format(E'CREATE DOMAIN %I.%I AS %s%s%s%s%s;\\nALTER DOMAIN %I.%I OWNER TO %I;', nspname, typname, format_type(typbasetype, typtypmod), ' COLLATE ' || nullif(typcollation, (SELECT b.typcollation FROM pg_catalog.pg_type b WHERE b.oid = t.typbasetype))::pg_catalog.regcollation::text, ' DEFAULT ' || typdefault, CASE WHEN typnotnull THEN ' NOT NULL' END,
  (SELECT string_agg(format(' CONSTRAINT %I %s', conname, pg_get_constraintdef(k.oid)), '' ORDER BY conname) FROM pg_catalog.pg_constraint k WHERE contypid = t.oid AND contype = 'c'), nspname, typname, pg_get_userbyid(typowner))
  ELSE format(E'CREATE TYPE %I.%I AS (%s);\\nALTER TYPE %I.%I OWNER TO %I;', nspname, typname, (SELECT string_agg(format('%I %s%s', attname, format_type(atttypid, atttypmod), CASE WHEN attcollation <> a.typcollation THEN ' COLLATE ' || attcollation::pg_catalog.regcollation END), ', ' ORDER BY attnum) FROM pg_catalog.pg_attribute JOIN pg_catalog.pg_type a ON a.oid = atttypid WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped), nspname, typname, pg_get_userbyid(typowner)) END AS ddl
FROM pg_catalog.pg_type t ${inSchemas('typnamespace')} LEFT JOIN pg_catalog.pg_class c ON c.oid = typrelid
WHERE (typtype = 'd' OR (typtype = 'c' AND relkind = 'c')) AND ${notOfExtension('pg_type', 't.oid')} ORDER BY t.oid`,
  ],
];
