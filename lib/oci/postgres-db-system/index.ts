export type { DbAdministrator, DbSystemOptions, PostgresDbSystemArgs } from './args';
export { connectionDetails, PORT, PostgresDbSystem } from './postgres-db-system';
export { optionProblems } from './validate';
