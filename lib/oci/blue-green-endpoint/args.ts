import type * as pulumi from '@pulumi/pulumi';

/** One of the two databases behind an endpoint. */
export interface EndpointSide {
  /**
   * The server's name in the topology. Changing it changes what `pontoon cutover` calls the side, and nothing in OCI.
   */
  server: string;
  /** The address of its primary. The address of the side that clients are at cannot change. */
  ipAddress: pulumi.Input<string>;
}

/** How a load balancer sees that a side answers. It cannot see whether a side may be written to. */
export interface EndpointHealthCheck {
  /**
   * Milliseconds between two attempts to connect. Changing it takes effect in place.
   *
   * @default 10000
   */
  intervalMs?: number;
  /**
   * Milliseconds that one attempt may take. Changing it takes effect in place.
   *
   * @default 3000
   */
  timeoutMs?: number;
  /**
   * Attempts in a row after which a side counts as down, or as up again. Changing it takes effect in place.
   *
   * @default 3
   */
  retries?: number;
}

/** The names by which clients find the databases. */
export interface EndpointNames {
  /** The private zone, such as `postgres.internal`. Changing it replaces the zone. */
  zone: string;
  /**
   * The name of the load balancer in the zone, which applications connect to. Changing it replaces the record.
   *
   * @default 'nlb-app'
   */
  application?: string;
  /**
   * The name that leads to the blue database, whichever is active. Changing it replaces the record.
   *
   * @default - the application's name and `-blue`
   */
  blue?: string;
  /**
   * The name that leads to the green database, such as for tests. Changing it replaces the record.
   *
   * @default - the application's name and `-green`
   */
  green?: string;
  /**
   * Seconds for which clients may remember an address: 1 to 60. Changing it takes effect in place.
   *
   * @default 30
   */
  ttlSeconds?: number;
  /**
   * Whether the zone's view is attached to the resolver of the network, beside those that are attached already. Without
   * it nobody finds the names until somebody else attaches it. Taking it back detaches nothing, since OCI would clear
   * other people's views and rules with it: detach the view by hand, before it is deleted too.
   *
   * @default true
   */
  attach?: boolean;
}

/**
 * Where resolvers of other networks ask for the names, since private names are known in their own network and region only.
 * They forward the zone to its address.
 *
 * @see https://docs.oracle.com/iaas/Content/DNS/Concepts/privatedns.htm
 */
export interface DnsListener {
  /** A private subnet of the network. Changing it replaces the listener, and with it the address that is asked. */
  subnetId: pulumi.Input<string>;
  /** The networks that ask, as CIDRs: those of the other resolvers. Changing them takes effect in place. */
  networks: string[];
  /**
   * Its fixed address, out of that subnet. Changing it replaces the listener: let the others forward to the new one first.
   *
   * @default - OCI picks one, which stays as long as the listener
   */
  ipAddress?: pulumi.Input<string>;
}

/** What applications connect to, in front of two databases. */
export interface BlueGreenEndpointArgs {
  /** The compartment. Changing it moves the load balancer. */
  compartmentId: pulumi.Input<string>;
  /**
   * The network, whose resolver learns the names. Changing it goes with another subnet, and replaces the load balancer
   * like that.
   */
  vcnId: pulumi.Input<string>;
  /**
   * The private subnet of the load balancer. Changing it replaces the load balancer, which is refused as long as it is
   * protected; the new one leads to the side that the old one leads to.
   */
  subnetId: pulumi.Input<string>;
  /**
   * The blue database. Clients are led there as long as nothing was switched. Taking it away takes it out of the load
   * balancer and takes its name away, and is refused while clients are led there.
   *
   * @default - it is retired: only the green database is left
   */
  blue?: EndpointSide;
  /** The green database. */
  green: EndpointSide;
  /** The names that clients use. Changing it takes effect as each of its properties says. */
  names: EndpointNames;
  /** The networks that clients connect from, as CIDRs. Changing them takes effect in place. */
  clientNetworks: string[];
  /** The networks that the databases are in, as CIDRs. Changing them takes effect in place. */
  databaseNetworks: string[];
  /**
   * Seconds after which the load balancer forgets a connection on which nothing travels: 60 to 1800. It tells neither
   * end. Pools must keep connections for less, or send keepalives as `clientParameters` says. Changing it takes effect
   * in place.
   *
   * @default 360
   */
  idleTimeoutSeconds?: number;
  /**
   * How the load balancer sees that a side answers. Changing it takes effect in place.
   *
   * @default - an attempt to connect every 10 seconds
   */
  healthCheck?: EndpointHealthCheck;
  /**
   * Where resolvers of other regions and of other clouds ask for the names. Giving it or taking it back takes effect in
   * place.
   *
   * @default - nobody outside of the network finds the names
   */
  dnsListener?: DnsListener;
  /**
   * Whether Pulumi refuses to delete or replace the load balancer and its backend set, which alone knows the side that
   * clients are at. Changing it takes effect in place.
   *
   * @default true
   */
  protect?: boolean;
}
