import type { RemovalPolicy } from 'aws-cdk-lib';
import type { InstanceType, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';

/** A new Aurora PostgreSQL cluster that receives changes, and can send them back. */
export interface AuroraTargetProps {
  /** The network. Changing it replaces the cluster. */
  readonly vpc: IVpc;
  /**
   * The subnets. Changing them replaces the cluster.
   *
   * @default - private isolated subnets if there are any, otherwise private subnets with egress
   */
  readonly subnets?: SubnetSelection;
  /** The PostgreSQL major. A higher one upgrades in place, with downtime, and stops replication. */
  readonly majorVersion: number;
  /**
   * The exact version, such as `17.9`. A newer minor is installed in place.
   *
   * @default - the newest minor of `majorVersion` that this library knows, for 15 to 18
   */
  readonly engineVersion?: string;
  /** The database that is made. Changing it replaces the cluster. */
  readonly databaseName: string;
  /**
   * The server's name in the topology.
   *
   * @default 'aurora'
   */
  readonly serverName?: string;
  /**
   * Aurora capacity units that Serverless v2 scales between. With logical replication the writer never pauses, so that
   * a least of 0 saves nothing.
   *
   * @default 1
   */
  readonly serverlessMinCapacity?: number;
  /**
   * The most Aurora capacity units of Serverless v2.
   *
   * @default 16
   */
  readonly serverlessMaxCapacity?: number;
  /**
   * The instance type of provisioned instances, in place of Serverless v2.
   *
   * @default - Serverless v2
   */
  readonly instanceType?: InstanceType;
  /**
   * Readers beside the writer, which also stand by for failover.
   *
   * @default 1
   */
  readonly readers?: number;
  /**
   * Parameters of the cluster, beside those that replication needs. Static ones take effect with the next reboot.
   *
   * @default - none
   */
  readonly parameters?: { readonly [name: string]: string };
  /**
   * What replication needs, by parameter. Not every parameter of PostgreSQL's is one of Aurora's: that clusters which
   * are decoded take `max_slot_wal_keep_size` and `idle_replication_slot_timeout` was not tried.
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
  /**
   * Whether the cluster cannot be deleted until this is changed.
   *
   * @default true
   */
  readonly deletionProtection?: boolean;
  /**
   * What becomes of the cluster when it is removed from the stack. Its secret, parameters and network rules are
   * retained with it.
   *
   * @default RemovalPolicy.SNAPSHOT
   */
  readonly removalPolicy?: RemovalPolicy;
}
