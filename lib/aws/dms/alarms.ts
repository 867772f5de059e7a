import { Aws, Duration, Fn } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { DEFAULT_STORAGE_GIB } from './instance';
import { DmsMigrationType, type DmsReplicationProps } from './props';
import { migrationTypeOf } from './task';

const NAMESPACE = 'AWS/DMS';
const PERIOD = Duration.minutes(5);
const MIB = 1024 * 1024;
const MIN_FREE_MEMORY_MIB = 512;
const MIN_FREE_STORAGE_SHARE = 0.2;

/** How CloudWatch and EventBridge call a replication. */
export interface Watched {
  /** The dimensions of the task's metrics. */
  readonly task: Record<string, string>;
  /** The dimensions of the instance's metrics; undefined for a serverless replication. */
  readonly instance: Record<string, string> | undefined;
  /** The ARN that events name. */
  readonly arn: string;
}

/** How CloudWatch calls the task `arn` of the instance called `name`. */
export function watchedTask(arn: string, name: string): Watched {
  const instance = { ReplicationInstanceIdentifier: name };
  return { arn, instance, task: { ...instance, ReplicationTaskIdentifier: resourceIdOf(arn) } };
}

/** How CloudWatch calls the serverless replication of the configuration `arn`. */
export function watchedConfig(arn: string): Watched {
  const id = Fn.join(':', [Aws.ACCOUNT_ID, resourceIdOf(arn)]);
  return { arn, instance: undefined, task: { ReplicationConfigId: id } };
}

/** Makes the alarms, and the rule that tells of a failed task. */
export function createAlarms(
  scope: Construct,
  props: DmsReplicationProps,
  watched: Watched,
): Alarm[] {
  const limit = (props.maxLatency ?? PERIOD).toSeconds();
  const silence =
    props.alarmWhenStopped === false ? TreatMissingData.NOT_BREACHING : TreatMissingData.BREACHING;
  const alarms =
    migrationTypeOf(props) === DmsMigrationType.FULL_LOAD
      ? []
      : [
          latencyAlarm(scope, watched, { limit, silence, end: 'Source' }),
          latencyAlarm(scope, watched, { limit, silence, end: 'Target' }),
        ];
  if (watched.instance !== undefined)
    alarms.push(...instanceAlarms(scope, props, watched.instance));
  if (props.alarmTopic !== undefined) {
    for (const alarm of alarms) {
      alarm.addAlarmAction(new SnsAction(props.alarmTopic));
      alarm.addOkAction(new SnsAction(props.alarmTopic));
    }
    createFailureRule(scope, watched, props.alarmTopic);
  }
  return alarms;
}

const ENDS = { Source: 'reading the source', Target: 'writing to the target' } as const;

/** When latency is alarming at one end. */
interface LatencyRule {
  /** Seconds. */
  readonly limit: number;
  readonly end: keyof typeof ENDS;
  /** What no data means: a task that does not run reports nothing. */
  readonly silence: TreatMissingData;
}

function latencyAlarm(
  scope: Construct,
  { task }: Watched,
  { limit: threshold, end, silence }: LatencyRule,
): Alarm {
  const stopped = silence === TreatMissingData.BREACHING ? ', or does not run' : '';
  return new Alarm(scope, `${end}Latency`, {
    alarmDescription: `AWS DMS lags more than ${threshold} s in ${ENDS[end]}${stopped}`,
    metric: metric(`CDCLatency${end}`, task, Stats.MAXIMUM),
    threshold,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 3,
    treatMissingData: silence,
  });
}

function instanceAlarms(
  scope: Construct,
  { storageGiB = DEFAULT_STORAGE_GIB }: DmsReplicationProps,
  instance: Record<string, string>,
): Alarm[] {
  const storage = Math.round(storageGiB * 1024 * MIN_FREE_STORAGE_SHARE);
  return (
    [
      ['FreeableMemory', MIN_FREE_MEMORY_MIB, 'memory'],
      ['FreeStorageSpace', storage, 'disk'],
    ] as const
  ).map(
    ([name, mebibytes, what]) =>
      new Alarm(scope, name, {
        alarmDescription: `The DMS replication instance has less than ${mebibytes} MiB of ${what} left`,
        metric: metric(name, instance, Stats.MINIMUM),
        threshold: mebibytes * MIB,
        comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
        evaluationPeriods: 3,
        treatMissingData: TreatMissingData.BREACHING,
      }),
  );
}

function metric(
  metricName: string,
  dimensionsMap: Record<string, string>,
  statistic: string,
): Metric {
  return new Metric({ namespace: NAMESPACE, metricName, dimensionsMap, statistic, period: PERIOD });
}

/** A serverless replication reports its failure under another type, and with the configuration's ARN. */
function createFailureRule(scope: Construct, { arn, instance }: Watched, topic: ITopic): void {
  const serverless = instance === undefined;
  new Rule(scope, 'Failed', {
    description: 'AWS DMS gave up a replication',
    eventPattern: {
      source: ['aws.dms'],
      detailType: [
        serverless ? 'DMS Replication State Change' : 'DMS Replication Task State Change',
      ],
      resources: [arn],
      detail: { eventType: [serverless ? 'REPLICATION_FAILED' : 'REPLICATION_TASK_FAILED'] },
    },
    targets: [new SnsTopic(topic)],
  });
}

function resourceIdOf(arn: string): string {
  return Fn.select(6, Fn.split(':', arn));
}
