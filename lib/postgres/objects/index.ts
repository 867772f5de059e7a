export { CANARY_TABLE, type CanarySpec, canaryTable } from './canary';
export { type AccessBefore, accessBefore, type ConnectionGuardSpec } from './connection-guard';
export { dropCreatedIn } from './created-in';
export { changesAreNoted, type DdlLedgerSpec, lastChange } from './ddl-ledger';
export { beat, beatAge, type HeartbeatSpec } from './heartbeat';
export {
  deleteEntry,
  findEntry,
  findRequest,
  joinLedger,
  type LedgerEntry,
  type LedgerSpec,
  leaveLedger,
  ledgerIsUsed,
  noLedger,
  type ObjectKey,
  retireEntry,
  writeEntry,
  writeRequest,
} from './ledger';
export type {
  AppliedObject,
  ObjectKind,
  PlanContext,
  ResolvedSecret,
  ServerFacts,
  Step,
} from './object';
export { pglogicalSets } from './observed-pglogical-sets';
export { unsyncedTables } from './observed-subscription';
export { PGLOGICAL_KINDS } from './pglogical-kinds';
export type { PglogicalNodeSpec } from './pglogical-node';
export { wherePglogicalIs } from './pglogical-query';
export {
  PGLOGICAL_OUTPUT,
  type PglogicalReplicationSetSpec,
} from './pglogical-replication-set';
export type { PglogicalSubscriptionSpec } from './pglogical-subscription';
export type { PublicationSpec } from './publication';
export {
  type AnyObjectKind,
  addObjectKinds,
  kindOf,
  type ObjectKindName,
  type ObjectSpec,
  readSpec,
} from './registry';
export { DatabaseRight, type RoleSpec } from './role-spec';
export { type ObservedRoom, observeRoom, requireRoom } from './room';
export type { ServerSettingsSpec } from './server-settings';
export { type LogicalSlotSpec, type PhysicalSlotSpec, SlotPlugin } from './slots';
export {
  type PublisherAddress,
  PublisherSslMode,
  readPublisher,
  type SubscriptionSpec,
} from './subscription-spec';
