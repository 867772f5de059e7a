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

/** A load balancer that is there, with what the set of this name leads to. */
export interface FoundLoadBalancer {
  readonly id: string;
  readonly displayName: string;
  readonly backends: readonly Backend[];
}

/**
 * The server that clients are led to now, by its name: as this load balancer says, or, if it is new, the one that it
 * replaces. See adr/0001-the-active-side-is-read.md.
 */
export function readActiveSide(
  displayName: string,
  { compartmentId, blue, green }: BlueGreenEndpointArgs,
  backendSetName: string,
  networkLoadBalancer: oci.networkloadbalancer.NetworkLoadBalancer,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const { id } = networkLoadBalancer;
  // All sets are asked for, since asking for one that is not there yet fails.
  const own = oci.networkloadbalancer
    .getBackendSetsOutput({ networkLoadBalancerId: id }, { parent })
    .apply((found) => backendsOf(found, backendSetName));
  const there = loadBalancers(compartmentId, backendSetName, parent);
  return pulumi
    .all([id, own, there, blue.ipAddress, green.ipAddress])
    .apply(([ownId, backends, found, blueAddress, greenAddress]) => {
      const sides = {
        blue: { server: blue.server, ipAddress: blueAddress },
        green: { server: green.server, ipAddress: greenAddress },
      };
      if (backends.length > 0) return activeSide(backends, sides);
      return inheritedSide(
        displayName,
        found.filter((other) => other.id !== ownId),
        sides,
      );
    });
}

/** All load balancers of the compartment: one that is replaced may have had another name. */
function loadBalancers(
  compartmentId: pulumi.Input<string>,
  backendSetName: string,
  parent: pulumi.Resource,
): pulumi.Output<FoundLoadBalancer[]> {
  return oci.networkloadbalancer
    .getNetworkLoadBalancersOutput({ compartmentId }, { parent })
    .networkLoadBalancerCollections.apply((collections) =>
      Promise.all(
        collections
          .flatMap(({ items }) => items)
          .filter(({ state }) => !['DELETED', 'DELETING', 'FAILED'].includes(state))
          .map(async ({ id, displayName }) => {
            const sets = await oci.networkloadbalancer.getBackendSets(
              { networkLoadBalancerId: id },
              { parent },
            );
            return { id, displayName, backends: backendsOf(sets, backendSetName) };
          }),
      ),
    );
}

function backendsOf(
  {
    backendSetCollections,
  }: Pick<oci.networkloadbalancer.GetBackendSetsResult, 'backendSetCollections'>,
  backendSetName: string,
): readonly Backend[] {
  const sets = backendSetCollections.flatMap(({ items }) => items);
  return sets.find(({ name }) => name === backendSetName)?.backends ?? [];
}

/**
 * The server that a new load balancer leads to: where those lead that it replaces, and the blue one if there are none. Of
 * `others` that are those with its name, and those in front of the same two databases.
 *
 * @throws PontoonError with code ENDPOINT_UNKNOWN_SIDE if they contradict each other, or one leads to no side.
 */
export function inheritedSide(
  displayName: string,
  others: readonly FoundLoadBalancer[],
  sides: Sides,
): string {
  const addresses = [sides.blue.ipAddress, sides.green.ipAddress];
  const replaced = others.filter(
    (other) =>
      other.backends.length > 0 &&
      (other.displayName === displayName ||
        addresses.every((address) =>
          other.backends.some(({ ipAddress }) => ipAddress === address),
        )),
  );
  const [first, ...rest] = new Set(replaced.map(({ backends }) => activeSide(backends, sides)));
  if (rest.length > 0)
    throw unknown(
      `must lead where those lead that it replaces, got ${replaced.map(({ id }) => id).join(' and ')}, which lead to different sides`,
    );
  return first ?? sides.blue.server;
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
