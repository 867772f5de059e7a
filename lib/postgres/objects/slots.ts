import { requireCapability, supports } from '../capabilities';
import { PontoonError } from '../errors';
import { quoteLiteral } from '../identifiers';
import { sql } from '../statement';
import {
  type ObjectKind,
  type PlanContext,
  type ServerFacts,
  type Step,
  stepAlone,
} from './object';

/** Keeps WAL on a server until a physical standby has it. */
export interface PhysicalSlotSpec {
  readonly kind: 'physical-slot';
  /** The slot's name. */
  readonly name: string;
}

/** Which way a logical slot's changes are written. */
export enum SlotPlugin {
  /** PostgreSQL's own, for subscriptions. */
  PGOUTPUT = 'pgoutput',
  /** Text, for AWS DMS; ships with PostgreSQL. */
  TEST_DECODING = 'test_decoding',
}

/** Keeps a position in the stream of changes, decoded by a plugin. */
export interface LogicalSlotSpec {
  readonly kind: 'logical-slot';
  /** The slot's name. */
  readonly name: string;
  /** The output plugin. */
  readonly plugin: SlotPlugin;
  /** Whether the slot is synchronized to the server's standbys (PostgreSQL 17+; never on a standby). */
  readonly failover: boolean;
}

/** What a server says of a slot. */
export interface ObservedSlot {
  readonly slotType: 'physical' | 'logical';
  readonly plugin: string | null;
  readonly database: string | null;
  readonly currentDatabase: string;
  readonly active: boolean;
  readonly walStatus: string | null;
  readonly invalidation: string | null;
  readonly failover: boolean;
}

/** Physical replication slots. */
export const physicalSlot: ObjectKind<PhysicalSlotSpec, ObservedSlot> = {
  kind: 'physical-slot',
  read: (reader) => ({ kind: 'physical-slot', name: reader.slotName('name') }),
  name: (spec) => spec.name,
  secrets: () => [],
  observe: observeSlot,
  observed: (row) => row as unknown as ObservedSlot | undefined,
  plan(spec, observed) {
    if (observed === undefined) {
      // Reserving WAL at once keeps it for the base backup that comes next.
      return [
        stepAlone(
          `create physical slot '${spec.name}'`,
          sql(
            `SELECT pg_catalog.pg_create_physical_replication_slot(${quoteLiteral(spec.name)}, true)`,
          ),
        ),
      ];
    }
    refuseOtherSlot(spec.name, observed, observed.slotType === 'physical');
    refuseLostSlot(spec.name, observed);
    return [];
  },
  drop: (spec, observed) => dropSlot(spec.name, observed),
};

/** Logical replication slots, on a primary or on a standby. */
export const logicalSlot: ObjectKind<LogicalSlotSpec, ObservedSlot> = {
  kind: 'logical-slot',
  read: (reader) => ({
    kind: 'logical-slot',
    name: reader.slotName('name'),
    plugin: reader.choice('plugin', Object.values(SlotPlugin)),
    failover: reader.flag('failover', false),
  }),
  name: (spec) => spec.name,
  secrets: () => [],
  observe: observeSlot,
  observed: (row) => row as unknown as ObservedSlot | undefined,
  plan(spec, observed, { server }: PlanContext<LogicalSlotSpec>) {
    if (observed !== undefined) {
      const same =
        observed.slotType === 'logical' &&
        observed.plugin === spec.plugin &&
        observed.database === observed.currentDatabase &&
        observed.failover === spec.failover;
      refuseOtherSlot(spec.name, observed, same);
      refuseLostSlot(spec.name, observed);
      return [];
    }
    checkLogicalSlot(spec, server);
    const args = [quoteLiteral(spec.name), quoteLiteral(spec.plugin), 'false'];
    if (spec.failover) args.push('false', 'true');
    return [
      stepAlone(
        `create logical slot '${spec.name}' (${spec.plugin})`,
        sql(`SELECT pg_catalog.pg_create_logical_replication_slot(${args.join(', ')})`),
        { needsStandbySnapshot: server.inRecovery },
      ),
    ];
  },
  drop: (spec, observed) => dropSlot(spec.name, observed),
};

function checkLogicalSlot(spec: LogicalSlotSpec, server: ServerFacts): void {
  if (server.inRecovery) {
    requireCapability(server.major, 'standby-logical-decoding', {
      what: `logical slot '${spec.name}' on a standby`,
      wayOut: 'promote the standby and make the slot there, or make it on the primary',
    });
  }
  if (!spec.failover) return;
  requireCapability(server.major, 'slot-failover', {
    what: 'failover',
    wayOut: "remove 'failover'",
  });
  if (server.inRecovery) {
    throw new PontoonError(
      'UNSUPPORTED',
      `'failover' cannot be set for slot '${spec.name}' on a standby, got true; make the slot on the primary or remove 'failover'`,
    );
  }
}

function observeSlot(
  spec: { readonly name: string },
  { major }: ServerFacts,
): ReturnType<typeof sql> {
  const invalidation = supports(major, 'slot-invalidation-reason')
    ? 'invalidation_reason'
    : supports(major, 'slot-conflict-column')
      ? `CASE WHEN conflicting THEN 'conflict with recovery' END`
      : 'NULL::text';
  const failover = supports(major, 'slot-failover') ? 'failover' : 'false';
  return sql(
    `SELECT slot_type AS "slotType", plugin, database, pg_catalog.current_database() AS "currentDatabase", active, wal_status AS "walStatus", ${invalidation} AS invalidation, ${failover} AS failover FROM pg_catalog.pg_replication_slots WHERE slot_name = $1`,
    [spec.name],
  );
}

function refuseOtherSlot(name: string, observed: ObservedSlot, same: boolean): void {
  if (same) return;
  const is =
    observed.slotType === 'physical'
      ? 'physical'
      : `logical, with plugin ${observed.plugin} in database ${JSON.stringify(observed.database)}${observed.failover ? ' and failover' : ''}`;
  throw new PontoonError(
    'CONFLICT',
    `slot '${name}' must be as described, got one that is ${is}; drop it if nobody needs its position, or choose another name`,
  );
}

function refuseLostSlot(name: string, observed: ObservedSlot): void {
  const reason =
    observed.invalidation ?? (observed.walStatus === 'lost' ? 'wal_removed' : undefined);
  if (reason === undefined) return;
  throw new PontoonError(
    'SLOT_LOST',
    `slot '${name}' cannot be used any more, got invalidated (${reason}); drop it, make it anew and copy the data again`,
  );
}

/** An active slot cannot be dropped, so whoever reads it is disconnected first. */
function dropSlot(name: string, observed: ObservedSlot): readonly Step[] {
  const slot = quoteLiteral(name);
  return [
    ...(observed.active
      ? [
          stepAlone(
            `disconnect the reader of slot '${name}'`,
            sql(
              `SELECT pg_catalog.pg_terminate_backend(active_pid, 10000) FROM pg_catalog.pg_replication_slots WHERE slot_name = ${slot} AND active_pid IS NOT NULL`,
            ),
          ),
        ]
      : []),
    stepAlone(`drop slot '${name}'`, sql(`SELECT pg_catalog.pg_drop_replication_slot(${slot})`)),
  ];
}
