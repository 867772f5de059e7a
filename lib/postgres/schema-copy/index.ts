export {
  SCHEMA_COPY_PATTERNS,
  type SchemaCopyParameters,
  type SchemaCopyRequest,
  schemaCopyParameters,
  tablesInSchemas,
} from './parameters';
export { SCHEMA_COPY_SECONDS, schemaCopyScript } from './script';
