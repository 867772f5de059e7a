import { type EndpointSpec, endpointServers, sideOf } from '../../postgres';
import { recordOf } from '../assembly';
import { type EndpointServices, requirePlayed } from './endpoint-resolver';

/**
 * Makes what a stack only refers to: the record, the address in a secret, or the target of a proxy, which leads to
 * `server` before the first cutover. A secret keeps its other fields.
 *
 * @throws PontoonError with code NOT_REHEARSED for a command, which would switch what is real.
 */
export function placeEndpoint(
  spec: EndpointSpec,
  { zones, secrets, proxies }: EndpointServices,
  server: string,
): void {
  requirePlayed(spec);
  switch (spec.kind) {
    case 'route53-record':
      zones.put(spec.hostedZoneId, {
        name: spec.recordName,
        type: 'CNAME',
        ttl: spec.ttlSeconds,
        values: [sideOf(spec.sides, server)],
      });
      break;
    case 'secret': {
      const { host, port, database } = sideOf(spec.sides, server);
      const kept = recordOf(JSON.parse(secrets.find(spec.secret)?.value ?? '{}'));
      const address = { host, port, ...(database === undefined ? {} : { dbname: database }) };
      secrets.put(
        secrets.find(spec.secret)?.arn ?? spec.secret,
        JSON.stringify({ ...kept, ...address }),
      );
      break;
    }
    case 'rds-proxy':
      for (const name of endpointServers(spec)) proxies.addCluster(sideOf(spec.sides, name));
      proxies.add(spec.proxy, spec.targetGroup, sideOf(spec.sides, server));
      break;
  }
}
