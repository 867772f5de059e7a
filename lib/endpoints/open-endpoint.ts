import { describeEndpoint, type Endpoint, type EndpointSpec, PontoonError } from '../postgres';
import { CommandEndpoint } from './command';
import { OciNetworkLoadBalancer } from './oci-network-load-balancer';
import { OciPrivateDnsRecord } from './oci-private-dns-record';
import { RdsProxy } from './rds-proxy';
import { Route53Record } from './route53-record';
import { SecretEndpoint } from './secret-endpoint';

/** How an endpoint is switched. */
export interface EndpointOptions {
  /**
   * Seconds that a service may take until a switch can be read back.
   *
   * @default 60
   */
  readonly timeoutSeconds?: number;
}

/** Makes an endpoint of its description. */
export type EndpointOpener = (spec: EndpointSpec, options?: EndpointOptions) => Endpoint;

const TIMEOUT_SECONDS = 60;

/**
 * The endpoint that `spec` describes. SDKs are loaded, and services asked, with its first use; region and credentials
 * are those of the process.
 */
export const openEndpoint: EndpointOpener = (spec, options = {}) => {
  const timeoutMs = (options.timeoutSeconds ?? TIMEOUT_SECONDS) * 1000;
  switch (spec.kind) {
    case 'oci-network-load-balancer':
      return new OciNetworkLoadBalancer(spec, timeoutMs);
    case 'oci-private-dns-record':
      return new OciPrivateDnsRecord(spec);
    default:
      return openAwsEndpoint(spec, options);
  }
};

/**
 * As {@link openEndpoint}, for a function of AWS Lambda, whose bundle leaves out what OCI serves.
 *
 * @throws PontoonError with code ENDPOINT_UNAVAILABLE for such an endpoint.
 */
export const openAwsEndpoint: EndpointOpener = (spec, options = {}) => {
  const timeoutMs = (options.timeoutSeconds ?? TIMEOUT_SECONDS) * 1000;
  switch (spec.kind) {
    case 'route53-record':
      return new Route53Record(spec, timeoutMs);
    case 'secret':
      return new SecretEndpoint(spec);
    case 'rds-proxy':
      return new RdsProxy(spec, timeoutMs);
    case 'command':
      return new CommandEndpoint(spec, timeoutMs);
    case 'oci-network-load-balancer':
    case 'oci-private-dns-record':
      throw new PontoonError(
        'ENDPOINT_UNAVAILABLE',
        `${describeEndpoint(spec)} must be switched by 'pontoon cutover', got a function of AWS Lambda, which cannot ask OCI; run the command where OCI can be reached`,
      );
  }
};
