import { type Definition, inSchemas, notOfExtension } from './definition';

/** Tables with their columns, without what refers to other tables. */
export const TABLES: Definition = [
  'TABLE',
  `SELECT format(E'CREATE %sTABLE %I.%I (\\n  %s\\n)%s%s;\\nALTER TABLE %I.%I OWNER TO %I;%s%s%s', CASE relpersistence WHEN 'u' THEN 'UNLOGGED ' END, nspname, relname, (SELECT string_agg(format('%I %s%s%s%s', attname, format_type(atttypid, atttypmod),
    CASE WHEN attcollation <> typcollation THEN ' COLLATE ' || attcollation::pg_catalog.regcollation END,
    CASE WHEN attgenerated <> '' THEN format(' GENERATED ALWAYS AS (%s) %s', pg_get_expr(adbin, adrelid), CASE attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END)
      WHEN attidentity <> '' THEN (SELECT format(' GENERATED %s AS IDENTITY (SEQUENCE NAME %s START %s INCREMENT %s MINVALUE %s MAXVALUE %s CACHE %s %s)', CASE attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, seqrelid::pg_catalog.regclass, seqstart, seqincrement, seqmin, seqmax, seqcache, CASE WHEN seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END)
        FROM pg_catalog.pg_sequence JOIN pg_catalog.pg_depend i ON i.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.objid = seqrelid AND i.deptype = 'i' WHERE i.refobjid = c.oid AND i.refobjsubid = attnum)
      ELSE ' DEFAULT ' || pg_get_expr(adbin, adrelid) END,
    CASE WHEN attnotnull THEN coalesce((SELECT format(' CONSTRAINT %I', conname) FROM pg_catalog.pg_constraint WHERE conrelid = c.oid AND contype = 'n' AND conkey = ARRAY[attnum]), '') || ' NOT NULL' END), E',\\n  ' ORDER BY attnum)
  FROM pg_catalog.pg_attribute JOIN pg_catalog.pg_type ON pg_type.oid = atttypid LEFT JOIN pg_catalog.pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped),
  CASE relkind WHEN 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) END, ' WITH (' || array_to_string(reloptions, ', ') || ')', nspname, relname, pg_get_userbyid(relowner),
  CASE WHEN relrowsecurity THEN format(E'\\nALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY;', nspname, relname) END,
  CASE WHEN relforcerowsecurity THEN format(E'\\nALTER TABLE %I.%I FORCE ROW LEVEL SECURITY;', nspname, relname) END,
  CASE relreplident WHEN 'f' THEN format(E'\\nALTER TABLE %I.%I REPLICA IDENTITY FULL;', nspname, relname) WHEN 'n' THEN format(E'\\nALTER TABLE %I.%I REPLICA IDENTITY NOTHING;', nspname, relname) END) AS ddl
FROM pg_catalog.pg_class c ${inSchemas('relnamespace')} WHERE relkind IN ('r', 'p') AND ${notOfExtension('pg_class', 'c.oid')} ORDER BY c.oid`,
];

/** What ties tables to each other, and to their sequences and indexes. */
export const TABLE_PARTS: readonly Definition[] = [
  [
    'TABLE ATTACH',
    `SELECT format('ALTER TABLE ONLY %s ATTACH PARTITION %I.%I %s;', inhparent::pg_catalog.regclass, nspname, relname, pg_get_expr(relpartbound, c.oid)) AS ddl
FROM pg_catalog.pg_class c ${inSchemas('relnamespace')} JOIN pg_catalog.pg_inherits ON inhrelid = c.oid WHERE relispartition AND relkind IN ('r', 'p') ORDER BY c.oid`,
  ],
  [
    'SEQUENCE OWNED BY',
    `SELECT format('ALTER SEQUENCE %I.%I OWNED BY %s.%I;', nspname, relname, refobjid::pg_catalog.regclass, attname) AS ddl
FROM pg_catalog.pg_class c ${inSchemas('relnamespace')} JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'a' AND d.refobjsubid > 0 JOIN pg_catalog.pg_attribute ON attrelid = refobjid AND attnum = refobjsubid WHERE relkind = 'S'`,
  ],
  [
    'CONSTRAINT',
    `SELECT format('ALTER TABLE %s%s ADD CONSTRAINT %I %s;', CASE WHEN relkind = 'p' AND NOT connoinherit THEN '' ELSE 'ONLY ' END, conrelid::pg_catalog.regclass, conname, pg_get_constraintdef(k.oid)) AS ddl
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = conrelid ${inSchemas('relnamespace')}
WHERE contype = 'c' AND conislocal AND NOT (relispartition AND coninhcount > 0) AND relkind IN ('r', 'p') AND ${notOfExtension('pg_class', 'c.oid')} ORDER BY relispartition, k.oid`,
  ],
  [
    'CONSTRAINT',
    `SELECT format('ALTER TABLE ONLY %s ADD CONSTRAINT %I %s;', conrelid::pg_catalog.regclass, conname, pg_get_constraintdef(k.oid)) AS ddl
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = conrelid ${inSchemas('relnamespace')}
WHERE contype IN ('p', 'u', 'x') AND ${notOfExtension('pg_class', 'c.oid')} ORDER BY relispartition, k.oid`,
  ],
  [
    'INDEX',
    `SELECT pg_get_indexdef(i.indexrelid) || ';' AS ddl FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid ${inSchemas('relnamespace')} JOIN pg_catalog.pg_class t ON t.oid = indrelid
WHERE (t.relkind = 'p' OR t.relkind = 'r' AND indisvalid) AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u', 'x')) AND ${notOfExtension('pg_class', 'i.indexrelid')} ORDER BY i.indexrelid`,
  ],
  [
    'INDEX ATTACH',
    `SELECT format('ALTER INDEX %s ATTACH PARTITION %I.%I;', inhparent::pg_catalog.regclass, nspname, relname) AS ddl
FROM pg_catalog.pg_class c ${inSchemas('relnamespace')} JOIN pg_catalog.pg_inherits ON inhrelid = c.oid WHERE relispartition AND relkind IN ('i', 'I') ORDER BY relkind = 'I' DESC, c.oid`,
  ],
  [
    'REPLICA IDENTITY',
    `SELECT format('ALTER TABLE ONLY %s REPLICA IDENTITY USING INDEX %I;', indrelid::pg_catalog.regclass, c.relname) AS ddl FROM pg_catalog.pg_index JOIN pg_catalog.pg_class c ON c.oid = indexrelid ${inSchemas('c.relnamespace')} JOIN pg_catalog.pg_class t ON t.oid = indrelid WHERE indisreplident AND t.relreplident = 'i'`,
  ],
  [
    'FK CONSTRAINT',
    `SELECT format('ALTER TABLE %s%s ADD CONSTRAINT %I %s;', CASE relkind WHEN 'p' THEN '' ELSE 'ONLY ' END, conrelid::pg_catalog.regclass, conname, pg_get_constraintdef(k.oid)) AS ddl
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = conrelid ${inSchemas('relnamespace')}
WHERE contype = 'f' AND conparentid = 0 AND ${notOfExtension('pg_class', 'c.oid')} ORDER BY relispartition, k.oid`,
  ],
];
