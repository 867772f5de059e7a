import {
  clusterOf,
  createTopology,
  PontoonError,
  type Topology,
  type TopologyProps,
} from '../../../postgres';
import { concludeSecrets } from '../../checks/conclusions';
import { ProcessWatch } from '../../checks/process-watch';
import { keptStatements } from '../../checks/statements';
import type { CommonContext } from '../../context';
import { TCP_ENDPOINT_STAND_IN } from '../../endpoint';
import type { RegisteredResource } from '../../pulumi-program/registered-resource';
import { outputsOf } from '../deployment';
import { concludeNotPlayed } from '../not-played';
import { CLUSTER_SHIMS } from '../program-shims';
import { Cluster } from './cluster';
import { readClusterHosts } from './cluster-hosts';
import { ClusterPlay } from './cluster-play';

/** A streaming cluster as a program registered it. */
export interface RegisteredCluster {
  /** The component's name. */
  readonly name: string;
  readonly topology: Topology;
  /** All that the program registered. */
  readonly resources: readonly RegisteredResource[];
}

/** The cluster that the component `registered` is. */
export function clusterFrom(
  registered: RegisteredResource,
  resources: readonly RegisteredResource[],
): RegisteredCluster {
  const topology = createTopology(outputsOf(registered).topology as TopologyProps);
  return { name: registered.name, topology, resources };
}

/** Plays a cluster: all of it streams, its primary is killed while applications write, and another server takes over. */
export async function playCluster(
  context: CommonContext,
  registered: RegisteredCluster,
): Promise<void> {
  const { topology, resources } = registered;
  const primary = primaryOfCluster(topology);
  const cluster = new Cluster(
    context,
    topology,
    readClusterHosts(resources, clusterOf(topology, primary)),
    primary,
  );
  const processes = new ProcessWatch();
  concludeNotPlayed(context.findings, { resources });
  try {
    await new ClusterPlay(context, cluster, topology, primary).play();
  } finally {
    const { findings } = context;
    findings.secrets.push(...cluster.secrets());
    findings.standIns.push(...cluster.standIns, TCP_ENDPOINT_STAND_IN);
    findings.shims.push(...CLUSTER_SHIMS, ...cluster.shims);
    // What a server that was killed had in memory is gone; its log is not.
    await concludeSecrets(context, cluster.started, [
      ...(await processes.stop()),
      { place: 'what the program registered', text: JSON.stringify(resources) },
      ...(await Promise.all(
        [...cluster.servers].map(([name, server]) => keptStatements(name, server)),
      )),
    ]);
  }
}

function primaryOfCluster(topology: Topology): string {
  const primary = Object.keys(topology.servers).find(
    (name) => clusterOf(topology, name)[0] === name,
  );
  if (primary !== undefined) return primary;
  throw new PontoonError(
    'NO_DEPLOYMENT',
    'a StreamingCluster must have a primary with a replica to be rehearsed, got none; give it a replica',
  );
}
