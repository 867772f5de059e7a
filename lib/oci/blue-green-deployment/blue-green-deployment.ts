import * as pulumi from '@pulumi/pulumi';
import { createTopology, plainTopology, topologyWarnings } from '../../postgres';
import { BlueGreenEndpoint } from '../blue-green-endpoint';
import { createAlarms } from './alarms';
import type { BlueGreenDeploymentArgs } from './args';
import { cutoverInput } from './cutover';
import { createDatabase, type Database } from './databases';
import { allowRunner, createLogin } from './logins';
import { type ReplicatedDatabases, replicate } from './replicate';
import { replicationNames } from './specs';
import { blueGreenTopology } from './topology';
import { validate } from './validate';

/**
 * A blue and a green database of OCI Database with PostgreSQL, of the same major or another one, what applications
 * connect to in front of them, and replication from blue to green, by PostgreSQL itself or by pglogical. `pulumi up` never
 * switches: `pontoon cutover` does, with what `cutoverInput` says, and can go back.
 *
 * Where the usual description of this differs: both sides change in one call after the old writer is fenced, so that at
 * no time two take writes or none is there; sequences, rows and positions are checked before; tests read from green as
 * roles that cannot write; replication's passwords are in no statement, no shell history and no state.
 *
 * @see https://docs.oracle.com/iaas/Content/postgresql/home.htm
 */
export class BlueGreenDeployment extends pulumi.ComponentResource {
  /** The OCID of the blue database, of a new one or of the one that was there. */
  public readonly blueDbSystemId: pulumi.Output<string>;
  /** The OCID of the green database, of a new one or of the one that was there. */
  public readonly greenDbSystemId: pulumi.Output<string>;
  /** The name that applications connect to, whichever side is active. */
  public readonly host: string;
  /** What applications put into their connection strings besides the name. */
  public readonly clientParameters: string;
  /** The OCID of the network load balancer behind the name. */
  public readonly networkLoadBalancerId: pulumi.Output<string>;
  /** What `pontoon cutover` reads on stdin. It names secrets, and holds none. */
  public readonly cutoverInput: pulumi.Output<string>;

  constructor(name: string, args: BlueGreenDeploymentArgs, opts?: pulumi.ComponentResourceOptions) {
    super('pontoon:index:BlueGreenDeployment', name, args, opts);
    validate(name, args);
    const topology = createTopology(blueGreenTopology(args));
    for (const warning of topologyWarnings(topology)) void pulumi.log.warn(warning, this);
    const blue = createDatabase(name, args, { side: 'blue', parent: this });
    const green = createDatabase(name, args, { side: 'green', parent: this });
    this.blueDbSystemId = pulumi.output(blue.dbSystemId);
    this.greenDbSystemId = pulumi.output(green.dbSystemId);
    const endpoint = createEndpoint(name, args, { blue, green, parent: this });
    this.host = endpoint.host;
    this.clientParameters = endpoint.clientParameters;
    this.networkLoadBalancerId = endpoint.networkLoadBalancerId;
    const databases = withLogins(name, args, { blue, green, parent: this });
    const { networkLoadBalancerId } = endpoint;
    const { readerSecret, reverseSecret } = databases;
    const logins = [blue.binding.secret, green.binding.secret, readerSecret];
    allowRunner(name, args, {
      secretIds: reverseSecret === undefined ? logins : [...logins, reverseSecret],
      networkLoadBalancerId,
      parent: this,
    });
    if (args.replication.schemaCopied === true) replicate(name, args, databases);
    const watched = { blue: blue.dbSystemId, green: green.dbSystemId };
    createAlarms(name, args, { databases: watched, networkLoadBalancerId }, this);
    this.cutoverInput = cutoverInput(name, args, databases, endpoint.spec);
    this.registerOutputs({
      topology: plainTopology(topology),
      bindings: { blue: blue.binding, green: green.binding },
      cutover: this.cutoverInput,
    });
  }
}

interface Sides {
  readonly blue: Database;
  readonly green: Database;
  readonly parent: pulumi.Resource;
}

function createEndpoint(
  name: string,
  args: BlueGreenDeploymentArgs,
  { blue, green, parent }: Sides,
): BlueGreenEndpoint {
  const { networks, idleTimeoutSeconds, healthCheck } = args;
  return new BlueGreenEndpoint(
    name,
    {
      compartmentId: args.compartmentId,
      vcnId: args.vcnId,
      subnetId: args.endpointSubnetId,
      blue: { server: blue.binding.server, ipAddress: blue.ipAddress },
      green: { server: green.binding.server, ipAddress: green.ipAddress },
      names: args.names,
      clientNetworks: [...new Set([...networks.clients, ...networks.runner])],
      databaseNetworks: networks.databases,
      ...(idleTimeoutSeconds === undefined ? {} : { idleTimeoutSeconds }),
      ...(healthCheck === undefined ? {} : { healthCheck }),
    },
    { parent },
  );
}

/** Secrets are there before anything flows, so that the host may read them by then. */
function withLogins(
  name: string,
  args: BlueGreenDeploymentArgs,
  { blue, green, parent }: Sides,
): ReplicatedDatabases {
  const { readerRole, reverse } = replicationNames(args);
  const reader = createLogin(`${name}-reader-login`, args, { roleName: readerRole, parent });
  const writer =
    args.replication.wayBack === false
      ? undefined
      : createLogin(`${name}-reverse-login`, args, { roleName: reverse, parent });
  return {
    blue: blue.binding,
    green: green.binding,
    readerSecret: reader.id,
    reverseSecret: writer?.id,
    parent,
  };
}
