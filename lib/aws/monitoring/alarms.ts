import type { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Construct } from 'constructs';
import { type AlarmRule, deriveAlarms, type MetricName } from '../../postgres';
import type { ReplicationMonitoringProps } from './props';
import type { MetricsName } from './schedule';

/** Where a migration's metrics are. */
export class Metrics {
  constructor(
    private readonly name: MetricsName,
    private readonly period: Duration,
  ) {}

  /** The metric called `metricName` of a server, a slot or a link. */
  public of(
    metricName: MetricName,
    dimensions: Readonly<Record<string, string>>,
    label?: string,
  ): Metric {
    return new Metric({
      namespace: this.name.namespace,
      metricName,
      dimensionsMap: { Migration: this.name.migration, ...dimensions },
      statistic: Stats.MAXIMUM,
      period: this.period,
      ...(label === undefined ? {} : { label }),
    });
  }
}

/** Makes the alarms that the topology calls for. */
export function createAlarms(
  scope: Construct,
  props: ReplicationMonitoringProps,
  metrics: Metrics,
): Alarm[] {
  const alarms = new Construct(scope, 'Alarms');
  alarms.node.addDependency(...(props.replication ?? []));
  const rules = deriveAlarms(props.topology, {
    writeMiBPerSecond: props.writeRateMiBPerSecond ?? 5,
    ...(props.diskGiB === undefined ? {} : { diskGiB: props.diskGiB }),
    ...(props.maxLag === undefined ? {} : { maxLagSeconds: props.maxLag.toSeconds() }),
  });
  return rules.map((rule) => createAlarm(alarms, rule, metrics, props));
}

function createAlarm(
  scope: Construct,
  rule: AlarmRule,
  metrics: Metrics,
  { alarmTopic }: ReplicationMonitoringProps,
): Alarm {
  const alarm = new Alarm(scope, rule.id, {
    alarmDescription: rule.text,
    metric: alarmMetric(rule, metrics),
    threshold: rule.threshold,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: rule.runs,
    // What is not published now, because its server is down, is as it was; that the server is down has its own alarm.
    treatMissingData: rule.silenceIsAlarming ? TreatMissingData.BREACHING : TreatMissingData.IGNORE,
  });
  if (alarmTopic !== undefined) {
    alarm.addAlarmAction(new SnsAction(alarmTopic));
    alarm.addOkAction(new SnsAction(alarmTopic));
  }
  return alarm;
}

function alarmMetric(rule: AlarmRule, metrics: Metrics): IMetric {
  const metric = metrics.of(rule.metric, rule.dimensions);
  if (!rule.growth) return metric;
  return new MathExpression({
    expression: 'DIFF(total)',
    usingMetrics: { total: metric },
    period: metric.period,
  });
}
