import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEndpoint } from '../../lib/endpoints';
import type { Endpoint, OciEndpointSpec } from '../../lib/postgres';
import {
  LoadBalancerListener,
  LoadBalancers,
  OciEndpointStandIn,
  ociCredentials,
  PrivateZones,
} from '../../lib/rehearsal/oci-cloud';
import { CutoverLab } from '../runner/cutover/lab';
import { Resolver, untilForgotten } from '../runner/cutover/resolver';
import { contradictions, JournalWriter, untilWritten } from '../runner/cutover/writer';

const CLIENTS = 10;
const PACE_MS = 20;
/** As a connection pool does; a refused login costs a server more than a write. */
const RETRY_MS = 25;
const SETTLE_WRITES = 50;
/** Clients that wait for ever would do so where the load balancer leaves them in silence. */
const TIMEOUT_MS = 2_000;
/** What a change of a backend set takes in the stand-in. */
const CHANGE_MS = 1_000;
/** As `BlueGreenEndpoint` makes its names; the article says no number. */
const TTL_SECONDS = 5;

const BALANCER = 'ocid1.networkloadbalancer.oc1..bench';
const SET = 'databases';
const ZONE = 'ocid1.dns-zone.oc1..bench';
const VIEW = 'ocid1.dnsview.oc1..bench';
const NAME = 'nlb-app.postgres.local';
const BALANCER_ADDRESS = '10.0.0.10';
const SIDES = { blue: '10.0.1.10', green: '10.0.2.10' } as const;

/** What the name of the applications leads to, and what switches them. */
export type SwitchedBy = OciEndpointSpec['kind'];

const ENDPOINTS: { readonly [Kind in SwitchedBy]: OciEndpointSpec } = {
  'oci-network-load-balancer': {
    kind: 'oci-network-load-balancer',
    networkLoadBalancerId: BALANCER,
    backendSetName: SET,
    sides: SIDES,
  },
  'oci-private-dns-record': {
    kind: 'oci-private-dns-record',
    zoneId: ZONE,
    viewId: VIEW,
    recordName: NAME,
    ttlSeconds: TTL_SECONDS,
    sides: SIDES,
  },
};

/** Two servers, a load balancer before them, and clients that write to where the name `nlb-app` leads. */
export class Site {
  public readonly endpoint: Endpoint;
  private readonly resolvers: readonly Resolver[];
  private readonly writers: readonly JournalWriter[];
  private readonly begun = performance.now();

  private constructor(
    public readonly lab: CutoverLab,
    switchedBy: SwitchedBy,
    private readonly services: OciServices,
    private readonly listener: LoadBalancerListener,
  ) {
    this.endpoint = openEndpoint(ENDPOINTS[switchedBy]);
    const record = () => services.zones.find(ZONE, VIEW, NAME);
    this.resolvers = Array.from({ length: CLIENTS }, () => new Resolver(record));
    const login = { ...lab.application(), query_timeout: TIMEOUT_MS };
    this.writers = this.resolvers.map((resolver, client) => {
      const where = () => ({ ...login, port: this.portAt(resolver.address()) });
      return new JournalWriter(client, where, PACE_MS, RETRY_MS);
    });
  }

  public static async open(switchedBy: SwitchedBy): Promise<Site> {
    const lab = await CutoverLab.start([16, 17]);
    const services = await OciServices.start();
    const { balancers, zones } = services;
    balancers.put(BALANCER, SET, backends('blue'));
    const address = switchedBy === 'oci-private-dns-record' ? SIDES.blue : BALANCER_ADDRESS;
    zones.put(ZONE, VIEW, NAME, [{ address, ttl: TTL_SECONDS }]);
    const backendSet = balancers.find(BALANCER, SET);
    if (backendSet === undefined) throw new Error('the set must have been kept');
    const listener = await LoadBalancerListener.start({
      backendSet,
      resolve: ({ ipAddress }) => serverAt(lab, ipAddress),
    });
    balancers.attach(BALANCER, SET, listener);
    return new Site(lab, switchedBy, services, listener);
  }

  /** Waits until all write, and says at which rate. */
  public async settle(): Promise<number> {
    await untilWritten(this.writers, SETTLE_WRITES);
    const written = this.writers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
    return (written / (performance.now() - this.begun)) * 1000;
  }

  /** Counts the time from now on, when every client has been connected for longer than it remembers the name. */
  public async begin(): Promise<void> {
    await untilForgotten(this.resolvers);
    this.takeLongest();
  }

  /** The longest time that a client waited, once all write again. */
  public async longest(): Promise<number> {
    await untilWritten(this.writers, SETTLE_WRITES);
    return this.takeLongest();
  }

  /** Has `side` alone take connections, or none, as a change in the console does. */
  public async flip(side: keyof typeof SIDES | undefined): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, CHANGE_MS));
    this.services.balancers.put(BALANCER, SET, backends(side));
  }

  /** Acknowledged writes that the side does not have that clients are led to. */
  public async lost(): Promise<number> {
    await Promise.all(this.writers.map((writer) => writer.stop()));
    const client = await this.lab.current.superuser();
    const found = await contradictions(client, this.writers).finally(() => client.end());
    return found.filter((one) => one.endsWith(' lost')).length;
  }

  public async close(): Promise<void> {
    await Promise.all(this.writers.map((writer) => writer.stop()));
    await this.listener.close();
    await this.services.stop();
    await this.lab.stop();
  }

  private takeLongest(): number {
    return Math.max(...this.writers.map((writer) => writer.takeLongestGap()));
  }

  private portAt(address: string): number {
    return address === BALANCER_ADDRESS ? this.listener.port : serverAt(this.lab, address).port;
  }
}

/** The services of OCI that hold a site's load balancer and names. */
class OciServices {
  public readonly balancers = new LoadBalancers(CHANGE_MS);
  public readonly zones = new PrivateZones();

  private constructor(
    private readonly endpoint: OciEndpointStandIn,
    private readonly directory: string,
  ) {
    for (const service of [this.balancers, this.zones]) endpoint.add(service.routes);
    Object.assign(process.env, ociCredentials(directory, endpoint.url));
  }

  public static async start(): Promise<OciServices> {
    const directory = mkdtempSync(join(tmpdir(), 'pontoon-bench-'));
    return new OciServices(await OciEndpointStandIn.start(), directory);
  }

  public async stop(): Promise<void> {
    await this.endpoint.close();
    rmSync(this.directory, { recursive: true });
  }
}

function serverAt({ blue, green }: CutoverLab, address: string) {
  return address === SIDES.blue ? blue.server : green.server;
}

function backends(active: keyof typeof SIDES | undefined) {
  return {
    isPreserveSource: false,
    backends: Object.entries(SIDES).map(([side, ipAddress]) => ({
      ipAddress,
      port: 5432,
      isDrain: side !== active,
      isOffline: side !== active,
    })),
  };
}
