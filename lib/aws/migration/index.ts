export { recordMigration, type SourceAccess } from './metadata';
export { claimNames } from './name-claims';
export type { ExistingCluster, MigrationProps, MigrationTarget } from './props';
export { createTarget, type Target, targetProblems } from './target';
