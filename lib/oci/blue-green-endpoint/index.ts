export type {
  BlueGreenEndpointArgs,
  EndpointHealthCheck,
  EndpointNames,
  EndpointSide,
} from './args';
export { BlueGreenEndpoint, type NetworkLoadBalancerSpec } from './blue-green-endpoint';
export { nameProblems, timeProblems } from './validate';
