export type { MonitoringOptions, ReplicationMonitoringProps } from './props';
export { monitoringProblems, ReplicationMonitoring } from './replication-monitoring';
