import * as pulumi from '@pulumi/pulumi';
import { createTopology, plainTopology, topologyWarnings } from '../../postgres';
import { BlueGreenEndpoint } from '../blue-green-endpoint';
import { withSecretKeys } from '../database-object';
import { createAlarms } from './alarms';
import type { BlueGreenDeploymentArgs } from './args';
import { cutoverInput } from './cutover';
import { createDatabases, type Database, type Databases, unmoved } from './databases';
import { allowRunner, createLogin } from './logins';
import { type ReplicatedDatabases, replicate } from './replicate';
import { replicationNames } from './specs';
import { blueGreenTopology } from './topology';
import { validate } from './validate';
import { watch } from './watch';

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
  /** The OCID of the blue database, of a new one or of the one that was there; undefined once it is retired. */
  public readonly blueDbSystemId?: pulumi.Output<string>;
  /** The OCID of the green database, of a new one or of the one that was there. */
  public readonly greenDbSystemId: pulumi.Output<string>;
  /** The name that applications connect to, whichever side is active. */
  public readonly host: string;
  /** What applications put into their connection strings besides name, database and login, as libpq has it. */
  public readonly clientParameters: string;
  /**
   * The certificates that sign those of both databases, in PEM: for the file that applications name in `sslrootcert`, so
   * that they trust whichever side they are led to.
   */
  public readonly caCertificates: pulumi.Output<string>;
  /** The address that resolvers of other networks forward the zone to; undefined without `dnsListener`. */
  public readonly dnsAddress: pulumi.Output<string> | undefined;
  /** The OCID of the network load balancer behind the name. */
  public readonly networkLoadBalancerId: pulumi.Output<string>;
  /** What `pontoon cutover` reads on stdin. It names secrets, and holds none. Undefined once the blue database is retired. */
  public readonly cutoverInput?: pulumi.Output<string>;

  constructor(name: string, args: BlueGreenDeploymentArgs, opts?: pulumi.ComponentResourceOptions) {
    super(
      'pontoon:index:BlueGreenDeployment',
      name,
      { ...args, runner: withSecretKeys(args.runner) },
      opts,
    );
    validate(name, args);
    const topology = createTopology(blueGreenTopology(args));
    for (const warning of topologyWarnings(topology)) void pulumi.log.warn(warning, this);
    const databases = createDatabases(name, args, this);
    const { blue, green } = databases;
    this.greenDbSystemId = pulumi.output(green.dbSystemId);
    const endpoint = createEndpoint(name, args, databases, this);
    this.host = endpoint.host;
    this.clientParameters = endpoint.clientParameters;
    this.dnsAddress = endpoint.dnsAddress;
    this.caCertificates = pulumi
      .all([blue, green].flatMap((side) => side?.binding.caCertificate ?? []))
      .apply(bundle);
    this.networkLoadBalancerId = endpoint.networkLoadBalancerId;
    createAlarms(
      name,
      args,
      { databases, networkLoadBalancerId: endpoint.networkLoadBalancerId },
      this,
    );
    if (blue === undefined) {
      this.registerOutputs({ bindings: { green: green.binding } });
      return;
    }
    this.blueDbSystemId = pulumi.output(blue.dbSystemId);
    this.cutoverInput = replication(name, args, { blue, green, endpoint, parent: this });
    this.registerOutputs({
      topology: plainTopology(topology),
      bindings: { blue: blue.binding, green: green.binding },
      cutover: this.cutoverInput,
    });
  }
}

function createEndpoint(
  name: string,
  args: BlueGreenDeploymentArgs,
  { blue, green }: Databases,
  parent: pulumi.Resource,
): BlueGreenEndpoint {
  const { networks, idleTimeoutSeconds, healthCheck, dnsListener } = args;
  const side = ({ binding: { server }, ipAddress }: Database) => ({ server, ipAddress });
  return new BlueGreenEndpoint(
    name,
    {
      compartmentId: args.compartmentId,
      vcnId: args.vcnId,
      subnetId: args.endpointSubnetId,
      ...(blue === undefined ? {} : { blue: side(blue) }),
      green: side(green),
      names: args.names,
      clientNetworks: [...new Set([...networks.clients, ...networks.runner])],
      databaseNetworks: networks.databases,
      ...(idleTimeoutSeconds === undefined ? {} : { idleTimeoutSeconds }),
      ...(healthCheck === undefined ? {} : { healthCheck }),
      ...(dnsListener === undefined ? {} : { dnsListener }),
    },
    { parent },
  );
}

interface Sides {
  readonly blue: Database;
  readonly green: Database;
  readonly endpoint: BlueGreenEndpoint;
  readonly parent: pulumi.Resource;
}

/** What the runner host needs, and, once the schema is copied, everything that replicates. Returns what a cutover reads. */
function replication(
  name: string,
  args: BlueGreenDeploymentArgs,
  sides: Sides,
): pulumi.Output<string> {
  const databases = withLogins(name, args, sides);
  const { blue, green, readerSecret, reverseSecret, parent } = databases;
  const logins = [blue.secret, green.secret, readerSecret];
  const policy = allowRunner(name, args, {
    secretIds: reverseSecret === undefined ? logins : [...logins, reverseSecret],
    parent,
  });
  const dependsOn = policy === undefined ? [] : [policy];
  if (args.replication.schemaCopied === true) replicate(name, args, databases, dependsOn);
  const cutover = cutoverInput(name, args, databases, sides.endpoint.spec);
  watch(name, args, cutover, { parent, dependsOn });
  return cutover;
}

/** Secrets are there before anything flows, so that the host may read them by then. */
function withLogins(
  name: string,
  args: BlueGreenDeploymentArgs,
  { blue, green, endpoint, parent }: Sides,
): ReplicatedDatabases {
  const { readerRole, reverse } = replicationNames(args);
  const reader = createLogin(`${name}-reader-login`, args, { roleName: readerRole, parent });
  const writer =
    args.replication.wayBack === false
      ? undefined
      : createLogin(`${name}-reverse-login`, args, { roleName: reverse, parent });
  const binding = (database: Database) =>
    args.replication.schemaCopied === true
      ? unmoved(database, endpoint.earlierAddresses)
      : database.binding;
  return {
    blue: binding(blue),
    green: binding(green),
    readerSecret: reader.id,
    reverseSecret: writer?.id,
    parent,
  };
}

/** Several texts of certificates as one, each once. */
function bundle(certificates: readonly string[]): string {
  return [...new Set(certificates.map((text) => `${text.trim()}\n`))].join('');
}
