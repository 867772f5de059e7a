import type { RemovalPolicy } from 'aws-cdk-lib';
import type { InstanceType, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';

/** What can be chosen about a new Aurora PostgreSQL cluster, wherever it is made. */
export interface AuroraClusterOptions {
  /**
   * The exact version, such as `17.9`. A newer minor is installed in place, with a short downtime.
   *
   * @default - the newest minor of the cluster's major that this library knows, for 15 to 18
   * @see https://docs.aws.amazon.com/AmazonRDS/latest/AuroraPostgreSQLReleaseNotes/AuroraPostgreSQL.Updates.html
   */
  readonly engineVersion?: string;
  /**
   * The fewest Aurora capacity units that Serverless v2 scales down to, from 0.5 in steps of 0.5. With logical
   * replication the writer never pauses, so that 0 is refused. Changing it takes effect in place.
   *
   * @default 1
   * @see https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html
   */
  readonly serverlessMinCapacity?: number;
  /**
   * The most Aurora capacity units that Serverless v2 scales up to, from 1 to 256 in steps of 0.5. Changing it takes
   * effect in place; parameters that depend on it wait for a reboot.
   *
   * @default 16
   */
  readonly serverlessMaxCapacity?: number;
  /**
   * The instance type of provisioned instances, in place of Serverless v2. Changing it restarts them one by one, in
   * place.
   *
   * @default - Serverless v2
   */
  readonly instanceType?: InstanceType;
  /**
   * Readers beside the writer, which also stand by for failover: 0 to 15. Changing it adds or removes instances.
   *
   * @default 1
   */
  readonly readers?: number;
  /**
   * Parameters of the cluster, beside those that replication needs, which cannot be overridden. Changing them takes
   * effect in place; static ones wait for the next reboot.
   *
   * @default - none
   * @see https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Reference.ParameterGroups.html
   */
  readonly parameters?: { readonly [name: string]: string };
  /**
   * Whether the cluster cannot be deleted until this is changed, in place. It also keeps a first deployment that fails
   * later from being rolled back whole.
   *
   * @default true
   */
  readonly deletionProtection?: boolean;
  /**
   * What becomes of the cluster when it is removed from the stack, or replaced. With RETAIN its secret, parameters and
   * network rules are retained too. Changing it touches nothing that runs.
   *
   * @default RemovalPolicy.SNAPSHOT
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** A new Aurora PostgreSQL cluster that receives changes and can send them back, or the other way round. */
export interface AuroraTargetProps extends AuroraClusterOptions {
  /** The network. A cluster cannot move to another one: changing this fails, so make another target. */
  readonly vpc: IVpc;
  /**
   * The subnets, in two availability zones or more. Changing them takes effect in place; Amazon RDS refuses to lose one
   * that an instance is in.
   *
   * @default - private isolated subnets if there are any, otherwise private subnets with egress
   */
  readonly subnets?: SubnetSelection;
  /** The PostgreSQL major. A higher one upgrades in place, with downtime, and stops replication. */
  readonly majorVersion: number;
  /** The database that is made. Changing it replaces the cluster. */
  readonly databaseName: string;
  /**
   * The server's name in the topology. Changing it replaces the objects that are made on the cluster, not the cluster.
   *
   * @default 'aurora'
   */
  readonly serverName?: string;
  /**
   * What the cluster is for, as its network rules say it. Changing it replaces the rules' group.
   *
   * @default 'The Aurora cluster that changes are replicated to'
   */
  readonly description?: string;
  /**
   * What replication needs, by parameter, as `renderParameterGroup` derives it from a topology. Changing it takes
   * effect in place; static parameters wait for the next reboot. Those of which was not tried that Aurora knows them are
   * left out where PostgreSQL's default is enough.
   *
   * @default - sized for one link with four table copies side by side
   */
  readonly replicationParameters?: { readonly [name: string]: string };
  /**
   * The key that encrypts the cluster and its secret. Changing it replaces the cluster.
   *
   * @default - the keys that AWS manages
   */
  readonly encryptionKey?: IKey;
}
