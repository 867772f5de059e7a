export {
  SCHEMA_COPY_PATTERNS,
  type SchemaCopyParameters,
  type SchemaCopyRequest,
  schemaCopyParameters,
  schemasThere,
  tablesInSchemas,
} from './parameters';
export {
  PASSFILE_FILTER,
  type RemoteSource,
  SCHEMA_COPY_SECONDS,
  schemaCopyScript,
} from './script';
