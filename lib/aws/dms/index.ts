export { DmsAccountRoles } from './account-roles';
export { DmsReplication } from './dms-replication';
export { DmsLogin, type DmsLoginProps } from './login';
export {
  DmsMigrationType,
  DmsPlugin,
  type DmsReplicationProps,
  type DmsServerlessProps,
} from './props';
