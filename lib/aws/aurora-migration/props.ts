import type { SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IDatabaseCluster } from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { PublisherSslMode, QualifiedName, TableSelection } from '../../postgres';
import type { AuroraClusterOptions } from '../aurora';
import type { MigrationProps } from '../migration';
import type { SourceRoute } from '../standby';
import type { SchemaCopyHostOptions } from './schema-copy-host';

/** The way to a source in another VPC. */
export interface SourcePeering {
  /** The networks that the source is in, as CIDRs. Changing them replaces the routes. */
  readonly cidrs: string[];
  /**
   * How the subnets of the migration reach them, such as `SourceRoute.vpcPeering('pcx-…')`. Changing it replaces the
   * routes.
   */
  readonly route: SourceRoute;
  /**
   * The route tables of the source's subnets, in which a route back to this VPC is made by the same way. Without it the
   * owner of the other VPC makes them.
   *
   * @default - none
   */
  readonly returnRouteTableIds?: string[];
}

/** A source cluster that another stack, or nobody's, made. */
export interface ExistingSource {
  /**
   * The cluster, with endpoint and security groups, as `DatabaseCluster.fromDatabaseClusterAttributes` imports it. Rules
   * for this migration are added to its groups; import them with `mutable: false` if somebody else does that.
   */
  readonly cluster: IDatabaseCluster;
  /**
   * The login with which objects are made there: JSON with `username` and `password`. The secret that Amazon RDS manages
   * for the cluster's administrator will do.
   */
  readonly secret: ISecret;
  /** The role of that login. The runbook says what it needs. */
  readonly username: string;
  /**
   * The way to the source, if it is in another VPC of the same account and region.
   *
   * @default - it is in the VPC of the migration
   */
  readonly peering?: SourcePeering;
}

/** The Aurora cluster that the data comes from: one that is there already, or a new one. */
export interface AuroraSource {
  /** The PostgreSQL major. Raise it only after the source was upgraded, which ends replication: it begins again. */
  readonly majorVersion: number;
  /** The database to migrate. Changing it replaces everything that is made in it, and copies the data again. */
  readonly databaseName: string;
  /**
   * A cluster that is there already. Nothing about it is changed but what is made in the database: the runbook says what
   * its owner sets, first of all `rds.logical_replication = 1`, and the deployment checks it. Changing from one cluster
   * to another copies the data again.
   *
   * @default - a new cluster
   */
  readonly existing?: ExistingSource;
  /**
   * What is chosen about a new cluster: version, capacity, readers, protection.
   *
   * @default - the defaults of AuroraTarget
   */
  readonly cluster?: AuroraClusterOptions;
  /**
   * The subnets of a new cluster. Changing them takes effect in place.
   *
   * @default - private isolated subnets if there are any, otherwise private subnets with egress
   */
  readonly subnets?: SubnetSelection;
  /**
   * Whether the schemas that are replicated are there. A new cluster is empty: deploy it first, fill it, and say so then.
   * Taking it back ends replication.
   *
   * @default - true for a cluster that is there already, false for a new one
   */
  readonly filled?: boolean;
}

/** Tables that a publication, a slot and a subscription of their own replicate. */
export interface ReplicationPart {
  /**
   * Its name: up to 20 lower-case letters, digits and underscores, the first one a letter. The names of its publication,
   * slot and subscription, alarms and metrics end with it. Changing it is a move to another part.
   */
  readonly name: string;
  /**
   * Schemas that the selection names, with all of their tables that it replicates.
   *
   * @default - none
   */
  readonly schemas?: string[];
  /**
   * Tables that the selection replicates, with the columns and filters that it gives them.
   *
   * @default - none
   */
  readonly tables?: QualifiedName[];
}

/** What gets from one cluster to the other, and how. */
export interface AuroraReplication {
  /**
   * What is replicated. Changing it alters the publication in place, and takes up new tables. Row filters and column lists
   * need PostgreSQL 15 on the source, and `wayBack: false`.
   *
   * @see https://www.postgresql.org/docs/current/logical-replication-publication.html
   */
  readonly selection: TableSelection;
  /**
   * Tables that are replicated side by side with the rest of the selection, for a database of which one subscription
   * brings too little: each has one worker that applies changes, and four that copy. No table is in two parts, and what
   * is in none is the rest, also what is added to a schema later. The way back has the same parts, and a cutover
   * switches all of them at once.
   *
   * Each part keeps the order of its own changes only. Until a cutover a transaction on tables of several parts arrives
   * in pieces, and a row perhaps before the one that it refers to: subscriptions do not check foreign keys, and nobody
   * but them writes there. At the cutover everything has arrived, by every way.
   *
   * Choose the parts before the first deployment. A table that moves to another part later is copied again, which fails
   * and is tried again until the rows that are there are gone: deploy, then TRUNCATE it on the target.
   *
   * @default - one subscription replicates everything
   * @see https://www.postgresql.org/docs/current/logical-replication-architecture.html
   */
  readonly parts?: ReplicationPart[];
  /**
   * Whether a way back is prepared: a role and a publication on the target, to which the source subscribes at the
   * cutover. Without it there is no rollback. Changing it makes or drops both.
   *
   * @default true
   */
  readonly wayBack?: boolean;
  /**
   * Raise it to rotate the passwords of replication's roles: each gets a new secret, then the role its password, then
   * the subscription its connection. Until then the subscription stays connected, since a password is asked for only at
   * the beginning of a connection; one that breaks in between begins again seconds later. Secrets Manager must not
   * rotate these secrets by itself: the subscription would keep the old password. Changing it takes effect in place.
   *
   * @default 1
   */
  readonly passwordGeneration?: number;
  /**
   * Whether the source's slot is synchronized to physical standbys of its own (PostgreSQL 17+). Aurora's readers share the
   * writer's storage and are no such standbys: whether it takes this option, and whether a slot outlives a failover
   * without it, was not tried. Changing it is refused for a slot that is there.
   *
   * @default false
   * @see https://www.postgresql.org/docs/current/logicaldecoding-explanation.html#LOGICALDECODING-REPLICATION-SLOTS-SYNCHRONIZATION
   */
  readonly failoverSlot?: boolean;
  /**
   * How the target checks the source's certificate. Changing it alters the subscription in place.
   *
   * @default PublisherSslMode.VERIFY_FULL
   * @see https://www.postgresql.org/docs/current/libpq-ssl.html
   */
  readonly subscriptionSslMode?: PublisherSslMode;
  /**
   * The file with the roots of Amazon RDS on the target's host. That it lies in the default place was not tried. Changing
   * it alters the subscription in place.
   *
   * @default '/rdsdbdata/rds-metadata/ca-cert.pem'
   */
  readonly sslRootCert?: string;
}

/** A migration from one Aurora PostgreSQL cluster to another. */
export interface AuroraMigrationProps extends MigrationProps {
  /** Where the data comes from. */
  readonly source: AuroraSource;
  /** What is replicated, and how. */
  readonly replication: AuroraReplication;
  /**
   * The instance on which `pg_dump` copies the schema. It is needed whenever a schema is added.
   *
   * @default - the defaults of SchemaCopyHost
   */
  readonly schemaCopyHost?: SchemaCopyHostOptions;
}
