import type { Duration } from 'aws-cdk-lib';
import type { IInterfaceVpcEndpoint, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type {
  DmsTableSettings,
  DmsTaskSettings,
  DmsTransformation,
  Platform,
  TableSelection,
} from '../../postgres';
import type { RunnerFunction } from '../runner-function';
import type { ServerBinding } from '../server-binding';
import type { DmsAccountRoles } from './account-roles';

/** What a DMS task does. */
export enum DmsMigrationType {
  /** Copies the rows that are there, and ends. */
  FULL_LOAD = 'full-load',
  /** Applies changes from a position on. */
  CDC = 'cdc',
  /** Copies the rows that are there, then applies what changed since. */
  FULL_LOAD_AND_CDC = 'full-load-and-cdc',
}

/**
 * The output plugin that decodes for AWS DMS. `pgoutput` is not among them: it belongs to PostgreSQL's own
 * subscriptions.
 */
export enum DmsPlugin {
  /** Part of every PostgreSQL; the only one that works on a standby. */
  TEST_DECODING = 'test-decoding',
  /** An extension of the source; without REPLICA IDENTITY FULL. */
  PGLOGICAL = 'pglogical',
}

/** Capacity of AWS DMS Serverless. */
export interface DmsServerlessProps {
  /** The most DMS capacity units, of 2 GB memory each: 1, 2, 4, 8, 16, 32, 64, 128, 192, 256 or 384. */
  readonly maxCapacityUnits: number;
  /**
   * The fewest DMS capacity units.
   *
   * @default - as AWS DMS finds out
   */
  readonly minCapacityUnits?: number;
  /**
   * Whether a second availability zone stands by.
   *
   * @default false
   */
  readonly multiAz?: boolean;
}

/** Replication of one PostgreSQL server to another by AWS DMS. */
export interface DmsReplicationProps {
  /** The function that starts and stops the task. It needs a way to the DMS API. */
  readonly runner: RunnerFunction;
  /** The network of the replication instance. Changing it replaces the instance and the task. */
  readonly vpc: IVpc;
  /**
   * The subnets, in two availability zones or more. Changing them takes effect in place.
   *
   * @default - private subnets with egress
   */
  readonly subnets?: SubnetSelection;
  /** The server that is read. Its certificate is verified. */
  readonly source: ServerBinding;
  /** The login of AWS DMS there: JSON with `username`, `password`, `host` and `port`, such as a DmsLogin's. */
  readonly sourceSecret: ISecret;
  /** The server that is written to. Its certificate is verified. */
  readonly target: ServerBinding;
  /** The login of AWS DMS there: JSON with `username`, `password`, `host` and `port`, such as a DmsLogin's. */
  readonly targetSecret: ISecret;
  /**
   * Where the target runs.
   *
   * @default Platform.AURORA
   */
  readonly targetPlatform?: Platform;
  /** What is replicated. A change stops the task, alters it and resumes it; new tables are loaded only by `reload`. */
  readonly selection: TableSelection;
  /**
   * What the task does. Changing it replaces the task, and a new task loads everything again.
   *
   * @default DmsMigrationType.FULL_LOAD_AND_CDC
   */
  readonly migrationType?: DmsMigrationType;
  /**
   * Whether the source is a standby that was not promoted, as `standbyLinkInto` of the topology tells. It then needs a
   * slot of its own, `slotName`, since AWS DMS cannot make one there.
   *
   * @default false
   */
  readonly sourceIsStandby?: boolean;
  /**
   * A logical slot on the source that exists before the task starts: have `running` depend on it.
   *
   * @default - AWS DMS makes and drops a slot of its own, which only a primary allows
   */
  readonly slotName?: string;
  /**
   * The plugin of the slot.
   *
   * @default DmsPlugin.TEST_DECODING
   */
  readonly plugin?: DmsPlugin;
  /**
   * Where CDC begins: a log position such as `4AF/B00000D0`, not older than the slot's confirmed one, or a checkpoint
   * of an earlier task. PostgreSQL sources know no start by time.
   *
   * @default - where the slot stands; required for CDC with `slotName`
   */
  readonly cdcStartPosition?: string;
  /**
   * The class of the replication instance, such as `dms.r6i.large`. Changing it restarts the instance.
   *
   * @default 'dms.r6i.large', unless `serverless` is given
   */
  readonly instanceClass?: string;
  /**
   * The instance's disk, in GiB: 5 to 6,144. It holds changes that wait, and logs.
   *
   * @default 100
   */
  readonly storageGiB?: number;
  /**
   * Whether a second instance stands by in another availability zone.
   *
   * @default false
   */
  readonly multiAz?: boolean;
  /**
   * The version of the DMS engine. A standby as source needs 3.6.1 or later.
   *
   * @default '3.6.1'
   */
  readonly engineVersion?: string;
  /**
   * AWS DMS Serverless in place of a replication instance.
   *
   * @default - a replication instance
   */
  readonly serverless?: DmsServerlessProps;
  /**
   * Changes to names on the target.
   *
   * @default - none
   */
  readonly transformations?: DmsTransformation[];
  /**
   * How single tables are loaded.
   *
   * @default - as `taskSettings` says
   */
  readonly tableSettings?: DmsTableSettings[];
  /**
   * How the task works.
   *
   * @default - as DmsTaskSettings says
   */
  readonly taskSettings?: DmsTaskSettings;
  /**
   * Whether triggers fire and foreign keys are checked on the target while AWS DMS writes. If not, its sessions set
   * `session_replication_role = replica`, to which its role needs the right (`rds_superuser`, or GRANT SET ON
   * PARAMETER).
   *
   * @default false
   */
  readonly targetTriggers?: boolean;
  /**
   * A number to raise when all tables are to be loaded again. Any change of it reloads.
   *
   * @default 0
   */
  readonly reload?: number;
  /**
   * The key that encrypts the instance's disk and the endpoints. Changing it replaces instance, endpoints and task.
   *
   * @default - the key that AWS manages for DMS
   */
  readonly kmsKey?: IKey;
  /**
   * The VPC endpoint through which AWS DMS reads the logins. Required in subnets without a way out, and for
   * `serverless`.
   *
   * @default - through the subnets' NAT
   */
  readonly secretsManagerEndpoint?: IInterfaceVpcEndpoint;
  /**
   * Where the account's roles `dms-vpc-role` and `dms-cloudwatch-logs-role` come from.
   *
   * @default DmsAccountRoles.CREATE
   */
  readonly accountRoles?: DmsAccountRoles;
  /**
   * Who learns of alarms and of a failed task.
   *
   * @default - nobody; the alarms still show
   */
  readonly alarmTopic?: ITopic;
  /**
   * How far the task may lag before the alarm.
   *
   * @default Duration.minutes(5)
   */
  readonly maxLatency?: Duration;
  /**
   * How long the task's log is kept. AWS DMS Serverless makes its log group itself, and keeps it for ever.
   *
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: RetentionDays;
}
