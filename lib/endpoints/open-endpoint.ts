import type { Endpoint, EndpointSpec } from '../postgres';
import { CommandEndpoint } from './command';
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

const TIMEOUT_SECONDS = 60;

/**
 * The endpoint that `spec` describes. SDKs are loaded, and services asked, with its first use; region and credentials
 * are those of the process.
 */
export function openEndpoint(
  spec: EndpointSpec,
  { timeoutSeconds = TIMEOUT_SECONDS }: EndpointOptions = {},
): Endpoint {
  const timeoutMs = timeoutSeconds * 1000;
  switch (spec.kind) {
    case 'route53-record':
      return new Route53Record(spec, timeoutMs);
    case 'secret':
      return new SecretEndpoint(spec);
    case 'rds-proxy':
      return new RdsProxy(spec, timeoutMs);
    case 'command':
      return new CommandEndpoint(spec, timeoutMs);
  }
}
