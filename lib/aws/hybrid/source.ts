import { Names } from 'aws-cdk-lib';
import { type ISubnet, Peer, Port } from 'aws-cdk-lib/aws-ec2';
import { Construct, type IDependable } from 'constructs';
import { LinkKind, linksFrom, namesOf, standbyLinkInto, type Topology } from '../../postgres';
import { createLogin } from '../login';
import { Heartbeat, PhysicalSlot, ReplicationRole } from '../objects';
import { Preflight } from '../preflight';
import type { RunnerFunction } from '../runner-function';
import { ServerBinding } from '../server-binding';
import { SERVERS, slotsOf } from './hybrid-topology';
import type { HybridMigrationProps } from './props';

/** What the standby needs of the source. */
export interface PreparedSource {
  /** The source. */
  readonly binding: ServerBinding;
  /** The login of the standby there. */
  readonly standbySecret: ReturnType<typeof createLogin>;
  /** What must be there before the standby boots. */
  readonly ready: readonly IDependable[];
}

/** Opens the way to the source: routes, and the runner's rule. */
export function bindSource(
  scope: Construct,
  props: HybridMigrationProps,
  runner: RunnerFunction,
  subnets: readonly ISubnet[],
): ServerBinding {
  const { source } = props;
  const port = source.port ?? 5432;
  const binding = new ServerBinding({
    server: SERVERS.source,
    host: source.host,
    port,
    database: source.databaseName,
    secret: source.secret,
    caCertificate: source.caCertificate,
    ...(source.sslMode === undefined ? {} : { sslMode: source.sslMode }),
  });
  for (const cidr of source.cidrs) {
    runner.securityGroup.addEgressRule(Peer.ipv4(cidr), Port.tcp(port), 'objects on the source');
  }
  for (const subnet of oneOfEachRouteTable(subnets)) {
    // Named after the subnet: a route that moved to another id could not be made while the old one is there.
    const routes = new Construct(scope, `SourceRoutes${Names.uniqueResourceName(subnet, {})}`);
    binding.dependsOn(...source.route.addTo(routes, subnet, source.cidrs));
  }
  return binding;
}

/** Checks the source, and makes there what the standby needs. */
export function prepareSource(
  scope: Construct,
  props: HybridMigrationProps,
  options: {
    readonly runner: RunnerFunction;
    readonly source: ServerBinding;
    readonly topology: Topology;
    readonly hba: string;
  },
): PreparedSource {
  const { runner, source: server, topology } = options;
  const { standbyRole, heartbeat: heartbeatName } = namesOf(props);
  const standbySecret = createLogin(scope, 'StandbyLogin', {
    username: standbyRole,
    description: 'The standby streams from the source with it',
    ...(props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey }),
  });
  if (standbyLinkInto(topology, SERVERS.standby) === undefined) {
    return { binding: server, standbySecret, ready: [] };
  }
  const preflight = new Preflight(scope, 'SourcePreflight', {
    ...props.preflight,
    runner,
    server,
    topology,
    hba: options.hba,
  });
  runner.ledgerOn(server, scope).node.addDependency(preflight);
  const heartbeat = new Heartbeat(scope, 'SourceHeartbeat', {
    runner,
    server,
    ...(props.namePrefix === undefined ? {} : { heartbeatName }),
  });
  const role = new ReplicationRole(scope, 'StandbyRole', {
    runner,
    server,
    roleName: standbyRole,
    // A cutover takes the right from everybody who need not have it, and could not take back what is granted here.
    connect: false,
    passwordSecret: standbySecret,
  });
  const slot = new PhysicalSlot(scope, 'StandbySlot', {
    runner,
    server,
    slotName: slotsOf(props).physical,
  });
  return { binding: server, standbySecret, ready: [heartbeat, role, slot] };
}

/** Whether anything is decoded on the standby while it still follows the source. */
export function decodesOnStandby(topology: Topology): boolean {
  return (
    standbyLinkInto(topology, SERVERS.standby) !== undefined &&
    linksFrom(topology, SERVERS.standby).some((link) => link.kind !== LinkKind.PHYSICAL)
  );
}

function oneOfEachRouteTable(subnets: readonly ISubnet[]): ISubnet[] {
  const byTable = new Map(subnets.map((subnet) => [subnet.routeTable.routeTableId, subnet]));
  return [...byTable.values()];
}
