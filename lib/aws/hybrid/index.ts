export type { HybridCutover, HybridWayBack } from './cutover-props';
export { HybridMigration } from './hybrid-migration';
export type {
  HybridApplication,
  HybridMigrationProps,
  HybridSource,
  HybridStandby,
} from './props';
export {
  Bridge,
  type HybridReader,
  type HybridReplication,
  ReplicationMethod,
} from './replication-props';
