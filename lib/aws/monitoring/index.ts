export type { ReplicationMonitoringProps } from './props';
export { ReplicationMonitoring } from './replication-monitoring';
