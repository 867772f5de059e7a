import type { Duration } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { IDatabaseCluster } from 'aws-cdk-lib/aws-rds';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IDependable } from 'constructs';
import type { Topology } from '../../postgres';
import type { RunnerFunction } from '../runner-function';
import type { ServerBinding } from '../server-binding';

/** What can be chosen about metrics and alarms, whatever is measured. */
export interface MonitoringOptions {
  /**
   * How much is written on the source in MiB of WAL a second, on which the alarms on retained WAL depend. Changing it
   * changes these alarms in place.
   *
   * @default 5
   */
  readonly writeRateMiBPerSecond?: number;
  /**
   * How old the changes may be that a receiver has, before the alarm. Changing it changes the alarms in place.
   *
   * @default Duration.minutes(5)
   */
  readonly maxLag?: Duration;
  /**
   * How often everything is measured: whole minutes. Changing it takes effect in place.
   *
   * @default Duration.minutes(1)
   */
  readonly schedule?: Duration;
  /**
   * The metrics' namespace in CloudWatch. A change of it begins new metrics.
   *
   * @default 'Pontoon'
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Namespace
   */
  readonly namespace?: string;
  /**
   * The metrics' dimension `Migration`, which tells migrations of one account apart. A change of it begins new metrics.
   *
   * @default - the stack's name, and the path in it of the construct that this is part of
   */
  readonly migrationName?: string;
  /**
   * Where alarms are sent. Changing it takes effect in place.
   *
   * @default - alarms are only shown
   */
  readonly alarmTopic?: ITopic;
}

/** What is watched, and who is told. */
export interface ReplicationMonitoringProps extends MonitoringOptions {
  /** The function that measures. Changing it has another one measure; the metrics stay the same. */
  readonly runner: RunnerFunction;
  /** The servers and the links between them. Changing it adds and removes metrics and alarms. */
  readonly topology: Topology;
  /** Where each server is that changes flow to or from, and no other. Changing one takes effect in place. */
  readonly bindings: ServerBinding[];
  /**
   * The size of the servers' data disks in GiB, by the server's name. A server without one gets no alarm on its disk.
   * Changing it changes these alarms in place.
   *
   * @default - unknown
   */
  readonly diskGiB?: { readonly [server: string]: number };
  /**
   * The Aurora cluster of the target, whose own metrics the dashboard shows. Changing it changes the dashboard only.
   *
   * @default - none
   */
  readonly cluster?: IDatabaseCluster;
  /**
   * Alarms that others made, such as those of DmsReplication; the dashboard shows them with their metrics. Changing
   * them changes the dashboard only.
   *
   * @default - none
   */
  readonly otherAlarms?: Alarm[];
  /**
   * What must be there before alarms are made, since nothing replicates without it. By itself it changes nothing that
   * is deployed.
   *
   * @default - nothing
   */
  readonly replication?: IDependable[];
}
