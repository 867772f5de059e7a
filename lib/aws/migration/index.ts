export { recordMigration, type SourceAccess } from './metadata';
export { claimNames } from './name-claims';
export type { ExistingCluster, MigrationProps, MigrationTarget } from './props';
export { SchemaChanges, type WatchedSchemas, watchSchemas } from './schema-changes';
export { createTarget, type Target, targetProblems } from './target';
