import type { Duration } from 'aws-cdk-lib';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { DmsTransformation, PublisherSslMode, Topology } from '../../postgres';
import type { RunnerFunction } from '../runner-function';
import type { ServerBinding } from '../server-binding';
import type { CutoverEndpoint } from './endpoint';

/** A human who is asked before anything happens. */
export interface CutoverApproval {
  /**
   * Who is asked: a message with the gates, and with the commands that approve and refuse. Whoever reads it can approve,
   * so that only operators should subscribe. Changing it takes effect with the next execution.
   */
  readonly topic: ITopic;
  /**
   * How long is waited for an answer, after which nothing happens.
   *
   * @default Duration.hours(12)
   */
  readonly timeout?: Duration;
}

/** How long and how far a cutover may go. Changing it takes effect with the next execution. */
export interface CutoverBounds {
  /**
   * The time from the fence to the opening: up to ten minutes. When it is spent, everything is undone. A record of Route
   * 53 counts as switched once the service has accepted it: that every name server has it is waited for after the
   * opening, since who asks one that does not finds the old writer closed. The target of a proxy is waited for, and
   * was never timed on AWS.
   *
   * @default - Duration.seconds(30), and Duration.minutes(2) for an endpoint that is an RDS Proxy
   */
  readonly budget?: Duration;
  /**
   * The part of it for the final comparison of rows: tables that can be read as a whole in that time. Small tables that
   * must be compared then, since they were truncated or written anew after their comparison, may take longer, up to half
   * of what is left of the budget. In a table that is not compared then, nothing shows what an administrator or a
   * superuser wrote on the new writer since its comparison: nobody may write there before the opening.
   *
   * @default Duration.millis(100)
   */
  readonly verification?: Duration;
  /**
   * How many MiB of WAL the new writer may lie behind before the fence.
   *
   * @default 16
   */
  readonly maxLagMiB?: number;
  /**
   * How long a transaction may have been open before the fence.
   *
   * @default Duration.seconds(10)
   */
  readonly longestTransaction?: Duration;
  /**
   * The values by which sequences are moved ahead.
   *
   * @default 1000
   */
  readonly sequenceMargin?: number;
}

/** Names on the way to the new writer. */
export interface CutoverWay {
  /**
   * The subscription on the new writer, and the publication on the old one.
   *
   * @default - AWS DMS replicates
   */
  readonly replicationName?: string;
  /**
   * The role with which AWS DMS writes on the new writer.
   *
   * @default - a subscription replicates
   */
  readonly writerRole?: string;
  /**
   * The ARN of the DMS task, or of the serverless configuration. It must not apply changes in batches (`BatchApplyEnabled`),
   * since the cutover relies on the order of commits.
   *
   * @default - a subscription replicates
   */
  readonly replicationArn?: string;
  /**
   * What AWS DMS renames or removes, as its task has it, so that there can be no way back.
   *
   * @default - nothing
   */
  readonly transformations?: DmsTransformation[];
}

/** How the old writer follows the new one after the cutover. Changing it takes effect with the next execution. */
export interface CutoverWayBack {
  /**
   * The name of the publication on the new writer, which must be there with the canary; also of the subscription and of the
   * slot, which the cutover makes.
   */
  readonly replicationName: string;
  /** The login of the subscription on the new writer, with which the old writer's server connects. */
  readonly secret: ISecret;
  /**
   * The host under which the old writer's server reaches the new one.
   *
   * @default - the host of the new writer's binding
   */
  readonly host?: string;
  /**
   * How the old writer checks the certificate of the new one.
   *
   * @default PublisherSslMode.VERIFY_FULL
   * @see https://www.postgresql.org/docs/current/libpq-ssl.html
   */
  readonly sslMode?: PublisherSslMode;
  /**
   * The file with the root certificates on the old writer's host.
   *
   * @default - where Aurora and RDS keep those of Amazon RDS
   */
  readonly sslRootCert?: string;
}

/** What can be chosen about a cutover, whatever it switches. */
export interface CutoverOptions {
  /**
   * What clients connect to.
   *
   * @default - somebody else switches them
   */
  readonly endpoint?: CutoverEndpoint;
  /**
   * Who must approve before anything happens.
   *
   * @default - whoever starts the execution has decided
   */
  readonly approval?: CutoverApproval;
  /**
   * How long and how far a cutover may go.
   *
   * @default - half a minute from fence to opening, and two minutes for an RDS Proxy; see CutoverBounds
   */
  readonly bounds?: CutoverBounds;
  /**
   * Whether rows need not be compared before a cutover. Otherwise each execution compares them while applications write,
   * which takes as long as it takes, and changes nothing.
   *
   * @default false
   */
  readonly skipVerification?: boolean;
  /**
   * Roles that may stay connected to a fenced server beside replication's own, by server: such as those of metrics and
   * backups. They must not write. Those of a standby may connect to its primary too, whose access list it has.
   *
   * @default - none
   */
  readonly keepRoles?: { readonly [server: string]: string[] };
  /**
   * What logins of applications are called on the new writer, by their names on the old one, where they differ: their
   * rights are compared under that name. Whoever switches applications gives them the other name too. Changing it takes
   * effect with the next execution.
   *
   * @default - they are called alike
   */
  readonly logins?: { readonly [login: string]: string };
  /**
   * Where alarms are sent: an execution failed or timed out, a fence stands after its deadline or lets somebody past, or
   * the way back is in danger after the opening.
   *
   * @default - alarms are only shown
   */
  readonly alarmTopic?: ITopic;
  /**
   * How long the log of executions is kept.
   *
   * @default RetentionDays.ONE_YEAR
   */
  readonly logRetention?: RetentionDays;
}

/** What a cutover switches, and how. */
export interface CutoverStateMachineProps extends CutoverOptions {
  /** The function that walks. */
  readonly runner: RunnerFunction;
  /** The servers and the links between them. */
  readonly topology: Topology;
  /** Where the servers are: the old writer, the new one, and the standby that is decoded if there is one. */
  readonly bindings: ServerBinding[];
  /**
   * What tells this migration from others on the same servers: it names the journal's entry and the slot that watches the
   * fence. It cannot change between a fence and its end.
   */
  readonly migrationName: string;
  /** The server that becomes the writer, by its name in the topology. */
  readonly newWriter: string;
  /** Names on the way to it. */
  readonly forward: CutoverWay;
  /**
   * How the old writer follows afterwards.
   *
   * @default - there is no rollback
   */
  readonly wayBack?: CutoverWayBack;
  /**
   * How much is written in MiB of WAL a second, on which the alarms on the way back depend: on what it lags, and on what its
   * slot keeps on the new writer, of which half of a `maxSlotWalKeepMiB` in the topology is alarming at the latest. Changing
   * it changes these alarms in place.
   *
   * @default 5
   */
  readonly writeRateMiBPerSecond?: number;
  /**
   * How old the changes may be that the old writer has after the opening, before the alarm, at that rate. Changing it
   * changes the alarm in place.
   *
   * @default Duration.minutes(5)
   */
  readonly maxLag?: Duration;
}
