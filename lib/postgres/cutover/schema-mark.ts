import { type Statement, sql } from '../statement';

/** What is only a session's, as tables that applications make for a moment. */
const TEMPORARY = `SELECT t.oid FROM pg_catalog.pg_class t WHERE t.relpersistence = 't'`;
const TEMPORARY_SCHEMAS = `SELECT t.oid FROM pg_catalog.pg_namespace t WHERE t.nspname ~ '^pg_(toast_)?temp_'`;

/** Every catalog that a description of a schema is made of, and which of its rows `r`. */
const CATALOGS: Readonly<Record<string, string>> = {
  pg_class: `r.relpersistence <> 't'`,
  pg_attribute: `r.attrelid NOT IN (${TEMPORARY})`,
  pg_attrdef: `r.adrelid NOT IN (${TEMPORARY})`,
  pg_index: `r.indrelid NOT IN (${TEMPORARY})`,
  pg_constraint: `r.conrelid NOT IN (${TEMPORARY})`,
  pg_inherits: `r.inhrelid NOT IN (${TEMPORARY})`,
  pg_partitioned_table: `r.partrelid NOT IN (${TEMPORARY})`,
  pg_policy: `r.polrelid NOT IN (${TEMPORARY})`,
  pg_rewrite: `r.ev_class NOT IN (${TEMPORARY})`,
  pg_sequence: `r.seqrelid NOT IN (${TEMPORARY})`,
  pg_type: `r.typnamespace NOT IN (${TEMPORARY_SCHEMAS})`,
  pg_namespace: `r.oid NOT IN (${TEMPORARY_SCHEMAS})`,
  // Which index or constraint needs which column is said by rows that are written with it.
  pg_depend: `r.deptype = 'e'`,
  pg_enum: 'true',
  pg_range: 'true',
  pg_proc: 'true',
  pg_operator: 'true',
  pg_opclass: 'true',
  pg_opfamily: 'true',
  pg_am: 'true',
  pg_collation: 'true',
  pg_language: 'true',
  pg_ts_config: 'true',
  pg_ts_dict: 'true',
  pg_extension: 'true',
};

/**
 * What tells whether the database's schema may have changed: as long as the mark is the same, it is described alike. Any
 * row that is written to a catalog is another one, at another place or by another transaction; what VACUUM and ANALYZE
 * note is written over the old one.
 */
export function schemaMark(): Statement {
  const marks = Object.entries(CATALOGS).map(
    ([catalog, which]) =>
      `(SELECT pg_catalog.concat(pg_catalog.count(*), ':', pg_catalog.sum(pg_catalog.hashtidextended(r.ctid, r.xmin::pg_catalog.text::bigint))) FROM pg_catalog.${catalog} r WHERE ${which})`,
  );
  return sql(`SELECT pg_catalog.concat_ws(' ', ${marks.join(', ')}) AS mark`);
}
