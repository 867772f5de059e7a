export type { ClusterRegion, ClusterServer, StreamingClusterArgs } from './args';
export { StreamingCluster } from './streaming-cluster';
