import type * as pulumi from '@pulumi/pulumi';
import { type DatabaseBinding, DatabaseObject } from '../database-object';
import type { BlueGreenDeploymentArgs } from './args';
import { methodOf } from './method';
import { ReplicationMethod } from './replication-args';
import {
  canarySpec,
  nodeSpec,
  pglogicalSubscriptionSpec,
  publicationSpec,
  replicationNames,
  replicationSetSpec,
  roleSpec,
  slotOf,
  slotSpec,
  subscriptionSpec,
} from './specs';

/** Both databases, and the logins with which they replicate from each other. */
export interface ReplicatedDatabases {
  readonly blue: DatabaseBinding;
  readonly green: DatabaseBinding;
  /** Of the role on the blue database. */
  readonly readerSecret: pulumi.Input<string>;
  /** Of the role on the green database; undefined without a way back. */
  readonly reverseSecret: pulumi.Input<string> | undefined;
  readonly parent: pulumi.Resource;
}

type Make = (
  what: string,
  server: DatabaseBinding,
  spec: DatabaseObjectSpec,
  after: pulumi.Resource[],
) => DatabaseObject;

interface DatabaseObjectSpec {
  [property: string]: unknown;
}

/** What is on both databases whatever carries the changes. */
interface Prepared {
  readonly reader: DatabaseObject;
  /** The role of the way back; none without one. */
  readonly reverse: DatabaseObject[];
  readonly canaries: DatabaseObject[];
  readonly guard: DatabaseObject;
}

/** Everything that replicates, in the order in which each needs the others, and all of it `after` others. */
export function replicate(
  name: string,
  args: BlueGreenDeploymentArgs,
  databases: ReplicatedDatabases,
  after: pulumi.Resource[],
): void {
  const make: Make = (what, server, spec, dependsOn) =>
    new DatabaseObject(
      `${name}-${what}`,
      { runner: args.runner, server, spec },
      { parent: databases.parent, dependsOn },
    );
  const prepared = prepare(args, databases, make, after);
  if (methodOf(args) === ReplicationMethod.PGLOGICAL)
    replicateByPglogical(args, databases, { ...prepared, make });
  else replicateNatively(args, databases, { ...prepared, make });
}

/** Roles, canaries, and the guard that keeps applications out of the green database. */
function prepare(
  args: BlueGreenDeploymentArgs,
  { blue, green, readerSecret, reverseSecret }: ReplicatedDatabases,
  make: Make,
  after: pulumi.Resource[],
): Prepared {
  const names = replicationNames(args);
  const blueLedger = make('blue-ledger', blue, { kind: 'ledger' }, after);
  const greenLedger = make('green-ledger', green, { kind: 'ledger' }, after);
  const reader = make('reader', blue, roleSpec(names.readerRole, readerSecret, args), [blueLedger]);
  const reverse =
    reverseSecret === undefined
      ? []
      : [make('reverse', green, roleSpec(names.reverse, reverseSecret, args), [greenLedger])];
  const reverseRoles = reverse.length === 0 ? [] : [names.reverse];
  const canaries = [
    make('blue-canary', blue, canarySpec([names.readerRole]), [reader]),
    make('green-canary', green, canarySpec(reverseRoles), [greenLedger, ...reverse]),
  ];
  const keep = [...reverseRoles, ...(args.replication.readOnlyRoles ?? [])];
  const guard = make('guard', green, { kind: 'connection-guard', keep }, [greenLedger, ...reverse]);
  return { reader, reverse, canaries, guard };
}

/** Publications, slot and subscription. */
function replicateNatively(
  args: BlueGreenDeploymentArgs,
  { blue, green, readerSecret }: ReplicatedDatabases,
  { make, reader, reverse, canaries, guard }: Prepared & { readonly make: Make },
): void {
  const names = replicationNames(args);
  if (reverse.length > 0) {
    const spec = publicationSpec(names.reverse, args);
    make('reverse-publication', green, spec, [...reverse, ...canaries]);
  }
  const forward = publicationSpec(names.replication, args);
  const publication = make('publication', blue, forward, [reader, ...canaries]);
  const slot = make('slot', blue, slotSpec(args), [publication]);
  const spec = subscriptionSpec(args, blue, readerSecret);
  make('subscription', green, spec, [slot, guard, ...canaries]);
}

/** Nodes, replication sets and subscription, whose slot comes and goes with it. */
function replicateByPglogical(
  args: BlueGreenDeploymentArgs,
  { blue, green, readerSecret }: ReplicatedDatabases,
  { make, reader, reverse, canaries, guard }: Prepared & { readonly make: Make },
): void {
  const names = replicationNames(args);
  // Rows are first copied to the green database, as somebody who may write all of them.
  const backward = reverse.length === 0 ? [] : [names.reverse];
  const sides = {
    blue: { readers: [names.readerRole], slots: [slotOf(args)], secret: readerSecret },
    green: { readers: backward, slots: backward, secret: green.secret },
  };
  const nodes = [
    make('blue-node', blue, nodeSpec(args, blue, sides.blue), [reader, ...canaries]),
    make('green-node', green, nodeSpec(args, green, sides.green), [...reverse, ...canaries]),
  ];
  if (reverse.length > 0)
    make('reverse-set', green, replicationSetSpec(names.reverse, args, false), nodes);
  const set = make('set', blue, replicationSetSpec(names.replication, args, true), nodes);
  const spec = pglogicalSubscriptionSpec(args, blue, readerSecret);
  make('subscription', green, spec, [set, guard, ...nodes]);
}
