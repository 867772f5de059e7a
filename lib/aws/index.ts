export { type AuroraClusterOptions, AuroraTarget, type AuroraTargetProps } from './aurora';
export {
  AuroraMigration,
  type AuroraMigrationProps,
  type AuroraReplication,
  type AuroraSource,
  type ExistingSource,
  type ReplicationPart,
  SchemaCopyHost,
  type SchemaCopyHostOptions,
  type SchemaCopyHostProps,
  type SourcePeering,
} from './aurora-migration';
export {
  type CutoverApproval,
  type CutoverBounds,
  CutoverEndpoint,
  type CutoverOptions,
  CutoverStateMachine,
  type CutoverStateMachineProps,
  type CutoverWay,
  type CutoverWayBack,
} from './cutover';
export {
  DmsAccountRoles,
  DmsLogin,
  type DmsLoginProps,
  DmsMigrationType,
  type DmsOptions,
  DmsPlugin,
  DmsReplication,
  type DmsReplicationProps,
  type DmsServerlessProps,
} from './dms';
export {
  Bridge,
  type HybridApplication,
  type HybridCutover,
  HybridMigration,
  type HybridMigrationProps,
  type HybridReader,
  type HybridReplication,
  type HybridSource,
  type HybridStandby,
  type HybridWayBack,
  ReplicationMethod,
} from './hybrid';
export {
  type ExistingCluster,
  type MigrationProps,
  type MigrationTarget,
  SchemaChanges,
} from './migration';
export {
  type MonitoringOptions,
  ReplicationMonitoring,
  type ReplicationMonitoringProps,
} from './monitoring';
export { NativeReplication, type NativeReplicationProps } from './native-replication';
export {
  Canary,
  type CanaryProps,
  ConnectionGuard,
  type ConnectionGuardProps,
  DdlLedger,
  type DdlLedgerProps,
  Heartbeat,
  type HeartbeatProps,
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
export { Preflight, type PreflightOptions, type PreflightProps } from './preflight';
export { RunnerFunction, type RunnerFunctionProps } from './runner-function';
export type { ISchemaCopyHost } from './schema-copy';
export {
  type ServerAddress,
  ServerBinding,
  type ServerBindingProps,
  SslMode,
} from './server-binding';
export {
  type AmazonLinuxOptions,
  IntermediaryStandby,
  type IntermediaryStandbyProps,
  OperatingSystem,
  type OperatingSystemOptions,
  PackageSource,
  SignalWhen,
  SourceRoute,
  type StandbyHostOptions,
  type StandbyPrimary,
  type StandbyTarget,
} from './standby';
