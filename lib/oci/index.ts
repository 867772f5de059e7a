export {
  type BlueGreenAlarms,
  type BlueGreenCutover,
  BlueGreenDeployment,
  type BlueGreenDeploymentArgs,
  type BlueGreenNetworks,
  type BlueGreenReplication,
  type BlueGreenSide,
  type ExistingDbSystem,
  ReplicationMethod,
  type ReplicationVault,
} from './blue-green-deployment';
export {
  BlueGreenEndpoint,
  type BlueGreenEndpointArgs,
  type DnsListener,
  type EndpointHealthCheck,
  type EndpointNames,
  type EndpointSide,
  type NetworkLoadBalancerSpec,
} from './blue-green-endpoint';
export {
  type DatabaseBinding,
  DatabaseObject,
  type DatabaseObjectArgs,
  RunnerAuth,
  type RunnerConnection,
  type RunnerProxy,
} from './database-object';
export {
  type PeeredNetwork,
  type PeeredRegion,
  PeeredVcns,
  type PeeredVcnsArgs,
} from './peered-vcns';
export { type CheckedResource, type ReplicationPolicy, replicationPolicies } from './policy';
export {
  type DbAdministrator,
  type DbSystemOptions,
  PostgresDbSystem,
  type PostgresDbSystemArgs,
} from './postgres-db-system';
export {
  type HostArchive,
  type HostClient,
  type HostLogins,
  type HostMachine,
  HostSslMode,
  type HostTls,
  PostgresHost,
  type PostgresHostArgs,
} from './postgres-host';
export { RunnerHost, type RunnerHostArgs, type RunnerHostKey } from './runner-host';
export {
  type ClusterRegion,
  type ClusterServer,
  StreamingCluster,
  type StreamingClusterArgs,
} from './streaming-cluster';
