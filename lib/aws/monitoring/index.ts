export type { MonitoringOptions, ReplicationMonitoringProps } from './props';
export { migrationOf, monitoringProblems, ReplicationMonitoring } from './replication-monitoring';
export { ScheduleInput } from './schedule-input';
