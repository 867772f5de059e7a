export { HybridMigration } from './hybrid-migration';
export type {
  HybridApplication,
  HybridMigrationProps,
  HybridSource,
  HybridStandby,
} from './props';
export { Bridge, type HybridReplication, ReplicationMethod } from './replication-props';
