import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import { PontoonError } from '../../postgres';
import type { BlueGreenEndpointArgs, EndpointSide } from './args';

/** One side, as a load balancer has it. */
export interface Backend {
  readonly ipAddress: string;
  readonly isOffline: boolean;
  readonly isDrain: boolean;
  readonly isBackup: boolean;
}

/** What is known when a side is looked for. */
interface Sides {
  /** Undefined once it is retired. */
  readonly blue: Side | undefined;
  readonly green: Side;
}

interface Side {
  readonly server: string;
  readonly ipAddress: string;
}

/** What a load balancer leads to. */
export interface Led {
  /** The server that clients are led to now, by its name. */
  readonly activeServer: pulumi.Output<string>;
  /** The addresses of the sides that it knows; none if it is new. */
  readonly addresses: pulumi.Output<string[]>;
}

/** A load balancer that is there, with what the set of this name leads to. */
export interface FoundLoadBalancer {
  readonly id: string;
  readonly displayName: string;
  readonly backends: readonly Backend[];
}

/**
 * The server that clients are led to now: as this load balancer says, or, if it is new, the one that it replaces. See
 * adr/0001-the-active-side-is-read.md.
 */
export function readActiveSide(
  displayName: string,
  { compartmentId, blue, green }: BlueGreenEndpointArgs,
  backendSetName: string,
  networkLoadBalancer: oci.networkloadbalancer.NetworkLoadBalancer,
  parent: pulumi.Resource,
): Led {
  const { id } = networkLoadBalancer;
  // All sets are asked for, since asking for one that is not there yet fails.
  const own = oci.networkloadbalancer
    .getBackendSetsOutput({ networkLoadBalancerId: id }, { parent })
    .apply((found) => backendsOf(found, backendSetName));
  const there = loadBalancers(compartmentId, backendSetName, parent);
  const activeServer = pulumi
    .all([id, own, there, sideOf(blue), sideOf(green)])
    .apply(([ownId, backends, found, blueSide, greenSide]) => {
      const sides = { blue: blueSide, green: greenSide };
      if (backends.length > 0) return activeSide(backends, sides);
      const others = found.filter((other) => other.id !== ownId);
      for (const warning of namesakes(displayName, others, sides))
        void pulumi.log.warn(warning, parent);
      return inheritedSide(displayName, others, sides);
    });
  return {
    activeServer,
    addresses: own.apply((backends) => backends.map(({ ipAddress }) => ipAddress)),
  };
}

function sideOf(side: EndpointSide): pulumi.Output<Side>;
function sideOf(side: EndpointSide | undefined): pulumi.Output<Side | undefined>;
function sideOf(side: EndpointSide | undefined): pulumi.Output<Side | undefined> {
  if (side === undefined) return pulumi.output(undefined);
  const { server, ipAddress } = side;
  return pulumi.output(ipAddress).apply((address) => ({ server, ipAddress: address }));
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
 * `others` that are those with its name that know one of the two databases, and those in front of both.
 *
 * @throws PontoonError with code ENDPOINT_UNKNOWN_SIDE if they contradict each other, or one leads to no side.
 */
export function inheritedSide(
  displayName: string,
  others: readonly FoundLoadBalancer[],
  sides: Sides,
): string {
  const { blue, green } = sides;
  const isInFront = ({ backends }: FoundLoadBalancer): boolean =>
    blue !== undefined &&
    [blue, green].every((side) => backends.some(({ ipAddress }) => ipAddress === side.ipAddress));
  const replaced = others.filter(
    (other) => isInFront(other) || (other.displayName === displayName && knowsOneOf(other, sides)),
  );
  const [first, ...rest] = new Set(replaced.map(({ backends }) => activeSide(backends, sides)));
  if (rest.length > 0)
    throw unknown(
      `must lead where those lead that it replaces, got ${replaced.map(({ id }) => id).join(' and ')}, which lead to different sides`,
    );
  return first ?? (blue ?? green).server;
}

/** Says which of `others` have its name and are somebody else's: another stack's, or of databases that are gone. */
export function namesakes(
  displayName: string,
  others: readonly FoundLoadBalancer[],
  sides: Sides,
): string[] {
  return others
    .filter((other) => other.displayName === displayName && other.backends.length > 0)
    .filter((other) => !knowsOneOf(other, sides))
    .map(
      ({ id }) =>
        `the compartment has another load balancer called '${displayName}', which leads to neither database and is left alone: ${id}; if it is another stack's, give one of the two another name`,
    );
}

function knowsOneOf({ backends }: FoundLoadBalancer, { blue, green }: Sides): boolean {
  return backends.some(({ ipAddress }) => [blue, green].some((s) => s?.ipAddress === ipAddress));
}

/**
 * The server that `backends` lead to; the blue one, or the only one, if there are none.
 *
 * @throws PontoonError with code ENDPOINT_UNKNOWN_SIDE if they lead to none, to both, or elsewhere.
 */
export function activeSide(backends: readonly Backend[], { blue, green }: Sides): string {
  if (backends.length === 0) return (blue ?? green).server;
  const active = backends.filter(
    ({ isOffline, isDrain, isBackup }) => !isOffline && !isDrain && !isBackup,
  );
  const addresses = active.map(({ ipAddress }) => ipAddress).join(' and ') || 'none';
  const [one, ...others] = active;
  if (one === undefined || others.length > 0)
    throw unknown(`must have exactly one active backend, got ${addresses}`);
  const side = [blue, green].find((candidate) => candidate?.ipAddress === one.ipAddress);
  if (side !== undefined) return side.server;
  if (blue === undefined)
    throw new PontoonError(
      'ENDPOINT_ELSEWHERE',
      `the load balancer must lead to '${green.server}' at ${green.ipAddress} before the other side is retired, got ${addresses}; walk 'pontoon cutover' and 'pontoon finalize' first`,
    );
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
