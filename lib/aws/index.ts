export { AuroraTarget, type AuroraTargetProps } from './aurora';
export {
  DmsAccountRoles,
  DmsLogin,
  type DmsLoginProps,
  DmsMigrationType,
  DmsPlugin,
  DmsReplication,
  type DmsReplicationProps,
  type DmsServerlessProps,
} from './dms';
export {
  Bridge,
  type ExistingTarget,
  type HybridApplication,
  type HybridDms,
  HybridMigration,
  type HybridMigrationProps,
  type HybridMonitoring,
  type HybridSource,
  type HybridStandby,
  type HybridTarget,
  ReplicationMethod,
} from './hybrid';
export { ReplicationMonitoring, type ReplicationMonitoringProps } from './monitoring';
export { NativeReplication, type NativeReplicationProps } from './native-replication';
export {
  ConnectionGuard,
  type ConnectionGuardProps,
  Heartbeat,
  LogicalSlot,
  type LogicalSlotProps,
  PhysicalSlot,
  type PhysicalSlotProps,
  type PostgresObjectProps,
  Publication,
  type PublicationProps,
  ReplicationRole,
  type ReplicationRoleProps,
  ServerSettings,
  type ServerSettingsProps,
  Subscription,
  type SubscriptionProps,
} from './objects';
export { Preflight, type PreflightProps } from './preflight';
export { RunnerFunction, type RunnerFunctionProps } from './runner-function';
export { ServerBinding, type ServerBindingProps, SslMode } from './server-binding';
export {
  IntermediaryStandby,
  type IntermediaryStandbyProps,
  OperatingSystem,
  type OperatingSystemOptions,
  PackageSource,
  SignalWhen,
  SourceRoute,
  type StandbyPrimary,
  type StandbyTarget,
} from './standby';
