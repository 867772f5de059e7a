import { Construct } from 'constructs';
import { type SlotPlugin, ValidationError } from '../../postgres';
import type { ServerBinding } from '../server-binding';
import { knownSlotNameProblem } from './names';
import { type PostgresObjectProps, postgresObject } from './postgres-object';

/** A physical replication slot. */
export interface PhysicalSlotProps extends PostgresObjectProps {
  /** The slot's name. Changing it replaces the slot: the new one does not know the old one's position. */
  readonly slotName: string;
}

/**
 * A slot that keeps WAL until a physical standby has it. Deleting it disconnects the standby first.
 *
 * @see https://www.postgresql.org/docs/current/warm-standby.html#STREAMING-REPLICATION-SLOTS
 */
export class PhysicalSlot extends Construct {
  /** The slot's name. */
  public readonly slotName: string;

  constructor(scope: Construct, id: string, props: PhysicalSlotProps) {
    super(scope, id);
    checkName(id, props.slotName);
    this.slotName = props.slotName;
    postgresObject(this, 'PhysicalSlot', { kind: 'physical-slot', name: props.slotName }, props);
  }
}

/** A logical replication slot. */
export interface LogicalSlotProps extends PostgresObjectProps {
  /** The slot's name. Changing it replaces the slot: the new one does not know the old one's position. */
  readonly slotName: string;
  /** The output plugin. Changing it is refused; choose another name to replace the slot. */
  readonly plugin: SlotPlugin;
  /**
   * The primary, if `server` is a standby (PostgreSQL 16+): a new slot on a standby waits until its primary logs its
   * running transactions, and the ledger is written there.
   *
   * @default - `server` is a primary
   */
  readonly primary?: ServerBinding;
  /**
   * Whether the slot is synchronized to the server's standbys (PostgreSQL 17+, never on a standby). Such a slot can be
   * read on the primary only, until a standby is promoted.
   *
   * @default false
   */
  readonly failover?: boolean;
}

/**
 * A slot that keeps a position in the decoded stream of changes. Deleting it disconnects its reader first.
 *
 * @see https://www.postgresql.org/docs/current/logicaldecoding-explanation.html#LOGICALDECODING-REPLICATION-SLOTS
 */
export class LogicalSlot extends Construct {
  /** The slot's name. */
  public readonly slotName: string;

  constructor(scope: Construct, id: string, props: LogicalSlotProps) {
    super(scope, id);
    checkName(id, props.slotName);
    if (props.failover === true && props.primary !== undefined) {
      throw new ValidationError(`logical slot '${id}'`, [
        "'failover' cannot be set on a standby, got true; remove it or make the slot on the primary",
      ]);
    }
    this.slotName = props.slotName;
    postgresObject(
      this,
      'LogicalSlot',
      {
        kind: 'logical-slot',
        name: props.slotName,
        plugin: props.plugin,
        failover: props.failover ?? false,
      },
      props,
    );
  }
}

function checkName(id: string, slotName: string): void {
  const problem = knownSlotNameProblem(slotName, 'slotName');
  if (problem !== undefined) throw new ValidationError(`slot '${id}'`, [problem]);
}
