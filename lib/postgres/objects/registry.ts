import { Problems } from '../errors';
import { Reader } from '../reader';
import { type CanarySpec, canary } from './canary';
import { type ConnectionGuardSpec, connectionGuard } from './connection-guard';
import { type DdlLedgerSpec, ddlLedger } from './ddl-ledger';
import { type HeartbeatSpec, heartbeat } from './heartbeat';
import { type LedgerSpec, ledger } from './ledger';
import type { ObjectKind } from './object';
import { type PublicationSpec, publication } from './publication';
import { role } from './role';
import type { RoleSpec } from './role-spec';
import { type ServerSettingsSpec, serverSettings } from './server-settings';
import { type LogicalSlotSpec, logicalSlot, type PhysicalSlotSpec, physicalSlot } from './slots';
import { subscription } from './subscription';
import type { SubscriptionSpec } from './subscription-spec';

/** Something on a server that this library manages. */
export type ObjectSpec =
  | CanarySpec
  | ConnectionGuardSpec
  | DdlLedgerSpec
  | HeartbeatSpec
  | LedgerSpec
  | LogicalSlotSpec
  | PhysicalSlotSpec
  | PublicationSpec
  | RoleSpec
  | ServerSettingsSpec
  | SubscriptionSpec;

/** The `kind` of a spec. */
export type ObjectKindName = ObjectSpec['kind'];

/** A kind whose spec and observation only itself understands. */
export type AnyObjectKind = ObjectKind<{ readonly kind: string }, unknown>;

/** Every kind under its own name: the compiler asks for the entry of a new one, and refuses a wrong one. */
const KINDS: {
  readonly [Name in ObjectKindName]: ObjectKind<Extract<ObjectSpec, { kind: Name }>, unknown>;
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

const KIND_NAMES = Object.keys(KINDS) as ObjectKindName[];

/** The kind that understands `spec`. */
export function kindOf(spec: { readonly kind: ObjectKindName }): AnyObjectKind {
  return KINDS[spec.kind];
}

/**
 * Reads a spec out of plain data, such as a custom resource's properties or JSON on stdin.
 *
 * @throws ValidationError that lists everything that is wrong with it.
 */
export function readSpec(input: unknown): ObjectSpec {
  const problems = new Problems();
  const reader = new Reader(input, 'spec', problems);
  const kind = reader.choice('kind', KIND_NAMES);
  problems.throwIfAny('the spec');
  const spec: ObjectSpec = KINDS[kind].read(reader);
  reader.refuseTheRest();
  problems.throwIfAny(`the spec of the ${kind}`);
  return spec;
}
