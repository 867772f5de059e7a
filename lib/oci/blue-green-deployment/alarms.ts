import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import type { BlueGreenDeploymentArgs } from './args';
import type { Databases } from './databases';

/** What is watched. */
export interface Watched {
  readonly databases: Databases;
  readonly networkLoadBalancerId: pulumi.Input<string>;
}

/** When somebody is told, and what. */
export interface AlarmRule {
  readonly namespace: string;
  readonly query: pulumi.Input<string>;
  readonly severity: 'CRITICAL' | 'WARNING';
  readonly body: string;
}

/** Tells the deployment's topics by `rule`; nobody without topics. */
export function createAlarm(
  name: string,
  { compartmentId, alarms }: BlueGreenDeploymentArgs,
  rule: AlarmRule,
  parent: pulumi.Resource,
): void {
  if (alarms === undefined) return;
  new oci.monitoring.Alarm(
    name,
    {
      compartmentId,
      metricCompartmentId: compartmentId,
      displayName: name,
      destinations: alarms.topicIds,
      isEnabled: true,
      pendingDuration: 'PT5M',
      ...rule,
    },
    { parent },
  );
}

/** Tells somebody when a side does not answer, or has more to do than it can. */
export function createAlarms(
  name: string,
  args: BlueGreenDeploymentArgs,
  { databases, networkLoadBalancerId }: Watched,
  parent: pulumi.Resource,
): void {
  const cpuPercent = args.alarms?.cpuPercent ?? 85;
  const alarm = (what: string, rule: AlarmRule) =>
    createAlarm(`${name}-${what}`, args, rule, parent);
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
