export { HybridMigration } from './hybrid-migration';
export {
  Bridge,
  type ExistingTarget,
  type HybridApplication,
  type HybridDms,
  type HybridMigrationProps,
  type HybridMonitoring,
  type HybridSource,
  type HybridStandby,
  type HybridTarget,
  ReplicationMethod,
} from './props';
