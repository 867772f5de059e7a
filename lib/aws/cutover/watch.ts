import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import { type AlarmRule, deriveWayBackAlarms, type MetricName } from '../../postgres';
import { migrationOf, ScheduleInput } from '../monitoring';
import type { RunnerFunction } from '../runner-function';
import type { CutoverStateMachineProps } from './props';
import { cutoverInput, type Told } from './told';

const NAMESPACE = 'Pontoon';
const OVERDUE: MetricName = 'FenceOverdue';
const PASSED: MetricName = 'FencePassed';

/** Has the function look for fences that were left standing, in either direction, and lift them. */
export function createWatch(scope: Construct, runner: RunnerFunction, told: Told): Rule {
  const directions = told.plan.reverse === undefined ? [false] : [false, true];
  const rule = new Rule(scope, 'Watch', {
    description: 'Lifts the fence of a cutover that died, once its deadline has passed',
    schedule: Schedule.rate(Duration.minutes(1)),
    targets: directions.map(
      (back) =>
        new LambdaFunction(runner.function, {
          event: ScheduleInput.of(
            scope,
            {
              pontoon: 'cutover',
              action: 'watch',
              owner: 'watch',
              back,
              metrics: { namespace: NAMESPACE, migration: migrationOf(scope) },
              input: cutoverInput(told),
            },
            told.servers,
          ),
          // The next minute's look is as good.
          retryAttempts: 0,
          maxEventAge: Duration.minutes(1),
        }),
    ),
  });
  runner.dependOn(rule, ...told.servers);
  return rule;
}

/** The alarm on a fence that stands after its deadline although nothing was decided, or that nobody opened behind. */
export function createFenceAlarm(scope: Construct, { plan }: Told): Alarm {
  return alarmOn(
    scope,
    OVERDUE,
    `A fence of '${plan.migration}' stands after its deadline: applications are locked out. Run 'pontoon status', then the cutover again.`,
  );
}

/** The alarm on somebody who gets past the fence on the old writer although the new one is open. */
export function createPassedAlarm(scope: Construct, { plan }: Told): Alarm {
  return alarmOn(
    scope,
    PASSED,
    `Somebody gets past the fence of '${plan.migration}' on the old writer, where nothing that is written travels any more. Run 'pontoon status', which says who, keep them out, and compare the rows.`,
  );
}

/** The alarms on the way on which the old writer follows once the new one is open, and the other way after a rollback. */
export function createWayBackAlarms(
  scope: Construct,
  { topology, writeRateMiBPerSecond, maxLag }: CutoverStateMachineProps,
  { plan }: Told,
): Alarm[] {
  const rules = deriveWayBackAlarms(plan, topology, {
    writeMiBPerSecond: writeRateMiBPerSecond ?? 5,
    ...(maxLag === undefined ? {} : { maxLagSeconds: maxLag.toSeconds() }),
  });
  return rules.map((rule) => wayBackAlarm(scope, rule));
}

function wayBackAlarm(scope: Construct, { id, metric, threshold, runs, text }: AlarmRule): Alarm {
  return new Alarm(scope, id, {
    alarmDescription: text,
    metric: metricOf(scope, metric),
    threshold,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: runs,
    // Before the opening and after the end there is nothing to measure; that nobody can look shows at the fence's alarm.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}

function metricOf(scope: Construct, metricName: MetricName): Metric {
  return new Metric({
    namespace: NAMESPACE,
    metricName,
    dimensionsMap: { Migration: migrationOf(scope) },
    statistic: Stats.MAXIMUM,
    period: Duration.minutes(1),
  });
}

function alarmOn(scope: Construct, metricName: MetricName, alarmDescription: string): Alarm {
  return new Alarm(scope, metricName, {
    alarmDescription,
    metric: metricOf(scope, metricName),
    threshold: 0,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 1,
    // Nobody could look: that is neither fine nor alarming, and shows as insufficient data.
    treatMissingData: TreatMissingData.MISSING,
  });
}
