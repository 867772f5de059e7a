import * as pulumi from '@pulumi/pulumi';
import {
  type CutoverPlan,
  createTopology,
  deriveCutover,
  type PublisherAddress,
} from '../../postgres';
import type { NetworkLoadBalancerSpec } from '../blue-green-endpoint';
import { connectionTo } from '../database-object';
import type { BlueGreenDeploymentArgs } from './args';
import type { ReplicatedDatabases } from './replicate';
import { publisherAt, replicationNames } from './specs';
import { blueGreenTopology, SERVERS } from './topology';

/** What `pontoon cutover` reads: the plan, where the databases are, and what it switches. */
export function cutoverInput(
  name: string,
  args: BlueGreenDeploymentArgs,
  { blue, green, reverseSecret }: ReplicatedDatabases,
  endpoint: pulumi.Output<NetworkLoadBalancerSpec>,
): pulumi.Output<string> {
  const plan =
    reverseSecret === undefined
      ? cutoverPlan(name, args, undefined)
      : pulumi
          .output(publisherAt(green, reverseSecret, args))
          .apply((publisher) => cutoverPlan(name, args, publisher));
  const connections = { [SERVERS.blue]: connectionTo(blue), [SERVERS.green]: connectionTo(green) };
  return pulumi.jsonStringify({ plan, connections, endpoint });
}

/** The cutover to the green database. Its way back reads from `publisher`; without one there is none. */
export function cutoverPlan(
  name: string,
  args: BlueGreenDeploymentArgs,
  publisher: PublisherAddress | undefined,
): CutoverPlan {
  const { replication, readerRole, reverse } = replicationNames(args);
  const { readOnlyRoles = [] } = args.replication;
  return deriveCutover(createTopology(blueGreenTopology(args)), {
    migration: name,
    to: SERVERS.green,
    forward: { subscription: replication, publication: replication },
    reverse:
      publisher === undefined
        ? undefined
        : { subscription: reverse, publication: reverse, slotName: reverse, publisher },
    transformations: [],
    keep: {
      [SERVERS.blue]: [readerRole],
      [SERVERS.green]: [...(publisher === undefined ? [] : [reverse]), ...readOnlyRoles],
    },
    ...(args.cutover?.logins === undefined ? {} : { logins: args.cutover.logins }),
    limits: { budgetMs: (args.cutover?.budgetSeconds ?? 60) * 1000 },
  });
}
