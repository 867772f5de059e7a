import * as pulumi from '@pulumi/pulumi';
import { PORT } from '../postgres-db-system';
import type { BlueGreenEndpointArgs, EndpointSide } from './args';
import { createDnsListener } from './dns-listener';
import { createLoadBalancer, IDLE_TIMEOUT_SECONDS, sidesOf } from './load-balancer';
import { createNames, fullNames } from './private-dns';
import { validate } from './validate';

/** What `pontoon cutover` is told of a load balancer. */
export interface NetworkLoadBalancerSpec {
  /** `oci-network-load-balancer`. */
  kind: string;
  /** The OCID of the load balancer. */
  networkLoadBalancerId: string;
  /** The backend set in which both sides are. */
  backendSetName: string;
  /** The address of each side, by the server's name in the topology. */
  sides: { [server: string]: string };
}

/**
 * What applications connect to, in front of a blue and a green database: a private network load balancer with both
 * behind it, of which exactly one takes connections, and private names for it and for each side.
 *
 * `pulumi up` never switches: each time it asks the load balancer which side is active, and keeps that. `pontoon cutover`
 * switches by one call that takes the one side in and the other out. The load balancer sees whether a side answers, not
 * whether it may be written to, so that it never fails over by itself.
 *
 * The certificate of a database has its own name, and not that of the load balancer: clients that come through it check
 * with `sslmode=verify-ca` and the certificates of both sides, or with `verify-full`, `host` as the name of the database
 * and `hostaddr` as the load balancer's address.
 *
 * @see https://docs.oracle.com/iaas/Content/NetworkLoadBalancer/overview.htm
 */
export class BlueGreenEndpoint extends pulumi.ComponentResource {
  /** The name that applications connect to. */
  public readonly host: string;
  /** The name that leads to the blue database; undefined once that is retired. */
  public readonly blueHost?: string;
  /** The name that leads to the green database. */
  public readonly greenHost: string;
  /** The port of all of them. */
  public readonly port: number;
  /** The address of the load balancer. */
  public readonly ipAddress: pulumi.Output<string>;
  /** The OCID of the load balancer. */
  public readonly networkLoadBalancerId: pulumi.Output<string>;
  /** The server that clients are led to, by its name in the topology, as the load balancer said. */
  public readonly activeServer: pulumi.Output<string>;
  /** The addresses that the load balancer led to, or kept ready, before this deployment; none if it is new. */
  public readonly earlierAddresses: pulumi.Output<string[]>;
  /** What `pontoon cutover` switches: an EndpointSpec. */
  public readonly spec: pulumi.Output<NetworkLoadBalancerSpec>;
  /** The address that resolvers of other networks forward the zone to; undefined without `dnsListener`. */
  public readonly dnsAddress: pulumi.Output<string> | undefined;
  /**
   * What clients add to their connection strings, as libpq has it: certificates are checked, and no idle connection is
   * forgotten on the way. The certificates themselves go into `sslrootcert`.
   */
  public readonly clientParameters: string;

  constructor(name: string, args: BlueGreenEndpointArgs, opts?: pulumi.ComponentResourceOptions) {
    super('pontoon:index:BlueGreenEndpoint', name, args, opts);
    validate(name, args);
    const { names, blue } = args;
    const full = fullNames(names);
    this.host = full.application;
    if (blue !== undefined) this.blueHost = full.blue;
    this.greenHost = full.green;
    this.port = PORT;
    this.clientParameters = clientParameters(args.idleTimeoutSeconds ?? IDLE_TIMEOUT_SECONDS);
    const balancer = createLoadBalancer(name, args, this);
    this.networkLoadBalancerId = balancer.networkLoadBalancer.id;
    this.activeServer = balancer.led.activeServer;
    this.earlierAddresses = balancer.led.addresses;
    this.ipAddress = balancer.networkLoadBalancer.ipAddresses.apply(([address]) => {
      if (address === undefined)
        throw new Error('the load balancer must have an address, got none');
      return address.ipAddress;
    });
    createNames(name, args, this.ipAddress, this);
    this.dnsAddress =
      args.dnsListener === undefined
        ? undefined
        : createDnsListener(name, args, args.dnsListener, this);
    this.spec = pulumi
      .all([balancer.networkLoadBalancer.id, pulumi.all(sidesOf(args).map(addressOf))])
      .apply(([networkLoadBalancerId, addresses]) => ({
        kind: 'oci-network-load-balancer',
        networkLoadBalancerId,
        backendSetName: balancer.backendSetName,
        sides: Object.fromEntries(addresses),
      }));
    this.registerOutputs({
      host: this.host,
      ipAddress: this.ipAddress,
      activeServer: this.activeServer,
      spec: this.spec,
      clientParameters: this.clientParameters,
      ...(this.dnsAddress === undefined ? {} : { dnsAddress: this.dnsAddress }),
    });
  }
}

/** The server of a side, and its address. */
function addressOf({ server, ipAddress }: EndpointSide): pulumi.Output<[string, string]> {
  return pulumi.output(ipAddress).apply((address): [string, string] => [server, address]);
}

/**
 * Databases show certificates with their own names, whichever the load balancer's is. Three probes that are lost must
 * still come before the load balancer forgets.
 */
function clientParameters(idleTimeoutSeconds: number): string {
  const idle = Math.floor(idleTimeoutSeconds / 3);
  return `sslmode=verify-ca keepalives=1 keepalives_idle=${idle} keepalives_interval=${Math.floor(idle / 4)} keepalives_count=3`;
}
