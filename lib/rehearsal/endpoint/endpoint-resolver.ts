import { openEndpoint } from '../../endpoints';
import type { EndpointSides, EndpointSpec, SecretEndpointSpec } from '../../postgres';
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
 */
export function endpointResolver(
  spec: EndpointSpec,
  services: EndpointServices,
  serverOf: (name: string) => TcpTarget | undefined,
): EndpointResolver {
  return async () => {
    const side = await sideNow(spec, services);
    return side === undefined ? undefined : serverOf(side);
  };
}

async function sideNow(
  spec: EndpointSpec,
  { zones, secrets, proxies }: EndpointServices,
): Promise<string | undefined> {
  switch (spec.kind) {
    case 'route53-record':
      return sideWith(spec.sides, zones.find(spec.hostedZoneId, spec.recordName));
    case 'rds-proxy':
      return sideWith(spec.sides, proxies.find(spec.proxy, spec.targetGroup));
    case 'secret':
      return secretSide(spec, secrets.find(spec.secret)?.value ?? '{}');
    case 'command':
      return await openEndpoint(spec).active();
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
