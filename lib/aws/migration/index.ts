export { recordMigration, type SourceAccess } from './metadata';
export type { ExistingCluster, MigrationProps, MigrationTarget } from './props';
export { createTarget, type Target, targetProblems } from './target';
