import type { Duration } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { IDatabaseCluster } from 'aws-cdk-lib/aws-rds';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IDependable } from 'constructs';
import type { Topology } from '../../postgres';
import type { RunnerFunction } from '../runner-function';
import type { ServerBinding } from '../server-binding';

/** What is watched, and who is told. */
export interface ReplicationMonitoringProps {
  /** The function that measures. */
  readonly runner: RunnerFunction;
  /** The servers and the links between them. */
  readonly topology: Topology;
  /** Where each server is that changes flow to or from. */
  readonly bindings: ServerBinding[];
  /**
   * How much is written on the source in MiB of WAL a second, on which limits depend.
   *
   * @default 5
   */
  readonly writeRateMiBPerSecond?: number;
  /**
   * The size of the servers' data disks in GiB, by the server's name. A server without one gets no alarm on its disk.
   *
   * @default - unknown
   */
  readonly diskGiB?: { readonly [server: string]: number };
  /**
   * How old the changes may be that a receiver has.
   *
   * @default Duration.minutes(5)
   */
  readonly maxLag?: Duration;
  /**
   * How often everything is measured: whole minutes.
   *
   * @default Duration.minutes(1)
   */
  readonly schedule?: Duration;
  /**
   * The metrics' namespace in CloudWatch. A change of it begins new metrics.
   *
   * @default 'Pontoon'
   */
  readonly namespace?: string;
  /**
   * The metrics' dimension `Migration`, which tells migrations of one account apart. A change of it begins new metrics.
   *
   * @default - the stack's name, and the path in it of the construct that this is part of
   */
  readonly migrationName?: string;
  /**
   * Where alarms are sent.
   *
   * @default - alarms are only shown
   */
  readonly alarmTopic?: ITopic;
  /**
   * The Aurora cluster of the target, whose own metrics the dashboard shows.
   *
   * @default - none
   */
  readonly cluster?: IDatabaseCluster;
  /**
   * Alarms that others made, such as those of DmsReplication; the dashboard shows them with their metrics.
   *
   * @default - none
   */
  readonly otherAlarms?: Alarm[];
  /**
   * What must be there before alarms are made, since nothing replicates without it.
   *
   * @default - nothing
   */
  readonly replication?: IDependable[];
}
