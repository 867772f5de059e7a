import type { Duration } from 'aws-cdk-lib';
import type { IInterfaceVpcEndpoint } from 'aws-cdk-lib/aws-ec2';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { DmsTableSettings, DmsTaskSettings, DmsTransformation } from '../../postgres';
import type { DmsAccountRoles } from './account-roles';

/** Capacity of AWS DMS Serverless. */
export interface DmsServerlessProps {
  /**
   * The most DMS capacity units, of 2 GB memory each: 1, 2, 4, 8, 16, 32, 64, 128, 192, 256 or 384. Changing it takes
   * effect in place, while the replication is stopped.
   *
   * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Serverless.html
   */
  readonly maxCapacityUnits: number;
  /**
   * The fewest DMS capacity units, out of the same numbers. Changing it takes effect in place, while the replication is
   * stopped.
   *
   * @default - as AWS DMS finds out
   */
  readonly minCapacityUnits?: number;
  /**
   * Whether a second availability zone stands by. Changing it takes effect in place, while the replication is stopped.
   *
   * @default false
   */
  readonly multiAz?: boolean;
}

/** What AWS DMS runs on, and how its task works, whatever it replicates. */
export interface DmsOptions {
  /**
   * The class of the replication instance, such as `dms.r6i.large`. Changing it restarts the instance in place.
   *
   * @default 'dms.r6i.large', unless `serverless` is given
   * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_ReplicationInstance.Types.html
   */
  readonly instanceClass?: string;
  /**
   * The instance's disk, in GiB: 5 to 6,144. It holds changes that wait, and logs. It grows in place, and never shrinks.
   *
   * @default 100
   */
  readonly storageGiB?: number;
  /**
   * Whether a second instance stands by in another availability zone. Changing it takes effect in place.
   *
   * @default false
   */
  readonly multiAz?: boolean;
  /**
   * The version of the DMS engine. A standby as source needs 3.6.1 or later. A later one is installed in place, with a
   * pause; AWS DMS refuses an earlier one.
   *
   * @default '3.6.1'
   * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_ReleaseNotes.html
   */
  readonly engineVersion?: string;
  /**
   * AWS DMS Serverless in place of a replication instance. Changing from one to the other makes a new replication, which
   * loads everything again.
   *
   * @default - a replication instance
   */
  readonly serverless?: DmsServerlessProps;
  /**
   * Changes to names on the target. Changing them stops the task, alters it and resumes it; what was loaded under other
   * names stays.
   *
   * @default - none
   */
  readonly transformations?: DmsTransformation[];
  /**
   * How single tables are loaded. Changing it stops the task, alters it and resumes it.
   *
   * @default - as `taskSettings` says
   */
  readonly tableSettings?: DmsTableSettings[];
  /**
   * How the task works. Changing it stops the task, alters it and resumes it.
   *
   * @default - as DmsTaskSettings says
   */
  readonly taskSettings?: DmsTaskSettings;
  /**
   * Whether triggers fire and foreign keys are checked on the target while AWS DMS writes. If not, its sessions set
   * `session_replication_role = replica`, to which its role needs the right (`rds_superuser`, or GRANT SET ON
   * PARAMETER). Changing it stops the task, alters its endpoint and resumes it.
   *
   * @default false
   * @see https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-SESSION-REPLICATION-ROLE
   */
  readonly targetTriggers?: boolean;
  /**
   * A number to raise when all tables are to be loaded again. Any change of it reloads. A slot of your own is to be
   * made anew for it, before the reload and under another `slotName`, as AWS asks of a slot on a standby: its old
   * position precedes what is loaded. A HybridMigration does so by itself.
   *
   * @default 0
   */
  readonly reload?: number;
  /**
   * The VPC endpoint through which AWS DMS reads the logins. Required in subnets without a way out, and for
   * `serverless`. Changing it stops the task, alters its endpoints and resumes it.
   *
   * @default - through the subnets' NAT
   */
  readonly secretsManagerEndpoint?: IInterfaceVpcEndpoint;
  /**
   * Where the account's roles `dms-vpc-role` and `dms-cloudwatch-logs-role` come from. Changing it from CREATE to
   * EXISTING deletes the roles that this stack made, which other stacks of the account may use.
   *
   * AWS DMS may not see a new role at once. The subnet group, which needs it, is therefore made after the runner's
   * function, a minute or so later. If it fails all the same with "dms-vpc-role is not configured properly", or where the
   * function was there before, make the roles in a stack of their own first, and give EXISTING here.
   *
   * @default DmsAccountRoles.CREATE
   * @see https://docs.aws.amazon.com/dms/latest/userguide/security-iam.html
   */
  readonly accountRoles?: DmsAccountRoles;
  /**
   * How far the task may lag before the alarm. Changing it changes the alarms in place.
   *
   * @default Duration.minutes(5)
   */
  readonly maxLatency?: Duration;
  /**
   * How long the task's log is kept. Changing it takes effect in place. AWS DMS Serverless makes its log group itself,
   * and keeps it for ever.
   *
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: RetentionDays;
}
