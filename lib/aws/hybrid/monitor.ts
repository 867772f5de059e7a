import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct, IDependable } from 'constructs';
import { deriveWatchPoints, type Topology } from '../../postgres';
import type { AuroraTarget } from '../aurora';
import { ReplicationMonitoring } from '../monitoring';
import type { RunnerFunction } from '../runner-function';
import type { ServerBinding } from '../server-binding';
import { SERVERS } from './hybrid-topology';
import type { HybridMigrationProps } from './props';
import type { PreparedSource } from './source';

/** What there is to be watched. */
export interface WatchedChain {
  /** The function that measures. */
  readonly runner: RunnerFunction;
  /** The chain. */
  readonly topology: Topology;
  /** Its servers. */
  readonly bindings: readonly ServerBinding[];
  /** The source, with the heartbeat. */
  readonly prepared: PreparedSource;
  /** What replicates. */
  readonly replicating: readonly IDependable[];
  /** Alarms that it has made itself. */
  readonly otherAlarms: readonly Alarm[];
  /** The new cluster, if there is one. */
  readonly cluster: AuroraTarget | undefined;
}

/** Measures the chain from when its heartbeat can be written; alarms come once it replicates. */
export function monitorChain(
  scope: Construct,
  { source, standby, monitoring: options }: HybridMigrationProps,
  chain: WatchedChain,
): ReplicationMonitoring {
  const { runner, topology, bindings, prepared, cluster } = chain;
  const watched = deriveWatchPoints(topology).map(({ server }) => server);
  const monitoring = new ReplicationMonitoring(scope, 'Monitoring', {
    ...options,
    runner,
    topology,
    bindings: bindings.filter(({ server }) => watched.includes(server)),
    diskGiB: {
      [SERVERS.standby]: standby.dataVolumeGiB,
      ...(source.diskGiB === undefined ? {} : { [SERVERS.source]: source.diskGiB }),
    },
    otherAlarms: [...chain.otherAlarms],
    replication: [...chain.replicating],
    ...(cluster === undefined ? {} : { cluster: cluster.cluster }),
  });
  monitoring.schedule.node.addDependency(...prepared.ready);
  return monitoring;
}
