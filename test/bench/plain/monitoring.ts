import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmStatusWidget,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Function as RunnerFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct, IDependable } from 'constructs';

/** An alarm as a table lists it. */
export interface PlainAlarm {
  readonly id: string;
  readonly text: string;
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly threshold: number;
}

export function createAlarms(
  scope: Construct,
  alarms: readonly PlainAlarm[],
  replicating: IDependable,
): Alarm[] {
  return alarms.map(({ id, text, namespace, metricName, dimensions, threshold }) => {
    const alarm = new Alarm(scope, id, {
      alarmDescription: text,
      metric: new Metric({
        namespace,
        metricName,
        dimensionsMap: dimensions,
        statistic: 'Maximum',
        period: Duration.minutes(1),
      }),
      threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
      treatMissingData: TreatMissingData.IGNORE,
    });
    alarm.node.addDependency(replicating);
    return alarm;
  });
}

export function createDashboard(scope: Construct, alarms: readonly Alarm[]): Dashboard {
  const byMetric = new Map<string, Metric[]>();
  for (const { metric } of alarms) {
    if (!(metric instanceof Metric)) continue;
    byMetric.set(metric.metricName, [...(byMetric.get(metric.metricName) ?? []), metric]);
  }
  return new Dashboard(scope, 'Dashboard', {
    widgets: [
      [new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 24 })],
      ...[...byMetric].map(([title, left]) => [
        new GraphWidget({ title, left, width: 12, leftYAxis: { min: 0 } }),
      ]),
    ],
  });
}

export function createSchedule(
  scope: Construct,
  runner: RunnerFunction,
  content: Readonly<Record<string, unknown>>,
): Rule {
  return new Rule(scope, 'Schedule', {
    schedule: Schedule.rate(Duration.minutes(1)),
    targets: [
      new LambdaFunction(runner, {
        event: RuleTargetInput.fromObject(content),
        retryAttempts: 0,
        maxEventAge: Duration.minutes(1),
      }),
    ],
  });
}
