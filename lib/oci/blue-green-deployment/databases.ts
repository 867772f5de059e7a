import * as pulumi from '@pulumi/pulumi';
import { PontoonError } from '../../postgres';
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

/** Both sides, of which the blue one may be retired. */
export interface Databases {
  readonly blue: Database | undefined;
  readonly green: Database;
}

/** Makes both databases, or takes those that are there. */
export function createDatabases(
  name: string,
  args: BlueGreenDeploymentArgs,
  parent: pulumi.Resource,
): Databases {
  const create = (side: 'blue' | 'green') => createDatabase(name, args, { side, parent });
  return { blue: args.blue.retired === true ? undefined : create('blue'), green: create('green') };
}

/** Makes the database, or takes the one that is there. */
function createDatabase(
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

/** Where `database` is. It must be one that the load balancer knew, if that knew any. */
export function unmoved(
  { binding, ipAddress }: Database,
  earlierAddresses: pulumi.Output<string[]>,
): DatabaseBinding {
  const host = pulumi
    .all([binding.host, ipAddress, earlierAddresses])
    .apply(([host, address, earlier]) => {
      requireKnown(binding.server, address, earlier);
      return host;
    });
  return { ...binding, host };
}

/**
 * What was made in another database would stay there for ever, such as the slot that fills its storage, and rows would be
 * missing in what follows the new one.
 *
 * @throws PontoonError with code ANOTHER_DATABASE
 */
export function requireKnown(server: string, address: string, earlier: readonly string[]): void {
  if (earlier.length === 0 || earlier.includes(address)) return;
  throw new PontoonError(
    'ANOTHER_DATABASE',
    `the database on side '${server}' must be one that the load balancer knows as long as the schema is copied, got ${address} instead of one of ${earlier.join(', ')}; take 'replication.schemaCopied' back and deploy, so that everything is dropped where it was made, and change it then`,
  );
}
