export { SCHEMA_COPY_PATTERNS, type SchemaCopyParameters } from './parameters';
export { SCHEMA_COPY_SECONDS, schemaCopyScript } from './script';
