import {
  describeEndpoint,
  type EndpointSpec,
  type OciNetworkLoadBalancerSpec,
  type OciPrivateDnsRecordSpec,
  PontoonError,
  sideOf,
} from '../../postgres';
import { isRecord, recordOf } from '../assembly';
import type { EndpointResolver, TcpTarget } from '../endpoint';
import {
  type BackendSetDetails,
  LoadBalancerListener,
  NETWORK_LOAD_BALANCER_STAND_IN,
  PRIVATE_DNS_STAND_IN,
} from '../oci-cloud';
import type { StandIn } from '../servers';
import { type RegisteredDeployment, resourcesOf } from './deployment';
import type { OciPlace } from './oci-place';

const BACKEND_SET =
  'oci:NetworkLoadBalancer/networkLoadBalancersBackendSetsUnified:NetworkLoadBalancersBackendSetsUnified';
const LISTENER = 'oci:NetworkLoadBalancer/listener:Listener';
const RECORD = 'oci:Dns/rrset:Rrset';

/** An A record that the program registered. */
interface RegisteredRecord {
  readonly zoneId: string;
  readonly viewId: string;
  readonly domain: string;
  readonly address: string;
  /** Seconds. */
  readonly ttl: number;
}

/** What applications connect to, as the program registered it: a name, and what it leads to. */
export class ClientEndpoint {
  private listener: LoadBalancerListener | undefined;
  /** Where each address leads to on this machine. */
  private readonly addresses = new Map<string, TcpTarget>();

  private constructor(
    private readonly place: OciPlace,
    private readonly deployment: RegisteredDeployment,
    private readonly spec: OciNetworkLoadBalancerSpec | OciPrivateDnsRecordSpec,
    private readonly serverOf: (name: string) => TcpTarget,
  ) {}

  /**
   * Makes the records and the load balancer of the program; `serverOf` finds the server that stands for a side.
   *
   * @throws PontoonError with code NO_ENDPOINT if the program has no such endpoint.
   */
  public static async open(
    place: OciPlace,
    deployment: RegisteredDeployment,
    serverOf: (name: string) => TcpTarget,
  ): Promise<ClientEndpoint> {
    const spec = requirePlayed(deployment.cutover.input.endpoint);
    const endpoint = new ClientEndpoint(place, deployment, spec, serverOf);
    for (const record of endpoint.records())
      place.zones.put(record.zoneId, record.viewId, record.domain, [
        { address: record.address, ttl: record.ttl },
      ]);
    for (const [server, address] of Object.entries(spec.sides))
      endpoint.addresses.set(address, serverOf(server));
    if (spec.kind === 'oci-network-load-balancer') await endpoint.listen(spec);
    return endpoint;
  }

  /** Leads where the name and what is behind it say at that moment. */
  public get resolver(): EndpointResolver {
    const record = this.clientRecord();
    return async () => {
      const [found] = this.place.zones.find(record.zoneId, record.viewId, record.domain);
      return found === undefined ? undefined : this.addresses.get(found.address);
    };
  }

  /** What took the place of something. */
  public get standIns(): readonly StandIn[] {
    return this.listener === undefined
      ? [PRIVATE_DNS_STAND_IN]
      : [NETWORK_LOAD_BALANCER_STAND_IN, PRIVATE_DNS_STAND_IN];
  }

  public async close(): Promise<void> {
    await this.listener?.close();
  }

  private async listen({
    networkLoadBalancerId: id,
    backendSetName: name,
    sides,
  }: OciNetworkLoadBalancerSpec): Promise<void> {
    const { balancers } = this.place;
    const ofBalancer = (type: string) =>
      resourcesOf(this.deployment, type).find(({ given }) => given.networkLoadBalancerId === id)
        ?.given ?? {};
    balancers.put(id, name, ofBalancer(BACKEND_SET) as BackendSetDetails);
    const backendSet = balancers.find(id, name);
    if (backendSet === undefined) throw noEndpoint(`backend set '${name}'`);
    const { tcpIdleTimeout } = ofBalancer(LISTENER);
    this.listener = await LoadBalancerListener.start({
      backendSet,
      resolve: ({ ipAddress }) => {
        const side = Object.keys(sides).find((server) => sideOf(sides, server) === ipAddress);
        return side === undefined ? undefined : this.serverOf(side);
      },
      ...(typeof tcpIdleTimeout === 'number' ? { idleTimeoutMs: tcpIdleTimeout * 1000 } : {}),
    });
    balancers.attach(id, name, this.listener);
    this.addresses.set(this.clientRecord().address, {
      host: '127.0.0.1',
      port: this.listener.port,
    });
  }

  /** The record of the name that applications connect to. */
  private clientRecord(): RegisteredRecord {
    const { spec } = this;
    const sides: readonly string[] = Object.values(spec.sides);
    const found = this.records().find(({ domain, address }) =>
      spec.kind === 'oci-private-dns-record'
        ? domain === spec.recordName
        : !sides.includes(address),
    );
    if (found !== undefined) return found;
    throw noEndpoint('record for applications');
  }

  private records(): readonly RegisteredRecord[] {
    return resourcesOf(this.deployment, RECORD).map(({ given }) => {
      const [item] = Array.isArray(given.items) ? given.items.filter(isRecord) : [];
      return {
        zoneId: String(given.zoneNameOrId),
        viewId: String(given.viewId),
        domain: String(given.domain),
        address: String(recordOf(item).rdata),
        ttl: Number(recordOf(item).ttl),
      };
    });
  }
}

function requirePlayed(
  spec: EndpointSpec | undefined,
): OciNetworkLoadBalancerSpec | OciPrivateDnsRecordSpec {
  if (spec?.kind === 'oci-network-load-balancer' || spec?.kind === 'oci-private-dns-record')
    return spec;
  throw noEndpoint(
    'load balancer or private record in its cutover',
    spec === undefined ? 'none' : describeEndpoint(spec),
  );
}

function noEndpoint(what: string, got = 'none'): PontoonError {
  return new PontoonError(
    'NO_ENDPOINT',
    `a program must have a ${what} to be rehearsed, got ${got}; give its deployment an endpoint`,
  );
}
