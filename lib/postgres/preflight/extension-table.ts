/**
 * What is known of extensions on Amazon Aurora PostgreSQL. Offered: in the lists for 14 to 17. Impossible: they need a
 * superuser, the server's files, a language without a sandbox, or storage of their own. Others are unchecked, and
 * `SHOW rds.extensions` on the cluster has the last word.
 *
 * @see https://docs.aws.amazon.com/AmazonRDS/latest/AuroraPostgreSQLReleaseNotes/AuroraPostgreSQL.Extensions.html
 */
const OFFERED_BY_AURORA: ReadonlySet<string> = new Set(
  `address_standardizer address_standardizer_data_us amcheck apg_plan_mgmt aurora_stat_utils autoinc aws_commons
  aws_lambda aws_ml aws_s3 bloom bool_plperl btree_gin btree_gist citext cube dblink dict_int dict_xsyn earthdistance
  fuzzystrmatch hll hstore hstore_plperl hypopg insert_username intagg intarray ip4r isn jsonb_plperl lo log_fdw ltree
  moddatetime mysql_fdw oracle_fdw orafce pg_bigm pg_buffercache pg_cron pg_freespacemap pg_hint_plan pg_partman
  pg_prewarm pg_proctab pg_repack pg_similarity pg_stat_statements pg_tle pg_trgm pg_visibility pgaudit pgcrypto
  pglogical pgrouting pgrowlocks pgstattuple pgtap plperl plpgsql plprofiler pltcl plv8 postgis postgis_raster
  postgis_tiger_geocoder postgis_topology postgres_fdw prefix rdkit refint sslinfo tablefunc tcn tds_fdw test_parser
  tsm_system_rows tsm_system_time unaccent uuid-ossp vector`.split(/\s+/),
);

const IMPOSSIBLE_ON_AURORA: ReadonlySet<string> = new Set(
  `adminpack age citus citus_columnar columnar file_fdw hydra pg_squeeze pg_surgery pgautofailover pgagent pljava
  pljavau plperlu plpython2u plpython3u plpythonu pltclu plsh repmgr timescaledb timescaledb_toolkit
  hstore_plperlu hstore_plpython3u jsonb_plperlu jsonb_plpython3u bool_plperlu ltree_plpython3u`.split(
    /\s+/,
  ),
);

/** Whether Aurora offers `extension`; undefined if that is not known here. */
export function offeredByAurora(extension: string): boolean | undefined {
  if (OFFERED_BY_AURORA.has(extension)) return true;
  return IMPOSSIBLE_ON_AURORA.has(extension) ? false : undefined;
}
