import type { IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Platform, TableSelection } from '../../postgres';
import type { RunnerFunction } from '../runner-function';
import type { ServerBinding } from '../server-binding';
import type { DmsOptions } from './options';

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

/** Replication of one PostgreSQL server to another by AWS DMS. */
export interface DmsReplicationProps extends DmsOptions {
  /** The function that starts and stops the task. It needs a way to the DMS API. Changing it breaks what is deployed. */
  readonly runner: RunnerFunction;
  /** The network of the replication instance. AWS DMS moves no instance: changing it fails, so make another replication. */
  readonly vpc: IVpc;
  /**
   * The subnets, in two availability zones or more. Changing them takes effect in place.
   *
   * @default - private subnets with egress
   */
  readonly subnets?: SubnetSelection;
  /** The server that is read. Its certificate is verified. A change stops the task, alters its endpoint and resumes it. */
  readonly source: ServerBinding;
  /**
   * The login of AWS DMS on the source: JSON with `username`, `password`, `host` and `port`, such as a DmsLogin's. A
   * change stops the task, alters its endpoint and resumes it.
   *
   * AWS documents a superuser for sources that it does not manage. A role with REPLICATION that may read the tables is
   * what PostgreSQL asks for, and what a DmsLogin is made for; that AWS DMS is content with it was not tried on AWS. If
   * its task asks for more, give a login that has it.
   *
   * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Source.PostgreSQL.html
   */
  readonly sourceSecret: ISecret;
  /** The server that is written to. Its certificate is verified. A change stops the task, alters its endpoint and resumes it. */
  readonly target: ServerBinding;
  /**
   * The login of AWS DMS on the target: JSON with `username`, `password`, `host` and `port`, such as a DmsLogin's. A
   * change stops the task, alters its endpoint and resumes it.
   *
   * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.PostgreSQL.html
   */
  readonly targetSecret: ISecret;
  /**
   * Where the target runs. Changing it stops the task, alters its endpoint and resumes it.
   *
   * @default Platform.AURORA
   */
  readonly targetPlatform?: Platform;
  /** What is replicated. A change stops the task, alters it and resumes it; new tables are loaded only by `reload`. */
  readonly selection: TableSelection;
  /**
   * Whether the canary of writer and target travels too, by which a cutover sees that everything has arrived. It must be
   * on both servers before `running`. A change stops the task, alters it and resumes it.
   *
   * @default false
   */
  readonly canary?: boolean;
  /**
   * What the task does. Changing it replaces the task, and a new task loads everything again.
   *
   * @default DmsMigrationType.FULL_LOAD_AND_CDC
   */
  readonly migrationType?: DmsMigrationType;
  /**
   * Whether the source is a standby that was not promoted, as `standbyLinkInto` of the topology tells. It then needs a
   * slot of its own, `slotName`, since AWS DMS cannot make one there. By itself it changes nothing that is deployed.
   *
   * @default false
   */
  readonly sourceIsStandby?: boolean;
  /**
   * A logical slot on the source that exists before the task starts: have `running` depend on it. Changing it stops the
   * task, alters its endpoint and resumes it; what the new slot did not see is lost unless `reload` is raised too.
   *
   * @default - AWS DMS makes and drops a slot of its own, which only a primary allows
   */
  readonly slotName?: string;
  /**
   * The plugin of the slot. Changing it needs a new slot, and stops, alters and resumes the task.
   *
   * @default DmsPlugin.TEST_DECODING
   */
  readonly plugin?: DmsPlugin;
  /**
   * Where CDC begins: a log position such as `4AF/B00000D0`, not older than the slot's confirmed one, or a checkpoint
   * of an earlier task. PostgreSQL sources know no start by time. Changing it alters the task in place; it counts only
   * when a task starts anew.
   *
   * @default - where the slot stands; required for CDC with `slotName`
   */
  readonly cdcStartPosition?: string;
  /**
   * The key that encrypts the instance's disk and the endpoints. Changing it replaces instance, endpoints and task, and
   * the new task loads everything again.
   *
   * @default - the key that AWS manages for DMS
   */
  readonly kmsKey?: IKey;
  /**
   * Who learns of alarms and of a failed task. Changing it takes effect in place.
   *
   * @default - nobody; the alarms still show
   */
  readonly alarmTopic?: ITopic;
  /**
   * Whether a task that does not run, and so reports nothing, raises the alarms on latency. Where the slot that it reads
   * is watched, as in a HybridMigration, that raises an alarm already, and none once a cutover has stopped the task on
   * purpose. Changing it takes effect in place.
   *
   * @default true
   */
  readonly alarmWhenStopped?: boolean;
}
