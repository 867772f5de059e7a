export { BASE_BACKUP_STAND_IN } from './base-backup';
export { type ClientTool, findClientTool } from './binaries';
export { LOOPBACK_HBA } from './configuration';
export { createServer, type NewServerOptions } from './create-server';
export { createStandby, type Standby, type StandbyOptions } from './create-standby';
export { randomPassword, type Superuser } from './data-directory';
export {
  elevated,
  honourReplicationMembers,
  type ManagedAdmin,
  type ManagedAdminOptions,
  managedAdmin,
} from './managed-admin';
export { type ManagedSettings, translateManagedSettings } from './managed-settings';
export { Server, type ServerOptions } from './server';
export type { Shim, StandIn } from './shims';
export { withStatementLibrary } from './statement-library';
export { Workspace } from './workspace';
