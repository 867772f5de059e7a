import { Names } from 'aws-cdk-lib';
import { type IConnectable, type ISubnet, Port } from 'aws-cdk-lib/aws-ec2';
import { Construct, type IDependable } from 'constructs';
import { deriveSettings, renderParameterGroup, type Topology } from '../../postgres';
import { AuroraTarget } from '../aurora';
import { ServerBinding } from '../server-binding';
import type { AuroraMigrationProps, ExistingSource } from './props';
import { SERVERS } from './topology';

/** The source, new or there already. */
export interface Source {
  /** Where it is, and its administrator's login. */
  readonly binding: ServerBinding;
  /** The administrator's role. */
  readonly administrator: string;
  /** Its network rules. */
  readonly connectable: IConnectable;
  /** The new cluster. */
  readonly cluster: AuroraTarget | undefined;
}

/** Makes the cluster, or takes the one that is there. `topology` is the whole one, also before changes flow. */
export function createSource(
  scope: Construct,
  props: AuroraMigrationProps,
  topology: Topology,
): Source {
  const { source, vpc, encryptionKey } = props;
  if (source.existing !== undefined) return existingSource(props, source.existing);
  const cluster = new AuroraTarget(scope, 'Source', {
    ...source.cluster,
    vpc,
    majorVersion: source.majorVersion,
    databaseName: source.databaseName,
    serverName: SERVERS.source,
    description: 'The Aurora cluster that changes are replicated from',
    replicationParameters: renderParameterGroup(deriveSettings(topology, SERVERS.source)),
    ...(source.subnets === undefined ? {} : { subnets: source.subnets }),
    ...(encryptionKey === undefined ? {} : { encryptionKey }),
  });
  return {
    binding: cluster.binding,
    administrator: cluster.administrator,
    connectable: cluster,
    cluster,
  };
}

function existingSource(
  { source }: AuroraMigrationProps,
  { cluster, secret, username }: ExistingSource,
): Source {
  const { hostname, port } = cluster.clusterEndpoint;
  const binding = new ServerBinding({
    server: SERVERS.source,
    host: hostname,
    port,
    database: source.databaseName,
    secret,
    caCertificate: 'aws-rds',
  });
  return { binding, administrator: username, connectable: cluster, cluster: undefined };
}

/** Lets `client` reach `server`, whose objects and subscriptions wait for it. */
export function allow(
  client: IConnectable,
  { binding, connectable }: Pick<Source, 'binding' | 'connectable'>,
  purpose: string,
): void {
  connectable.connections.allowFrom(client, Port.tcp(binding.port), purpose);
}

/** Routes to a source in another VPC, and back. */
export function routeToSource(
  scope: Construct,
  { source, vpc }: AuroraMigrationProps,
  subnets: readonly ISubnet[],
): IDependable[] {
  const peering = source.existing?.peering;
  if (peering === undefined) return [];
  const there = oneOfEachRouteTable(subnets).flatMap((subnet) => {
    // Named after the subnet: a route that moved to another id could not be made while the old one is there.
    const routes = new Construct(scope, `SourceRoutes${Names.uniqueResourceName(subnet, {})}`);
    return peering.route.addTo(routes, subnet, peering.cidrs);
  });
  const back = (peering.returnRouteTableIds ?? []).map((routeTableId, index) =>
    peering.route.addToTable(new Construct(scope, `ReturnRoute${index + 1}`), routeTableId, [
      vpc.vpcCidrBlock,
    ]),
  );
  return [...there, ...back.flat()];
}

function oneOfEachRouteTable(subnets: readonly ISubnet[]): ISubnet[] {
  const byTable = new Map(subnets.map((subnet) => [subnet.routeTable.routeTableId, subnet]));
  return [...byTable.values()];
}
