import { inSchemas, notOfExtension } from './definition';

/** Catalogs none of whose objects is derived, with what those are called and how the columns' names begin. */
const NEVER_DERIVED = [
  ['collation', 'pg_collation', 'coll'],
  ['operator class', 'pg_opclass', 'opc'],
  ['operator family', 'pg_opfamily', 'opf'],
  ['conversion', 'pg_conversion', 'con'],
  ['statistics', 'pg_statistic_ext', 'stx'],
  ['text search configuration', 'pg_ts_config', 'cfg'],
  ['text search dictionary', 'pg_ts_dict', 'dict'],
  ['text search parser', 'pg_ts_parser', 'prs'],
  ['text search template', 'pg_ts_template', 'tmpl'],
] as const;

const QUERIES = [
  ...NEVER_DERIVED.map(
    ([what, catalog, prefix]) =>
      `SELECT format('${what} %I.%I', nspname, ${prefix}name) AS found FROM pg_catalog.${catalog} o ${inSchemas(`${prefix}namespace`)} WHERE ${notOfExtension(catalog, 'o.oid')}`,
  ),
  `SELECT format('aggregate %s', p.oid::pg_catalog.regprocedure) AS found FROM pg_catalog.pg_proc p ${inSchemas('pronamespace')} WHERE prokind = 'a' AND ${notOfExtension('pg_proc', 'p.oid')}`,
  `SELECT format('foreign table %s', c.oid::pg_catalog.regclass) AS found FROM pg_catalog.pg_class c ${inSchemas('relnamespace')} WHERE relkind = 'f' AND ${notOfExtension('pg_class', 'c.oid')}`,
  `SELECT format('inheritance of %s', c.oid::pg_catalog.regclass) AS found FROM pg_catalog.pg_class c ${inSchemas('relnamespace')} JOIN pg_catalog.pg_inherits ON inhrelid = c.oid WHERE relkind IN ('r', 'f') AND NOT relispartition`,
  `SELECT format('typed table %s', c.oid::pg_catalog.regclass) AS found FROM pg_catalog.pg_class c ${inSchemas('relnamespace')} WHERE reloftype <> 0`,
  // Newer minors number the versions of each column by themselves.
  `SELECT format('storage of column %s.%I', c.oid::pg_catalog.regclass, attname) AS found FROM pg_catalog.pg_attribute JOIN pg_catalog.pg_class c ON c.oid = attrelid ${inSchemas('relnamespace')} JOIN pg_catalog.pg_type t ON t.oid = atttypid WHERE relkind IN ('r', 'p', 'm') AND attnum > 0 AND NOT attisdropped AND (attstorage <> typstorage OR attcompression <> '' OR EXISTS (SELECT FROM pg_catalog.unnest(attoptions) o WHERE o NOT LIKE 'pg\\_attver=%'))`,
  `SELECT format('rule %I on %s', rulename, c.oid::pg_catalog.regclass) AS found FROM pg_catalog.pg_rewrite JOIN pg_catalog.pg_class c ON c.oid = ev_class ${inSchemas('relnamespace')} WHERE rulename <> '_RETURN'`,
  `SELECT format('type %s', t.oid::pg_catalog.regtype) AS found FROM pg_catalog.pg_type t ${inSchemas('typnamespace')} WHERE (typtype IN ('r', 'm') OR (typtype = 'b' AND typelem = 0) OR NOT typisdefined) AND ${notOfExtension('pg_type', 't.oid')}`,
  `SELECT format('operator %s', o.oid::pg_catalog.regoperator) AS found FROM pg_catalog.pg_operator o ${inSchemas('oprnamespace')} WHERE ${notOfExtension('pg_operator', 'o.oid')}`,
  `SELECT format('statistics target of column %s.%I', c.oid::pg_catalog.regclass, attname) AS found FROM pg_catalog.pg_attribute JOIN pg_catalog.pg_class c ON c.oid = attrelid ${inSchemas('c.relnamespace')} WHERE attnum > 0 AND NOT attisdropped AND coalesce(attstattarget, -1) >= 0`,
  `SELECT format('clustering of %s', t.oid::pg_catalog.regclass) AS found FROM pg_catalog.pg_index JOIN pg_catalog.pg_class t ON t.oid = indrelid ${inSchemas('t.relnamespace')} WHERE indisclustered`,
  `SELECT format('toast options of %s', c.oid::pg_catalog.regclass) AS found FROM pg_catalog.pg_class t JOIN pg_catalog.pg_class c ON c.reltoastrelid = t.oid ${inSchemas('c.relnamespace')} WHERE t.reloptions IS NOT NULL`,
  `SELECT format('default of view column %s.%I', c.oid::pg_catalog.regclass, attname) AS found FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_class c ON c.oid = adrelid ${inSchemas('c.relnamespace')} JOIN pg_catalog.pg_attribute a ON attrelid = adrelid AND attnum = adnum WHERE relkind = 'v'`,
  `SELECT format('state of trigger %I on partition %s', t.tgname, c.oid::pg_catalog.regclass) AS found FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_trigger p ON p.oid = t.tgparentid JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid ${inSchemas('c.relnamespace')} WHERE NOT t.tgisinternal AND t.tgenabled <> p.tgenabled`,
  `SELECT format('access method of %s', c.oid::pg_catalog.regclass) AS found FROM pg_catalog.pg_class c ${inSchemas('relnamespace')} JOIN pg_catalog.pg_am a ON a.oid = relam WHERE relkind IN ('r', 'p', 'm') AND amname <> 'heap'`,
  `SELECT format('unvalidated constraint %I of domain %s', conname, contypid::pg_catalog.regtype) AS found FROM pg_catalog.pg_constraint k ${inSchemas('connamespace')} WHERE contypid <> 0 AND NOT convalidated`,
  `SELECT format('not-null constraint %I of %s', conname, conrelid::pg_catalog.regclass) AS found FROM pg_catalog.pg_constraint k ${inSchemas('connamespace')} WHERE contype = 'n' AND conrelid <> 0 AND (NOT convalidated OR connoinherit)`,
  `SELECT format('detachment of partition %s', inhrelid::pg_catalog.regclass) AS found FROM pg_catalog.pg_inherits JOIN pg_catalog.pg_class c ON c.oid = inhrelid ${inSchemas('relnamespace')} WHERE inhdetachpending`,
  `SELECT format('dependency of %s on an extension', pg_catalog.pg_describe_object(d.classid, d.objid, 0)) AS found FROM pg_catalog.pg_depend d LEFT JOIN pg_catalog.pg_trigger t ON d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND t.oid = d.objid LEFT JOIN pg_catalog.pg_proc p ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = d.objid LEFT JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid OR (d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = d.objid) ${inSchemas('coalesce(relnamespace, pronamespace)')} WHERE d.deptype = 'x'`,
];

/** Asks for what is not derived: `found` names each object. */
export const UNSUPPORTED = `${QUERIES.join('\nUNION ALL ')}\nORDER BY found`;
