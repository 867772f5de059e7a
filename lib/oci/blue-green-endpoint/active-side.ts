import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import { PontoonError } from '../../postgres';
import type { BlueGreenEndpointArgs } from './args';

/** One side, as a load balancer has it. */
export interface Backend {
  readonly ipAddress: string;
  readonly isOffline: boolean;
  readonly isDrain: boolean;
  readonly isBackup: boolean;
}

/** What is known when a side is looked for. */
interface Sides {
  readonly blue: { readonly server: string; readonly ipAddress: string };
  readonly green: { readonly server: string; readonly ipAddress: string };
}

/**
 * The server that `networkLoadBalancerId` leads to now, by its name; the blue one as long as there is no backend set. See
 * adr/0001-the-active-side-is-read.md.
 */
export function readActiveSide(
  { blue, green }: BlueGreenEndpointArgs,
  backendSetName: string,
  networkLoadBalancer: oci.networkloadbalancer.NetworkLoadBalancer,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  // All sets are asked for, since asking for one that is not there yet fails.
  const found = oci.networkloadbalancer.getBackendSetsOutput(
    { networkLoadBalancerId: networkLoadBalancer.id },
    { parent },
  );
  return pulumi
    .all([found.backendSetCollections, blue.ipAddress, green.ipAddress])
    .apply(([collections, blueAddress, greenAddress]) => {
      const set = collections
        .flatMap(({ items }) => items)
        .find(({ name }) => name === backendSetName);
      return activeSide(set?.backends ?? [], {
        blue: { server: blue.server, ipAddress: blueAddress },
        green: { server: green.server, ipAddress: greenAddress },
      });
    });
}

/**
 * The server that `backends` lead to; the blue one if there are none.
 *
 * @throws PontoonError with code ENDPOINT_UNKNOWN_SIDE if they lead to none, to both, or elsewhere.
 */
export function activeSide(backends: readonly Backend[], { blue, green }: Sides): string {
  if (backends.length === 0) return blue.server;
  const active = backends.filter(
    ({ isOffline, isDrain, isBackup }) => !isOffline && !isDrain && !isBackup,
  );
  const addresses = active.map(({ ipAddress }) => ipAddress).join(' and ') || 'none';
  const [one, ...others] = active;
  if (one === undefined || others.length > 0)
    throw unknown(`must have exactly one active backend, got ${addresses}`);
  const side = [blue, green].find(({ ipAddress }) => ipAddress === one.ipAddress);
  if (side !== undefined) return side.server;
  throw unknown(
    `must lead to '${blue.server}' at ${blue.ipAddress} or '${green.server}' at ${green.ipAddress}, got ${addresses}`,
  );
}

function unknown(rule: string): PontoonError {
  return new PontoonError(
    'ENDPOINT_UNKNOWN_SIDE',
    `the load balancer ${rule}; nothing is changed, since that might let two databases be written to: see 'pontoon status', and correct the load balancer first`,
  );
}
