import { Duration, Stack, Token } from 'aws-cdk-lib';
import type { Alarm, Dashboard, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Rule } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { deriveWatchPoints, type MetricName, Problems } from '../../postgres';
import { createAlarms, Metrics } from './alarms';
import { createDashboard } from './dashboard';
import type { MonitoringOptions, ReplicationMonitoringProps } from './props';
import { createSchedule, type MetricsName } from './schedule';

/**
 * Measures a topology on a schedule, and has alarms and a dashboard: lag, slots and the WAL that they hold back,
 * subscriptions, long transactions, disks. The schedule also writes the heartbeat on the primary, which must be there
 * (see Heartbeat), and what new slots on its standby wait for.
 *
 * A disk of a server of your own is measured by SQL, since CloudWatch sees no disk from inside an instance: its
 * databases, and the WAL that is kept. Logs and temporary files are not counted.
 *
 * Everything here changes in place and touches nothing that replicates. Names of metrics end with their unit: `Bytes`,
 * `Seconds`; the others are counts.
 *
 * @throws ValidationError with everything about the props that cannot work
 * @throws PontoonError with code INVALID if EventBridge could not carry what is measured
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format.html
 */
export class ReplicationMonitoring extends Construct {
  /** What runs the function. */
  public readonly schedule: Rule;
  /** The alarms. */
  public readonly alarms: Alarm[];
  /** The dashboard. */
  public readonly dashboard: Dashboard;
  private readonly metrics: Metrics;

  constructor(scope: Construct, id: string, props: ReplicationMonitoringProps) {
    super(scope, id);
    validate(id, props);
    const name: MetricsName = {
      namespace: props.namespace ?? 'Pontoon',
      migration: props.migrationName ?? migrationOf(this),
    };
    this.metrics = new Metrics(name, props.schedule ?? Duration.minutes(1));
    this.schedule = createSchedule(this, props, name);
    this.alarms = createAlarms(this, props, this.metrics);
    this.dashboard = createDashboard(this, props, this.metrics, this.alarms);
  }

  /** A metric of a server (`Server`), of a slot (`Server` and `Slot`) or of a link (`Link`: `from->to`). */
  public metric(metricName: MetricName, dimensions: { readonly [name: string]: string }): Metric {
    return this.metrics.of(metricName, dimensions);
  }
}

/** Says what is wrong with what was chosen about metrics and alarms. */
export function monitoringProblems(options: MonitoringOptions): readonly string[] {
  const { schedule, writeRateMiBPerSecond: rate } = options;
  const problems = new Problems();
  const seconds = schedule === undefined || schedule.isUnresolved() ? 60 : schedule.toSeconds();
  problems.addIf(
    seconds < 60 || seconds % 60 !== 0,
    `'schedule' must be whole minutes, got ${seconds} s; EventBridge counts in minutes`,
  );
  problems.addIf(
    rate !== undefined && !(rate > 0),
    `'writeRateMiBPerSecond' must be above 0, got ${rate}; measure it on the source with pg_current_wal_lsn()`,
  );
  return problems.list();
}

function validate(id: string, props: ReplicationMonitoringProps): void {
  const { topology, bindings } = props;
  const problems = new Problems();
  const bound = bindings.map(({ server }) => server);
  const watched = deriveWatchPoints(topology).map(({ server }) => server);
  for (const name of watched) {
    problems.addIf(
      !bound.includes(name),
      `'bindings' must name every server that changes flow to or from, got none for '${name}'; add its ServerBinding`,
    );
  }
  for (const name of bound) {
    problems.addIf(
      !watched.includes(name),
      `'bindings' must name servers that changes flow to or from, got '${name}'; remove it or correct its name`,
    );
  }
  for (const problem of monitoringProblems(props)) problems.add(problem);
  problems.throwIfAny(`monitoring '${id}'`);
}

/** How metrics of what `monitoring` is part of are told from others: the stack's name, and the path in it. */
export function migrationOf(monitoring: Construct): string {
  const stack = Stack.of(monitoring);
  const above = monitoring.node.scopes.slice(stack.node.scopes.length, -1);
  const name = Token.isUnresolved(stack.stackName) ? stack.node.path : stack.stackName;
  return [name, ...above.map(({ node }) => node.id)].join('/');
}
