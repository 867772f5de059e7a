import {
  type ObjectKindName,
  type ObjectSpec,
  type PublisherAddress,
  SlotPlugin,
} from '../objects';
import type { Statement } from '../statement';
import type { TableSelection } from '../table-selection';
import { followedTables, publishedTables } from './carried';
import { subscriptionProgress } from './gates';
import {
  confirmAtOnce,
  enableSubscription,
  endSubscriptionWorkers,
  publicationExists,
  subscriptionState,
  takeUpTables,
} from './paths';
import type { ReplicationPath } from './plan';
import { reverseSubscription } from './reverse';
import { subscriptionReceiver } from './stream';
import { type CarryingSql, NATIVE_CARRYING } from './table-mark';
import { enabledSubscriptions } from './unattended';

/** A way back that does not exist yet, with what its subscription is made of. */
export type ReversePath = ReplicationPath & {
  readonly subscription: string;
  readonly publication: string;
  readonly publisher: PublisherAddress;
};

/** How a walk asks for the subscriptions of one kind of path, and changes them. */
export interface SubscriptionSql {
  /** What the objects of a path are called in the ledger. */
  readonly kinds: {
    readonly subscription: ObjectKindName;
    readonly publication: ObjectKindName;
    /** What is left of it in a database when no path is; undefined if nothing is. */
    readonly node?: ObjectKindName;
  };
  /** The output plugin of a slot. */
  readonly plugin: string;
  /**
   * Has an enabled one ask its publisher for the tables, and take them up as they are; undefined where it follows whatever
   * it is sent.
   */
  readonly takeUpTables?: (name: string) => Statement;
  /**
   * Whether it is enabled, or parted from its slot, how many workers it has, and whether it copies, and reads no slot yet.
   * No row if there is none.
   */
  state(name: string): Statement;
  /** Has it apply changes, or not. */
  enable(name: string, enabled: boolean): Statement;
  /** Ends its workers. */
  endWorkers(name: string): Statement;
  /** Has it flush what it applied at once; undefined where that is a setting of the server. */
  readonly confirmAtOnce?: (name: string) => Statement;
  /** Whether it is enabled, its tables, and how many of them do not stream yet. No row if there is none. */
  progress(name: string): Statement;
  /** What it is, as `receiver`. No row if there is none. */
  receiver(name: string): Statement;
  /** Asks for what it subscribes to. */
  publicationExists(name: string): Statement;
  /** The selected tables, and under which names they are sent with every change. */
  published(selection: TableSelection, publications: readonly string[]): Statement;
  /** The tables that subscriptions to `publications` follow. */
  followed(subscriptions: readonly string[], publications: readonly string[]): Statement;
  /** How tables travel, for their marks. */
  readonly carrying: CarryingSql;
  /** Enabled ones without `known`. */
  enabledOthers(known: readonly string[]): Statement;
  /** Drops the slots that a table's copy left behind when it was cut off. */
  readonly dropCopies?: (slotName: string) => Statement;
  /** The subscription by which the old writer, a server of `major`, will follow the new one: made, but at rest. */
  reverse(path: ReversePath, major: number): ObjectSpec;
}

/** PostgreSQL's own. */
export const NATIVE_SUBSCRIPTIONS: SubscriptionSql = {
  kinds: { subscription: 'subscription', publication: 'publication' },
  plugin: SlotPlugin.PGOUTPUT,
  takeUpTables,
  state: subscriptionState,
  enable: enableSubscription,
  endWorkers: endSubscriptionWorkers,
  confirmAtOnce,
  progress: subscriptionProgress,
  receiver: subscriptionReceiver,
  publicationExists,
  published: publishedTables,
  followed: followedTables,
  carrying: NATIVE_CARRYING,
  enabledOthers: enabledSubscriptions,
  reverse: reverseSubscription,
};
