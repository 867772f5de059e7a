import type * as pulumi from '@pulumi/pulumi';
import { type DatabaseBinding, DatabaseObject } from '../database-object';
import type { BlueGreenDeploymentArgs } from './args';
import {
  canarySpec,
  publicationSpec,
  replicationNames,
  roleSpec,
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
  after: DatabaseObject[],
) => DatabaseObject;

interface DatabaseObjectSpec {
  [property: string]: unknown;
}

/** Roles, canaries, publications, guard, slot and subscription, in the order in which each needs the others. */
export function replicate(
  name: string,
  args: BlueGreenDeploymentArgs,
  databases: ReplicatedDatabases,
): void {
  const { blue, green, parent } = databases;
  const make: Make = (what, server, spec, dependsOn) =>
    new DatabaseObject(
      `${name}-${what}`,
      { runner: args.runner, server, spec },
      { parent, dependsOn },
    );
  const names = replicationNames(args);
  const blueLedger = make('blue-ledger', blue, { kind: 'ledger' }, []);
  const greenLedger = make('green-ledger', green, { kind: 'ledger' }, []);
  const readerRole = roleSpec(names.readerRole, databases.readerSecret, args);
  const reader = make('reader', blue, readerRole, [blueLedger]);
  const reverse = wayBackRole(args, databases, { make, ledger: greenLedger });
  const reverseRoles = reverse.length === 0 ? [] : [names.reverse];
  const canaries = [
    make('blue-canary', blue, canarySpec([names.readerRole]), [reader]),
    make('green-canary', green, canarySpec(reverseRoles), [greenLedger, ...reverse]),
  ];
  if (reverse.length > 0) {
    const spec = publicationSpec(names.reverse, args);
    make('reverse-publication', green, spec, [...reverse, ...canaries]);
  }
  const keep = [...reverseRoles, ...(args.replication.readOnlyRoles ?? [])];
  const guard = make('guard', green, { kind: 'connection-guard', keep }, [greenLedger, ...reverse]);
  const forward = publicationSpec(names.replication, args);
  const publication = make('publication', blue, forward, [reader, ...canaries]);
  const slot = make('slot', blue, slotSpec(args), [publication]);
  const spec = subscriptionSpec(args, blue, databases.readerSecret);
  make('subscription', green, spec, [slot, guard, ...canaries]);
}

function wayBackRole(
  args: BlueGreenDeploymentArgs,
  { green, reverseSecret }: ReplicatedDatabases,
  { make, ledger }: { readonly make: Make; readonly ledger: DatabaseObject },
): DatabaseObject[] {
  if (reverseSecret === undefined) return [];
  const spec = roleSpec(replicationNames(args).reverse, reverseSecret, args);
  return [make('reverse', green, spec, [ledger])];
}
