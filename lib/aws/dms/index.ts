export { DmsAccountRoles } from './account-roles';
export { DmsReplication } from './dms-replication';
export { DmsLogin, type DmsLoginProps } from './login';
export type { DmsOptions, DmsServerlessProps } from './options';
export { DmsMigrationType, DmsPlugin, type DmsReplicationProps } from './props';
export { type DmsPlan, dmsPlanProblems } from './validate';
