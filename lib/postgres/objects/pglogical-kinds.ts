import { pglogicalNode } from './pglogical-node';
import { pglogicalReplicationSet } from './pglogical-replication-set';
import { pglogicalSubscription } from './pglogical-subscription';
import type { AnyObjectKind } from './registry';

/** The kinds of objects that make up pglogical, for `addObjectKinds`. */
export const PGLOGICAL_KINDS: readonly AnyObjectKind[] = [
  pglogicalNode,
  pglogicalReplicationSet,
  pglogicalSubscription,
];
