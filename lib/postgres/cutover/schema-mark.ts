import { type Statement, sql } from '../statement';

/** What is only a session's, as tables that applications make for a moment. */
const TEMPORARY = `temporary AS MATERIALIZED (SELECT t.oid FROM pg_catalog.pg_class t WHERE t.relpersistence = 't')`;
const TEMPORARY_SCHEMAS = `SELECT t.oid FROM pg_catalog.pg_namespace t WHERE t.nspname ~ '^pg_(toast_)?temp_'`;

/** Every catalog that a description of a schema is made of, or of what carries its tables, and which of its rows `r`. */
const CATALOGS: Readonly<Record<string, string>> = {
  pg_class: `${own('oid')} AND r.relpersistence <> 't'`,
  pg_attribute: ofTable('attrelid'),
  pg_attrdef: ofTable('adrelid'),
  pg_index: ofTable('indrelid'),
  // Those of domains are of no table.
  pg_constraint: `${own('oid')} AND ${lasting('conrelid')}`,
  pg_inherits: ofTable('inhrelid'),
  pg_partitioned_table: ofTable('partrelid'),
  pg_policy: ofTable('polrelid'),
  pg_rewrite: ofTable('ev_class'),
  pg_sequence: ofTable('seqrelid'),
  pg_type: `${own('oid')} AND r.typnamespace NOT IN (${TEMPORARY_SCHEMAS})`,
  pg_namespace: `r.oid NOT IN (${TEMPORARY_SCHEMAS})`,
  // Which index or constraint needs which column is said by rows that are written with it.
  pg_depend: `r.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND r.deptype = 'e'`,
  pg_enum: own('oid'),
  pg_range: own('rngtypid'),
  pg_proc: own('oid'),
  pg_operator: own('oid'),
  pg_opclass: own('oid'),
  pg_opfamily: own('oid'),
  pg_collation: own('oid'),
  pg_am: 'true',
  pg_language: 'true',
  pg_ts_config: 'true',
  pg_ts_dict: 'true',
  pg_extension: 'true',
  pg_publication: 'true',
  pg_publication_rel: 'true',
  pg_subscription_rel: 'true',
};

/** Without the thousands of rows that every database has from the beginning, and that nobody changes. */
function own(oid: string): string {
  return `r.${oid} >= 16384`;
}

function lasting(table: string): string {
  return `r.${table} NOT IN (SELECT oid FROM temporary)`;
}

function ofTable(table: string): string {
  return `${own(table)} AND ${lasting(table)}`;
}

/** What is published as a whole, as XML, since servers before 15 have no such catalog. */
const PUBLISHED_SCHEMAS = `pg_catalog.query_to_xml(CASE WHEN pg_catalog.to_regclass('pg_catalog.pg_publication_namespace') IS NULL THEN 'SELECT 0' ELSE 'SELECT oid, pnpubid, pnnspid FROM pg_catalog.pg_publication_namespace ORDER BY oid' END, false, false, '')::text`;

/** Of subscriptions, which are kept for all databases, few columns may be read by everybody. */
const SUBSCRIBED = `(SELECT pg_catalog.string_agg(pg_catalog.concat(s.oid, s.subpublications), ' ' ORDER BY s.oid) FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE d.datname = pg_catalog.current_database())`;

/**
 * What tells whether the database's schema, or what PostgreSQL itself carries of it, may have changed: as long as the mark
 * is the same, it is described alike. Any row that is written to a catalog is another one, at another place or by another
 * transaction; what VACUUM and ANALYZE note is written over the old one.
 */
export function schemaMark(): Statement {
  const marks = Object.entries(CATALOGS).map(
    ([catalog, which]) =>
      `(SELECT pg_catalog.concat(pg_catalog.count(*), ':', pg_catalog.sum(pg_catalog.hashtidextended(r.ctid, r.xmin::pg_catalog.text::bigint))) FROM pg_catalog.${catalog} r WHERE ${which})`,
  );
  return sql(
    `WITH ${TEMPORARY} SELECT pg_catalog.concat_ws(' ', ${[...marks, PUBLISHED_SCHEMAS, SUBSCRIBED].join(', ')}) AS mark`,
  );
}
