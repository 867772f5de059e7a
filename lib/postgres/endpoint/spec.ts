/** One value for each of the two servers between which an endpoint is switched, by their names in the topology. */
export type EndpointSides<Side> = Readonly<Record<string, Side>>;

/** A CNAME record in a hosted zone of Amazon Route 53. */
export interface Route53RecordSpec {
  readonly kind: 'route53-record';
  /** The hosted zone's id, such as `Z0123456789ABCDEFGHIJ`. */
  readonly hostedZoneId: string;
  /** The record's full name. Clients that use it find the side within `ttlSeconds` after a switch. */
  readonly recordName: string;
  /**
   * Seconds for which resolvers may remember the record: they are added to the outage of clients that ask a resolver.
   * Changing this changes the record with the next switch.
   *
   * @default 5
   */
  readonly ttlSeconds: number;
  /** The host name of each side, which the record's value is switched between. */
  readonly sides: EndpointSides<string>;
}

/** The address that a secret of AWS Secrets Manager holds for the applications that read it. */
export interface SecretEndpointSpec {
  readonly kind: 'secret';
  /** The secret's ARN or name. Its user name, password and all other fields stay as they are. */
  readonly secret: string;
  /** The address of each side, which the fields `host`, `port` and `dbname` are switched between. */
  readonly sides: EndpointSides<SecretSide>;
}

/** One side of a {@link SecretEndpointSpec}. */
export interface SecretSide {
  /** The field `host`. */
  readonly host: string;
  /** The field `port`. */
  readonly port: number;
  /**
   * The field `dbname`. Given for both sides or for none.
   *
   * @default - the field is neither compared nor changed
   */
  readonly database?: string;
}

/** The target of an Amazon RDS Proxy. */
export interface RdsProxySpec {
  readonly kind: 'rds-proxy';
  /** The proxy's name. Its secrets must be valid on both sides. */
  readonly proxy: string;
  /**
   * The proxy's target group.
   *
   * @default 'default'
   */
  readonly targetGroup: string;
  /** The cluster identifier of each side. */
  readonly sides: EndpointSides<string>;
}

/** Whatever the user switches by a command of their own. */
export interface CommandEndpointSpec {
  readonly kind: 'command';
  /**
   * The program and its arguments that make a side the active one and exit with 0. It is run without a shell;
   * `{side}` in an argument, and the variable PONTOON_SIDE, are the side's text. Run for the side that is active
   * already, it must succeed.
   */
  readonly activate: readonly string[];
  /** The program and its arguments that print the text of the active side, and exit with 0. */
  readonly active: readonly string[];
  /** The text by which the commands know each side. */
  readonly sides: EndpointSides<string>;
}

/** The backends of a network load balancer of OCI, of which one at a time takes connections. */
export interface OciNetworkLoadBalancerSpec {
  readonly kind: 'oci-network-load-balancer';
  /** The load balancer's OCID. */
  readonly networkLoadBalancerId: string;
  /** The name of the backend set that the listener leads to. It holds a backend for each side. */
  readonly backendSetName: string;
  /**
   * The region, such as `us-ashburn-1`.
   *
   * @default - the one that the OCID names, otherwise that of the credentials
   */
  readonly region?: string;
  /** The IP address of each side's backend. */
  readonly sides: EndpointSides<string>;
}

/** An A record in a private zone of OCI DNS. */
export interface OciPrivateDnsRecordSpec {
  readonly kind: 'oci-private-dns-record';
  /** The zone's OCID. */
  readonly zoneId: string;
  /** The OCID of the view that the zone is in. */
  readonly viewId: string;
  /** The record's full name. Clients that use it find the side within `ttlSeconds` after a switch. */
  readonly recordName: string;
  /**
   * Seconds for which resolvers may remember the record, at most 60: they are added to the outage of clients that ask a
   * resolver. Changing this changes the record with the next switch.
   *
   * @default 5
   */
  readonly ttlSeconds: number;
  /**
   * The region, such as `us-ashburn-1`. A private zone is known in its own region only.
   *
   * @default - the one that the OCID names, otherwise that of the credentials
   */
  readonly region?: string;
  /** The IP address of each side, which the record's value is switched between. */
  readonly sides: EndpointSides<string>;
}

/** What applications connect to, as plain data: which service holds it, and what leads to either side. */
export type EndpointSpec =
  | Route53RecordSpec
  | SecretEndpointSpec
  | RdsProxySpec
  | OciEndpointSpec
  | CommandEndpointSpec;

/** Endpoints that OCI serves. */
export type OciEndpointSpec = OciNetworkLoadBalancerSpec | OciPrivateDnsRecordSpec;

/** The names of the two servers that an endpoint is switched between. */
export function endpointServers(spec: EndpointSpec): string[] {
  return Object.keys(spec.sides);
}

/** An endpoint as people read of it, such as `record 'db.shop.example'`. */
export function describeEndpoint(spec: EndpointSpec): string {
  switch (spec.kind) {
    case 'route53-record':
      return `record '${spec.recordName}'`;
    case 'secret':
      return `the address in secret '${spec.secret}'`;
    case 'rds-proxy':
      return `proxy '${spec.proxy}'`;
    case 'oci-network-load-balancer':
      return `backend set '${spec.backendSetName}'`;
    case 'oci-private-dns-record':
      return `record '${spec.recordName}'`;
    case 'command':
      return `the endpoint of command '${spec.activate[0] ?? ''}'`;
  }
}
