import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import { createSecurityGroup } from '../networks';
import { PORT } from '../postgres-db-system';
import { type Led, readActiveSide } from './active-side';
import type { BlueGreenEndpointArgs, EndpointSide } from './args';

/** A load balancer, and the side that it leads to. */
export interface LoadBalancer {
  readonly networkLoadBalancer: oci.networkloadbalancer.NetworkLoadBalancer;
  readonly backendSet: oci.networkloadbalancer.NetworkLoadBalancersBackendSetsUnified;
  readonly backendSetName: string;
  /** What it led to before. */
  readonly led: Led;
}

export const IDLE_TIMEOUT_SECONDS = 360;

/** Listens on the port of the databases, and leads to the one of them that is active. */
export function createLoadBalancer(
  name: string,
  args: BlueGreenEndpointArgs,
  parent: pulumi.Resource,
): LoadBalancer {
  const { compartmentId, vcnId, subnetId, clientNetworks: from, databaseNetworks: to } = args;
  const group = createSecurityGroup(
    `${name}-endpoint`,
    { compartmentId, vcnId, port: PORT, from, to },
    parent,
  );
  // Which side is active is kept nowhere else.
  const protect = args.protect ?? true;
  const networkLoadBalancer = new oci.networkloadbalancer.NetworkLoadBalancer(
    name,
    {
      compartmentId,
      subnetId,
      displayName: name,
      isPrivate: true,
      networkSecurityGroupIds: [group.id],
    },
    { parent, protect },
  );
  const backendSetName = 'databases';
  const led = readActiveSide(name, args, backendSetName, networkLoadBalancer, parent);
  const backendSet = new oci.networkloadbalancer.NetworkLoadBalancersBackendSetsUnified(
    `${name}-databases`,
    {
      networkLoadBalancerId: networkLoadBalancer.id,
      name: backendSetName,
      policy: 'FIVE_TUPLE',
      backends: sidesOf(args).map((side) => backend(side, led.activeServer)),
      healthChecker: healthChecker(args),
      // Backends are given by address, which would otherwise answer to clients that never asked them.
      isPreserveSource: false,
      // Either would send writes to the side that nobody switched to.
      isFailOpen: false,
      isInstantFailoverEnabled: false,
    },
    { parent, protect },
  );
  new oci.networkloadbalancer.Listener(
    `${name}-listener`,
    {
      networkLoadBalancerId: networkLoadBalancer.id,
      name: 'postgresql',
      protocol: 'TCP',
      port: PORT,
      defaultBackendSetName: backendSet.name,
      tcpIdleTimeout: args.idleTimeoutSeconds ?? IDLE_TIMEOUT_SECONDS,
    },
    { parent },
  );
  return { networkLoadBalancer, backendSet, backendSetName, led };
}

/** Those that there are: the blue side may be retired. */
export function sidesOf({ blue, green }: BlueGreenEndpointArgs): EndpointSide[] {
  return blue === undefined ? [green] : [blue, green];
}

/** The side that is not active takes no connection, and is never a backup for the other. */
function backend({ server, ipAddress }: EndpointSide, activeServer: pulumi.Output<string>) {
  const inactive = activeServer.apply((active) => active !== server);
  return {
    name: pulumi.interpolate`${ipAddress}:${PORT}`,
    ipAddress,
    port: PORT,
    isBackup: false,
    // Draining is enough, as a switch does it: offline, it would leave clients in silence that are just being refused.
    isOffline: false,
    isDrain: inactive,
    weight: 1,
  };
}

function healthChecker({ healthCheck = {} }: BlueGreenEndpointArgs) {
  return {
    protocol: 'TCP',
    port: PORT,
    intervalInMillis: healthCheck.intervalMs ?? 10_000,
    timeoutInMillis: healthCheck.timeoutMs ?? 3000,
    retries: healthCheck.retries ?? 3,
  };
}
