import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import {
  Problems,
  PublisherSslMode,
  partNameProblem,
  SlotPlugin,
  selectionProblems,
  type TableSelection,
} from '../postgres';
import {
  knownNameProblem,
  knownSlotNameProblem,
  LogicalSlot,
  Publication,
  Subscription,
} from './objects';
import type { RunnerFunction } from './runner-function';
import type { ServerBinding } from './server-binding';

/** Logical replication by PostgreSQL itself, without a service in between. */
export interface NativeReplicationProps {
  /** The function that makes the objects. */
  readonly runner: RunnerFunction;
  /** The server that is decoded: a primary, or a standby with PostgreSQL 16+. */
  readonly publisher: ServerBinding;
  /**
   * The primary of `publisher`, if that is a standby: the publication can only be made there.
   *
   * @default - `publisher` is a primary
   */
  readonly publisherPrimary?: ServerBinding;
  /** The server that pulls the changes. */
  readonly subscriber: ServerBinding;
  /** The login of the subscription on the publisher: a role with REPLICATION that may read the selected tables. */
  readonly subscriptionSecret: ISecret;
  /** What is replicated. Changing it alters the publication and takes up new tables. */
  readonly selection: TableSelection;
  /**
   * The slot that the subscription reads from. Changing it replaces the slot.
   *
   * @default 'pontoon'
   */
  readonly slotName?: string;
  /**
   * The name of the publication and of the subscription. Changing it replaces both, and copies the data again.
   *
   * @default 'pontoon'
   */
  readonly replicationName?: string;
  /**
   * How the subscriber checks the publisher's certificate.
   *
   * @default PublisherSslMode.VERIFY_FULL
   */
  readonly sslMode?: PublisherSslMode;
  /**
   * The file with the root certificates on the subscriber's host.
   *
   * @default - where Aurora and RDS keep those of Amazon RDS
   */
  readonly sslRootCert?: string;
  /**
   * Whether the canary is replicated too, by which a cutover sees that everything has arrived. It must be on both servers
   * before publication and subscription. Changing it alters the publication in place.
   *
   * @default false
   */
  readonly canary?: boolean;
  /**
   * The part of the tables that `selection` is, if others are replicated beside it between the same servers: its canary
   * is replicated, and not that of the rest. Changing it alters the publication in place.
   *
   * @default - the tables are not dealt out, or these are the rest
   */
  readonly canaryPart?: string;
  /**
   * Whether the slot is synchronized to the publisher's standbys (PostgreSQL 17+, never on a standby). Changing it is
   * refused for a slot that is there.
   *
   * @default false
   */
  readonly failoverSlot?: boolean;
}

/**
 * A publication, a slot and a subscription, made in this order: a slot decodes only what was published before it, and
 * a slot on a standby shows by being there that the standby has replayed the publication.
 *
 * Each table's first copy through a standby takes a slot of its own there, which waits until the primary logs its
 * running transactions: at once on a busy primary, every 15 seconds or so on an idle one. The schedule of
 * `ReplicationMonitoring` has the primary log them every minute, so that no copy waits for longer.
 *
 * @see https://www.postgresql.org/docs/current/logicaldecoding-explanation.html
 */
export class NativeReplication extends Construct {
  /** The publication, on the primary. */
  public readonly publication: Publication;
  /** The slot, on the publisher. */
  public readonly slot: LogicalSlot;
  /** The subscription, on the subscriber. */
  public readonly subscription: Subscription;

  constructor(scope: Construct, id: string, props: NativeReplicationProps) {
    super(scope, id);
    validate(id, props);
    const { runner, publisher, publisherPrimary: primary, selection } = props;
    const name = props.replicationName ?? 'pontoon';
    const slotName = props.slotName ?? 'pontoon';
    this.publication = new Publication(this, 'Publication', {
      runner,
      server: primary ?? publisher,
      publicationName: name,
      selection,
      ...(props.canary === true ? { canary: true } : {}),
      ...(props.canaryPart === undefined ? {} : { canaryPart: props.canaryPart }),
    });
    this.slot = new LogicalSlot(this, 'Slot', {
      runner,
      server: publisher,
      slotName,
      plugin: SlotPlugin.PGOUTPUT,
      ...(primary === undefined ? {} : { primary }),
      ...(props.failoverSlot === true ? { failover: true } : {}),
    });
    this.slot.node.addDependency(this.publication);
    this.subscription = new Subscription(this, 'Subscription', {
      runner,
      server: props.subscriber,
      subscriptionName: name,
      publisher,
      ...(primary === undefined ? {} : { publisherPrimary: primary }),
      publisherSecret: props.subscriptionSecret,
      publicationNames: [name],
      slotName,
      selection,
      sslMode: props.sslMode ?? PublisherSslMode.VERIFY_FULL,
      ...(props.sslRootCert === undefined ? {} : { sslRootCert: props.sslRootCert }),
    });
    this.subscription.node.addDependency(this.slot);
  }
}

/** The parts would name their own properties, which are not what was typed. */
function validate(
  id: string,
  { replicationName, slotName, selection, canaryPart }: NativeReplicationProps,
): void {
  const problems = new Problems();
  for (const problem of [
    replicationName === undefined
      ? undefined
      : knownNameProblem(replicationName, 'replicationName'),
    slotName === undefined ? undefined : knownSlotNameProblem(slotName, 'slotName'),
    canaryPart === undefined ? undefined : partNameProblem(canaryPart, 'canaryPart'),
    ...selectionProblems(selection, 'selection'),
  ])
    if (problem !== undefined) problems.add(problem);
  problems.throwIfAny(`native replication '${id}'`);
}
