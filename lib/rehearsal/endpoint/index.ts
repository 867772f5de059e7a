export { type EndpointServices, endpointResolver } from './endpoint-resolver';
export { placeEndpoint } from './place-endpoint';
export {
  type EndpointResolver,
  TCP_ENDPOINT_STAND_IN,
  TcpEndpoint,
  type TcpTarget,
} from './tcp-endpoint';
