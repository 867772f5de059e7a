import type { IConnectable, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { AuroraClusterOptions } from '../aurora';
import type { MonitoringOptions } from '../monitoring';
import type { PreflightOptions } from '../preflight';
import type { RunnerFunction } from '../runner-function';
import type { ServerBinding } from '../server-binding';
import type { SchemaChanges } from './schema-changes';

/** A cluster that another stack, or nobody's, made. */
export interface ExistingCluster {
  /**
   * Where it is, and its administrator's login. Its `server` is 'aurora' in a HybridMigration and 'target' in an
   * AuroraMigration, and its `database` the target's.
   */
  readonly binding: ServerBinding;
  /** Its network rules. */
  readonly connectable: IConnectable;
}

/** The Aurora cluster that the data goes to: a new one, or one that is there already. */
export interface MigrationTarget {
  /** The PostgreSQL major. A higher one upgrades a new cluster in place, with downtime, and stops replication. */
  readonly majorVersion: number;
  /**
   * The database. A new cluster is made with it, and replaced when it changes.
   *
   * @default - the source's
   */
  readonly databaseName?: string;
  /**
   * The subnets of the cluster. For one that is there already, they are what the publisher's pg_hba admits. Changing them
   * takes effect in place on the cluster, and replaces a standby's instance, whose pg_hba names them.
   *
   * @default - private isolated subnets if there are any, otherwise private subnets with egress
   */
  readonly subnets?: SubnetSelection;
  /**
   * What is chosen about a new cluster: version, capacity, readers, protection.
   *
   * @default - the defaults of AuroraTarget
   */
  readonly cluster?: AuroraClusterOptions;
  /**
   * A cluster that is there already, with `rds.logical_replication = 1` in its parameter group. Changing from one to the
   * other copies the data again.
   *
   * @default - a new cluster
   */
  readonly existing?: ExistingCluster;
  /**
   * Roles that may connect to read while the migration runs, beside replication's own. Changing them grants and revokes
   * in place.
   *
   * @default - none
   */
  readonly readOnlyRoles?: string[];
}

/** What every migration to Aurora is made of, wherever it comes from. */
export interface MigrationProps {
  /** The network of the target and of everything that the migration makes. No part can move to another one. */
  readonly vpc: IVpc;
  /**
   * The subnets of the runner, and of what replicates. Changing them takes effect in place, and replaces a standby's
   * instance, whose pg_hba names them.
   *
   * @default - private subnets with egress
   */
  readonly subnets?: SubnetSelection;
  /** Where the data goes to. */
  readonly target: MigrationTarget;
  /**
   * What the deployment lives with of what preflight finds on the source.
   *
   * @default - nothing: errors and whatever could not be checked stop the deployment
   */
  readonly preflight?: PreflightOptions;
  /**
   * What becomes of changes to the source's schemas while they are migrated. Other choices than the default make event
   * triggers on the source, which takes a superuser there, or on Aurora its administrator; a rehearsal has neither, and
   * fails where they are made. Changing it takes effect in place.
   *
   * @default SchemaChanges.UNWATCHED
   */
  readonly schemaChanges?: SchemaChanges;
  /**
   * What is measured, and who is told.
   *
   * @default - a dashboard and alarms that are only shown
   */
  readonly monitoring?: MonitoringOptions;
  /**
   * What the names of roles, slots, publications and subscriptions begin with: up to 30 lower-case letters, digits and
   * underscores, the first one a letter. Two migrations from one server, or to one, need two of them. Changing it
   * replaces all of these, and copies the data again.
   *
   * @default 'pontoon'
   * @see https://www.postgresql.org/docs/current/warm-standby.html#STREAMING-REPLICATION-SLOTS-MANIPULATION
   */
  readonly namePrefix?: string;
  /**
   * The function that makes objects, if several migrations of a stack share one. Changing it breaks what is deployed.
   *
   * @default - a new one
   */
  readonly runner?: RunnerFunction;
  /**
   * The key that encrypts volumes, clusters, replication instances and secrets. Its policy must let the account's
   * identities use it by IAM, as the policies that CDK and the console make do. Changing it replaces what it encrypts,
   * but for secrets, and copies the data again.
   *
   * @default - the keys that AWS manages
   */
  readonly encryptionKey?: IKey;
}
