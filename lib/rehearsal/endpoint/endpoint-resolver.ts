import {
  describeEndpoint,
  type EndpointSides,
  type EndpointSpec,
  type OciEndpointSpec,
  PontoonError,
  type SecretEndpointSpec,
} from '../../postgres';
import { recordOf } from '../assembly';
import type { HostedZones, RdsProxies, SecretStore } from '../aws-endpoint';
import type { EndpointResolver, TcpTarget } from './tcp-endpoint';

/** The services of the rehearsal that endpoints are held by. */
export interface EndpointServices {
  readonly zones: HostedZones;
  readonly secrets: SecretStore;
  readonly proxies: RdsProxies;
}

/**
 * Leads where the service that holds an endpoint says at that moment; nowhere if it says neither side. `serverOf`
 * finds a server of the rehearsal by its name in the topology.
 *
 * @throws PontoonError with code NOT_REHEARSED for a command, which would switch what is real.
 */
export function endpointResolver(
  spec: EndpointSpec,
  services: EndpointServices,
  serverOf: (name: string) => TcpTarget | undefined,
): EndpointResolver {
  requirePlayed(spec);
  return async () => {
    const side = sideNow(spec, services);
    return side === undefined ? undefined : serverOf(side);
  };
}

/** An endpoint that a service of the rehearsal holds. */
type PlayedEndpoint = Exclude<EndpointSpec, OciEndpointSpec | { readonly kind: 'command' }>;

/** Refuses an endpoint that nothing here stands in for. */
export function requirePlayed(spec: EndpointSpec): asserts spec is PlayedEndpoint {
  if (spec.kind === 'oci-network-load-balancer' || spec.kind === 'oci-private-dns-record') {
    throw new PontoonError(
      'NOT_REHEARSED',
      `an endpoint must be a record, a secret or a proxy to be rehearsed with a stack, got ${describeEndpoint(spec)}; rehearse it with the Pulumi program that it belongs to`,
    );
  }
  if (spec.kind !== 'command') return;
  throw new PontoonError(
    'NOT_REHEARSED',
    `an endpoint must be a record, a secret or a proxy to be rehearsed, got command '${spec.activate[0]}'; it would switch what is real: rehearse with one of the others`,
  );
}

function sideNow(
  spec: PlayedEndpoint,
  { zones, secrets, proxies }: EndpointServices,
): string | undefined {
  switch (spec.kind) {
    case 'route53-record':
      return sideWith(spec.sides, zones.find(spec.hostedZoneId, spec.recordName));
    case 'rds-proxy':
      return sideWith(spec.sides, proxies.find(spec.proxy, spec.targetGroup));
    case 'secret':
      return secretSide(spec, secrets.find(spec.secret)?.value ?? '{}');
  }
}

function sideWith(sides: EndpointSides<string>, value: string | undefined): string | undefined {
  const wanted = comparable(value ?? '');
  return Object.keys(sides).find((server) => comparable(sides[server] ?? '') === wanted);
}

function secretSide({ sides }: SecretEndpointSpec, value: string): string | undefined {
  const { host, port } = recordOf(JSON.parse(value));
  return Object.keys(sides).find((server) => {
    const side = sides[server];
    return side?.host === host && String(side?.port) === String(port);
  });
}

function comparable(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
