import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import { serverOf } from '../../postgres';
import type { DatabaseBinding } from '../database-object';
import { createSecurityGroup } from '../networks';
import type { PostgresDbSystemArgs } from './args';
import { createConfiguration, DEFAULT_SHAPE, sizeOf } from './configuration';
import { instanceCount } from './replicas';
import { planUnreplaced } from './unreplaced';
import { validate } from './validate';

/** The port of every database. */
export const PORT = 5432;

/**
 * A database of OCI Database with PostgreSQL, with the settings that its part in a topology asks for.
 *
 * An edit never loses it: what OCI cannot change in place is refused while Pulumi previews, and the database is
 * protected. Its configuration has a name of its own for each content, so that another one is made and attached, with a
 * restart, before the old one goes. It has no source: a copy of another database in another region is promoted by
 * removing one property, and nothing here does that by the way.
 *
 * @see https://docs.oracle.com/iaas/Content/postgresql/home.htm
 */
export class PostgresDbSystem extends pulumi.ComponentResource {
  /** The database. */
  public readonly dbSystem: oci.psql.DbSystem;
  /** The configuration that is attached to it. */
  public readonly configuration: oci.psql.Configuration;
  /** The security group that it is in. */
  public readonly securityGroup: oci.core.NetworkSecurityGroup;
  /** The address of the primary, for a load balancer. */
  public readonly ipAddress: pulumi.Output<string>;
  /** Where it is, and its administrator's login. */
  public readonly binding: DatabaseBinding;

  constructor(name: string, args: PostgresDbSystemArgs, opts?: pulumi.ComponentResourceOptions) {
    super('pontoon:index:PostgresDbSystem', name, args, opts);
    validate(name, args);
    const { compartmentId, vcnId, clientNetworks: from, publisherNetworks: to = [] } = args;
    this.configuration = createConfiguration(name, args, this);
    this.securityGroup = createSecurityGroup(
      `${name}-database`,
      { compartmentId, vcnId, port: PORT, from, to },
      this,
    );
    const planned = planUnreplaced(name, args, this);
    this.dbSystem = new oci.psql.DbSystem(
      name,
      {
        compartmentId,
        displayName: name,
        dbVersion: planned.dbVersion,
        configId: this.configuration.id,
        // Only a restart changes how much is logged, and which extensions there are.
        applyConfig: 'RESTART',
        networkDetails: { subnetId: args.subnetId, nsgIds: [this.securityGroup.id] },
        shape: args.shape ?? DEFAULT_SHAPE,
        ...sizeOf(args),
        instanceCount: instanceCount(args),
        patchOperations: planned.patchOperations,
        storageDetails: storage(args),
        credentials: credentials(args),
        managementPolicy: {
          backupPolicy: { kind: 'DAILY', retentionDays: args.backupRetentionDays ?? 7 },
        },
      },
      {
        parent: this,
        protect: args.protect ?? true,
        // OCI says the minor too, and replaces the database by an empty one for either: what is meant is refused before.
        ignoreChanges: ['dbVersion', 'credentials'],
      },
    );
    const connection = connectionDetails(this.dbSystem.id, this);
    this.ipAddress = connection.ipAddress;
    this.binding = {
      server: args.server,
      host: connection.host,
      port: connection.port,
      database: serverOf(args.topology, args.server).database,
      secret: args.administrator.loginSecretId,
      caCertificate: connection.caCertificate,
    };
    this.registerOutputs({ dbSystemId: this.dbSystem.id, binding: this.binding });
  }
}

/** Where a database is, as OCI says once it is there. */
export interface ConnectionDetails {
  readonly host: pulumi.Output<string>;
  readonly ipAddress: pulumi.Output<string>;
  readonly port: pulumi.Output<number>;
  readonly caCertificate: pulumi.Output<string>;
}

/** Asks OCI where the database `dbSystemId` is. */
export function connectionDetails(
  dbSystemId: pulumi.Input<string>,
  parent: pulumi.Resource,
): ConnectionDetails {
  const found = oci.psql.getDbSystemConnectionDetailOutput({ dbSystemId }, { parent });
  const primary = found.primaryDbEndpoints.apply(([endpoint]) => {
    if (endpoint === undefined) throw new Error('the database must have an endpoint, got none');
    return endpoint;
  });
  return {
    host: primary.fqdn,
    ipAddress: primary.ipAddress,
    port: primary.port,
    caCertificate: found.caCertificate,
  };
}

/** Data is in one availability domain or in all: saying both would contradict itself. */
function storage({ availabilityDomain, iops }: PostgresDbSystemArgs) {
  return {
    systemType: 'OCI_OPTIMIZED_STORAGE',
    isRegionallyDurable: availabilityDomain === undefined,
    ...(availabilityDomain === undefined ? {} : { availabilityDomain }),
    ...(iops === undefined ? {} : { iops }),
  };
}

function credentials({ administrator }: PostgresDbSystemArgs) {
  return {
    username: administrator.username,
    passwordDetails: {
      passwordType: 'VAULT_SECRET',
      secretId: administrator.passwordSecretId,
      secretVersion: administrator.passwordSecretVersion ?? '1',
    },
  };
}
