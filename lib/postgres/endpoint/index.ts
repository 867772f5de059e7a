export type { Endpoint, EndpointCall } from './endpoint';
export { parseEndpoint, readEndpoint, sideOf } from './read';
export {
  type CommandEndpointSpec,
  describeEndpoint,
  type EndpointSides,
  type EndpointSpec,
  endpointServers,
  type RdsProxySpec,
  type Route53RecordSpec,
  type SecretEndpointSpec,
  type SecretSide,
} from './spec';
