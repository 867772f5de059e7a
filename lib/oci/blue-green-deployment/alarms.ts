import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import type { BlueGreenDeploymentArgs } from './args';
import type { Databases } from './databases';

/** What is watched. */
export interface Watched {
  readonly databases: Databases;
  readonly networkLoadBalancerId: pulumi.Input<string>;
}

/** Tells somebody when a side does not answer, or has more to do than it can. */
export function createAlarms(
  name: string,
  { compartmentId, alarms }: BlueGreenDeploymentArgs,
  { databases, networkLoadBalancerId }: Watched,
  parent: pulumi.Resource,
): void {
  if (alarms === undefined) return;
  const { topicIds: destinations, cpuPercent = 85 } = alarms;
  const alarm = (
    what: string,
    inputs: { namespace: string; query: pulumi.Input<string>; severity: string; body: string },
  ) =>
    new oci.monitoring.Alarm(
      `${name}-${what}`,
      {
        compartmentId,
        metricCompartmentId: compartmentId,
        displayName: `${name}-${what}`,
        destinations,
        isEnabled: true,
        pendingDuration: 'PT5M',
        ...inputs,
      },
      { parent },
    );
  alarm('unhealthy', {
    namespace: 'oci_nlb',
    query: pulumi.interpolate`UnhealthyBackends[1m]{resourceId = "${networkLoadBalancerId}"}.max() > 0`,
    severity: 'CRITICAL',
    body: 'A database does not answer the load balancer, which does not fail over by itself.',
  });
  for (const [side, database] of Object.entries(databases)) {
    if (database === undefined) continue;
    alarm(`${side}-cpu`, {
      namespace: 'oci_postgresql',
      query: pulumi.interpolate`CpuUtilization[5m]{resourceId = "${database.dbSystemId}"}.mean() > ${cpuPercent}`,
      severity: 'WARNING',
      body: `The ${side} database is busy: replication may fall behind.`,
    });
  }
}
