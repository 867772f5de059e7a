export type {
  BlueGreenEndpointArgs,
  DnsListener,
  EndpointHealthCheck,
  EndpointNames,
  EndpointSide,
} from './args';
export { BlueGreenEndpoint, type NetworkLoadBalancerSpec } from './blue-green-endpoint';
export { listenerProblems, nameProblems, timeProblems } from './validate';
