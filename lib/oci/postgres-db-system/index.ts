export type { DbAdministrator, DbSystemOptions, PostgresDbSystemArgs } from './args';
export { createSecurityGroup } from './network';
export { PORT, PostgresDbSystem } from './postgres-db-system';
