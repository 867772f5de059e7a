export { AuroraMigration } from './aurora-migration';
export type {
  AuroraMigrationProps,
  AuroraReplication,
  AuroraSource,
  ExistingSource,
  ReplicationPart,
  SourcePeering,
} from './props';
export {
  SchemaCopyHost,
  type SchemaCopyHostOptions,
  type SchemaCopyHostProps,
} from './schema-copy-host';
