import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { PublisherSslMode, TableSelection } from '../../postgres';
import type { DmsOptions } from '../dms';

/** How changes get from the standby to the target. */
export enum ReplicationMethod {
  /** AWS Database Migration Service: tables without subscriptions' limits, with transformations. */
  DMS = 'dms',
  /** PostgreSQL's own logical replication. */
  NATIVE = 'native',
}

/** Where changes are decoded. */
export enum Bridge {
  /** On the standby while it follows the source: needs PostgreSQL 16+ and `wal_level = logical` on the source. */
  DECODE_ON_STANDBY = 'decode-on-standby',
  /**
   * On the standby after it was promoted and the applications moved to it: for an older source, or one whose
   * `wal_level` cannot be raised. Until you say `promoted: true`, only the standby is deployed.
   */
  PROMOTE = 'promote',
}

/**
 * A login of your own that reads from the standby: of a role on the source, whence it reaches the standby. The role must
 * be there, with LOGIN, REPLICATION and SELECT on the selected tables, or a superuser's, before anything is replicated.
 */
export interface HybridReader {
  /**
   * JSON with `username` and `password`; for AWS DMS also `host`, the standby's fixed address, and `port`, 5432. A change
   * stops the task, alters its endpoint and resumes it, or alters the subscription in place.
   *
   * @see https://docs.aws.amazon.com/dms/latest/userguide/security_iam_secretsmanager.html
   */
  readonly secret: ISecret;
  /** The role's name in `secret`. Changing it replaces the standby's instance, whose pg_hba names it; the data stays. */
  readonly username: string;
}

/** What gets from the standby to the target, and how. */
export interface HybridReplication {
  /** What is replicated. Changing it alters publication or task in place; AWS DMS loads new tables by `dms.reload` only. */
  readonly selection: TableSelection;
  /**
   * How changes get from the standby to the target. Changing it copies the data again.
   *
   * @default ReplicationMethod.DMS
   */
  readonly method?: ReplicationMethod;
  /**
   * Where changes are decoded. Changing it replaces the standby's instance, whose settings depend on it; the data stays.
   *
   * @default Bridge.DECODE_ON_STANDBY
   * @see https://www.postgresql.org/docs/current/logicaldecoding-explanation.html
   */
  readonly bridge?: Bridge;
  /**
   * Whether only the standby is deployed so far, together with the empty target: for a copy that takes longer than the
   * twelve hours that CloudFormation waits. Deploy first with it and with `standby.signalWhen: SignalWhen.COPY_BEGUN`.
   * When the dashboard shows that the standby replays, remove both and deploy again: the instance is replaced, goes on
   * from the complete copy, and once it streams, everything that reads from it is made. An unfinished copy would begin
   * anew. What comes later is checked from the start, but for the runbook, so print that without it.
   *
   * @default false
   */
  readonly deferred?: boolean;
  /**
   * How AWS DMS works: engine, instance, transformations, task settings. By default tables are filled as the schema copy
   * left them (`tablePreparation: DO_NOTHING`), since a plain TRUNCATE fails where foreign keys refer to a table. The
   * schema copy gives tables the names that `transformations` say; changing these later renames nothing that is there.
   *
   * @default - the defaults of DmsReplication
   */
  readonly dms?: DmsOptions;
  /**
   * The login that reads from the standby, for AWS DMS or for the subscription.
   *
   * The role that is made by default is no superuser: it has LOGIN, REPLICATION and SELECT on the selected schemas, which
   * is what PostgreSQL asks of whoever decodes. The guide of AWS DMS asks for a superuser on a source that AWS does not
   * manage; whether its tasks are content with less was not tried on AWS. If they are not, give a login that has more.
   * Changing from one to the other alters what replicates in place.
   *
   * A rehearsal has no such login yet, and fails where it is first used: rehearse without it.
   *
   * @default - a role `pontoon_reader` that is made on the source, with a generated password
   * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Source.PostgreSQL.html
   */
  readonly reader?: HybridReader;
  /**
   * How Aurora checks the standby's certificate in a native subscription. Aurora holds only the roots of Amazon RDS,
   * and the standby has a certificate of its own, so that Aurora can merely encrypt. Changing it alters the subscription
   * in place.
   *
   * @default PublisherSslMode.REQUIRE
   * @see https://www.postgresql.org/docs/current/libpq-ssl.html
   */
  readonly subscriptionSslMode?: PublisherSslMode;
}
