export { ConnectionGuard, type ConnectionGuardProps } from './connection-guard';
export { Heartbeat, type HeartbeatProps } from './heartbeat';
export { knownNameProblem, knownSlotNameProblem } from './names';
export type { PostgresObjectProps } from './postgres-object';
export { Publication, type PublicationProps } from './publication';
export { ReplicationRole, type ReplicationRoleProps } from './replication-role';
export { ServerSettings, type ServerSettingsProps } from './server-settings';
export { LogicalSlot, type LogicalSlotProps, PhysicalSlot, type PhysicalSlotProps } from './slots';
export { Subscription, type SubscriptionProps } from './subscription';
