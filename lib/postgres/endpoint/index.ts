export type { Endpoint, EndpointCall } from './endpoint';
export { parseEndpoint, readEndpoint } from './read';
export { sideOf } from './sides';
export {
  type CommandEndpointSpec,
  describeEndpoint,
  type EndpointSides,
  type EndpointSpec,
  endpointServers,
  type OciEndpointSpec,
  type OciNetworkLoadBalancerSpec,
  type OciPrivateDnsRecordSpec,
  type RdsProxySpec,
  type Route53RecordSpec,
  type SecretEndpointSpec,
  type SecretSide,
} from './spec';
