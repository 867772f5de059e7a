import type * as pulumi from '@pulumi/pulumi';
import type { DatabaseBinding } from '../database-object';
import { connectionDetails, PostgresDbSystem } from '../postgres-db-system';
import type { BlueGreenDeploymentArgs } from './args';
import { blueGreenTopology, SERVERS } from './topology';

/** One side, new or there already. */
export interface Database {
  readonly binding: DatabaseBinding;
  /** The address of its primary, for the load balancer. */
  readonly ipAddress: pulumi.Output<string>;
  readonly dbSystemId: pulumi.Input<string>;
}

/** Makes the database, or takes the one that is there. */
export function createDatabase(
  name: string,
  args: BlueGreenDeploymentArgs,
  { side, parent }: { readonly side: 'blue' | 'green'; readonly parent: pulumi.Resource },
): Database {
  const { existing, dbSystem: options } = args[side];
  if (existing !== undefined) {
    const { host, port, ipAddress, caCertificate } = connectionDetails(existing.dbSystemId, parent);
    const { database } = args;
    const secret = existing.loginSecretId;
    const binding = { server: SERVERS[side], host, port, database, secret, caCertificate };
    return { binding, ipAddress, dbSystemId: existing.dbSystemId };
  }
  if (options === undefined) throw new TypeError('args must have been checked');
  const { networks } = args;
  const dbSystem = new PostgresDbSystem(
    `${name}-${side}`,
    {
      ...options,
      compartmentId: args.compartmentId,
      vcnId: args.vcnId,
      subnetId: args.databaseSubnetId,
      topology: blueGreenTopology(args),
      server: SERVERS[side],
      clientNetworks: [...new Set(Object.values(networks).flat())],
      publisherNetworks: networks.databases,
    },
    { parent },
  );
  const { binding, ipAddress } = dbSystem;
  return { binding, ipAddress, dbSystemId: dbSystem.dbSystem.id };
}
