export { type BackendSetDetails, backendSet, type LoadBalancerBackendSet } from './backend-set';
export { ociCredentials } from './credentials';
export { type ListenerOptions, LoadBalancerListener } from './listener';
export { LoadBalancers, NETWORK_LOAD_BALANCER_STAND_IN } from './load-balancers';
export { OciEndpointStandIn } from './oci-endpoint';
export { PRIVATE_DNS_STAND_IN, PrivateZones } from './private-zones';
export { VAULT_STAND_IN, Vault } from './vault';
