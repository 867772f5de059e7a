import { PontoonError, Problems } from '../errors';
import { Reader } from '../reader';
import { type CanarySpec, canary } from './canary';
import { type ConnectionGuardSpec, connectionGuard } from './connection-guard';
import { type DdlLedgerSpec, ddlLedger } from './ddl-ledger';
import { type HeartbeatSpec, heartbeat } from './heartbeat';
import { type LedgerSpec, ledger } from './ledger';
import type { ObjectKind } from './object';
import type { PglogicalNodeSpec } from './pglogical-node';
import type { PglogicalReplicationSetSpec } from './pglogical-replication-set';
import type { PglogicalSubscriptionSpec } from './pglogical-subscription';
import { type PublicationSpec, publication } from './publication';
import { role } from './role';
import type { RoleSpec } from './role-spec';
import { type ServerSettingsSpec, serverSettings } from './server-settings';
import { type LogicalSlotSpec, logicalSlot, type PhysicalSlotSpec, physicalSlot } from './slots';
import { subscription } from './subscription';
import type { SubscriptionSpec } from './subscription-spec';

/**
 * Something on a server that this library manages. Those of pglogical are understood once {@link addObjectKinds} was told
 * `PGLOGICAL_KINDS`.
 */
export type ObjectSpec =
  | CanarySpec
  | ConnectionGuardSpec
  | DdlLedgerSpec
  | HeartbeatSpec
  | LedgerSpec
  | LogicalSlotSpec
  | PglogicalNodeSpec
  | PglogicalReplicationSetSpec
  | PglogicalSubscriptionSpec
  | PhysicalSlotSpec
  | PublicationSpec
  | RoleSpec
  | ServerSettingsSpec
  | SubscriptionSpec;

/** What is always understood. */
type OwnSpec = Exclude<ObjectSpec, { readonly kind: `pglogical-${string}` }>;

/** The `kind` of a spec. */
export type ObjectKindName = ObjectSpec['kind'];

/** A kind whose spec and observation only itself understands. */
export type AnyObjectKind = ObjectKind<{ readonly kind: string }, unknown>;

/** Every kind under its own name: the compiler asks for the entry of a new one, and refuses a wrong one. */
const KINDS: {
  readonly [Name in OwnSpec['kind']]: ObjectKind<Extract<OwnSpec, { kind: Name }>, unknown>;
} = {
  canary,
  'connection-guard': connectionGuard,
  'ddl-ledger': ddlLedger,
  heartbeat,
  ledger,
  'logical-slot': logicalSlot,
  'physical-slot': physicalSlot,
  publication,
  role,
  'server-settings': serverSettings,
  subscription,
};

const known = new Map<string, AnyObjectKind>(Object.entries(KINDS));

/**
 * Has specs of `kinds` understood too, from now on. Those of extensions are no burden to a program that never meets
 * them, such as the handler in AWS Lambda.
 */
export function addObjectKinds(kinds: readonly AnyObjectKind[]): void {
  for (const kind of kinds) known.set(kind.kind, kind);
}

/** The kind that understands `spec`. */
export function kindOf({ kind }: { readonly kind: ObjectKindName }): AnyObjectKind {
  const found = known.get(kind);
  if (found !== undefined) return found;
  throw new PontoonError(
    'UNKNOWN_KIND',
    `a spec of kind '${kind}' must be understood before it is used, got a program that was not told of it; call addObjectKinds(PGLOGICAL_KINDS) first`,
  );
}

/**
 * Reads a spec out of plain data, such as a custom resource's properties or JSON on stdin.
 *
 * @throws ValidationError that lists everything that is wrong with it.
 */
export function readSpec(input: unknown): ObjectSpec {
  const problems = new Problems();
  const reader = new Reader(input, 'spec', problems);
  const kind = reader.choice('kind', [...known.keys()] as ObjectKindName[]);
  problems.throwIfAny('the spec');
  // Each kind reads specs of its own.
  const spec = kindOf({ kind }).read(reader) as ObjectSpec;
  reader.refuseTheRest();
  problems.throwIfAny(`the spec of the ${kind}`);
  return spec;
}
