import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type {
  IConnectable,
  IInterfaceVpcEndpoint,
  InstanceType,
  ISubnet,
  IVpc,
  SubnetSelection,
} from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type {
  DmsTableSettings,
  DmsTaskSettings,
  DmsTransformation,
  PublisherSslMode,
  TableSelection,
  WalLevel,
} from '../../postgres';
import type { DmsAccountRoles, DmsServerlessProps } from '../dms';
import type { RunnerFunction } from '../runner-function';
import type { ServerBinding, SslMode } from '../server-binding';
import type { OperatingSystem, SignalWhen, SourceRoute } from '../standby';

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

/** The PostgreSQL server that the data comes from. CloudFormation does not own it. */
export interface HybridSource {
  /** The host name or address under which the VPC reaches the source. */
  readonly host: string;
  /**
   * The port.
   *
   * @default 5432
   */
  readonly port?: number;
  /** The PostgreSQL major. */
  readonly majorVersion: number;
  /** The database to migrate. */
  readonly databaseName: string;
  /** The `wal_level` that the source has or will be given. Raising it costs a restart there. */
  readonly walLevel: WalLevel;
  /** The networks that the source is in, as CIDRs. */
  readonly cidrs: string[];
  /**
   * How the VPC reaches these networks. A route can be made once only: in a VPC where another migration made it, give
   * SourceRoute.existing().
   */
  readonly route: SourceRoute;
  /** The login with which objects are made on the source: JSON with `username` and `password`. The runbook tells its rights. */
  readonly secret: ISecret;
  /** The role's name in `secret`; pg_hba names it. */
  readonly username: string;
  /**
   * The superuser of the source, as which the standby's own operating system asks the standby for its state. Nobody
   * logs in with it from elsewhere.
   *
   * @default 'postgres'
   */
  readonly superuser?: string;
  /** The PEM text of the certificates that may sign the source's. */
  readonly caCertificate: string;
  /**
   * The size of the source's data disk in GiB. With it, the alarm on WAL that the standby's slot holds back knows how
   * much the disk can take, and there is an alarm on the disk itself. Changing it changes these alarms in place.
   *
   * @default - unknown: the alarm on WAL comes after an hour's worth of writes, and nobody watches the disk
   */
  readonly diskGiB?: number;
  /**
   * How the source's certificate is checked.
   *
   * @default SslMode.VERIFY_FULL
   */
  readonly sslMode?: SslMode;
}

/** An application that moves to the promoted standby. */
export interface HybridApplication {
  /** The role that it logs in as. */
  readonly role: string;
  /** The network that it comes from, as CIDR. */
  readonly cidr: string;
}

/** The EC2 instance that stands between source and target. */
export interface HybridStandby {
  /**
   * The operating system. Text indexes depend on its collations: take the family and release of the source if you can.
   *
   * @default - Amazon Linux 2023
   */
  readonly operatingSystem?: OperatingSystem;
  /**
   * The instance type.
   *
   * @default - m6i.large
   */
  readonly instanceType?: InstanceType;
  /** The size of the data volume in GiB: the source's data, and the WAL that slots may hold back. */
  readonly dataVolumeGiB: number;
  /**
   * The standby's fixed address, known before deployment, since the source's firewall and pg_hba must name it.
   * Changing it replaces the network interface.
   */
  readonly privateIpAddress: string;
  /**
   * The address under which the source sees the standby, where addresses are translated on the way.
   *
   * @default - `privateIpAddress`
   */
  readonly addressSeenBySource?: string;
  /**
   * The subnet that `privateIpAddress` belongs to.
   *
   * @default - the first of the private subnets with egress
   */
  readonly subnet?: ISubnet;
  /**
   * When CloudFormation goes on. Nothing that reads from the standby can be made before it streams.
   *
   * @default - when it streams
   */
  readonly signalWhen?: SignalWhen;
  /**
   * How long CloudFormation waits for the copy, up to twelve hours.
   *
   * @default Duration.hours(12)
   */
  readonly timeout?: Duration;
  /**
   * Whether the standby was promoted, for Bridge.PROMOTE. Say so only after you promoted it and moved the applications.
   *
   * @default false
   */
  readonly promoted?: boolean;
  /**
   * Who may log in once the applications have moved to the promoted standby, for Bridge.PROMOTE. Give it from the
   * start: changing it replaces the instance; the data stays.
   *
   * @default - nobody but the runner and what replicates
   */
  readonly applications?: HybridApplication[];
  /**
   * How much is written on the source in MiB of WAL a second, on which the alarms on retained WAL depend.
   *
   * @default 5
   */
  readonly writeRateMiBPerSecond?: number;
}

/** The Aurora cluster that the data goes to: a new one, or one that is there already. */
export interface HybridTarget {
  /** The PostgreSQL major. */
  readonly majorVersion: number;
  /**
   * The database. A new cluster is made with it.
   *
   * @default - the source's
   */
  readonly databaseName?: string;
  /**
   * A cluster that is there already, with `rds.logical_replication = 1` in its parameter group.
   *
   * @default - a new cluster
   */
  readonly existing?: ExistingTarget;
  /**
   * The subnets of the cluster. For one that is there already, they are what the standby's pg_hba admits.
   *
   * @default - private isolated subnets if there are any, otherwise private subnets with egress
   */
  readonly subnets?: SubnetSelection;
  /**
   * The exact version of a new cluster, such as `17.9`.
   *
   * @default - the newest minor of `majorVersion` that this library knows, for 15 to 18
   */
  readonly engineVersion?: string;
  /**
   * Aurora capacity units that a new cluster scales down to; with logical replication it never pauses.
   *
   * @default 1
   */
  readonly serverlessMinCapacity?: number;
  /**
   * Aurora capacity units that a new cluster scales up to.
   *
   * @default 16
   */
  readonly serverlessMaxCapacity?: number;
  /**
   * The instance type of a new cluster, in place of Serverless v2.
   *
   * @default - Serverless v2
   */
  readonly instanceType?: InstanceType;
  /**
   * Readers of a new cluster, beside the writer.
   *
   * @default 1
   */
  readonly readers?: number;
  /**
   * Whether a new cluster cannot be deleted until this is changed.
   *
   * @default true
   */
  readonly deletionProtection?: boolean;
  /**
   * What becomes of a new cluster when it is removed from the stack.
   *
   * @default RemovalPolicy.SNAPSHOT
   */
  readonly removalPolicy?: RemovalPolicy;
  /**
   * Roles that may connect to read while the migration runs, beside replication's own.
   *
   * @default - none
   */
  readonly readOnlyRoles?: string[];
}

/** A cluster that another stack, or nobody's, made. */
export interface ExistingTarget {
  /** Where it is, and its administrator's login. Its `server` is 'aurora', and its `database` the target's. */
  readonly binding: ServerBinding;
  /** Its network rules. */
  readonly connectable: IConnectable;
}

/** How AWS DMS works. */
export interface HybridDms {
  /**
   * The class of the replication instance.
   *
   * @default 'dms.r6i.large', unless `serverless` is given
   */
  readonly instanceClass?: string;
  /**
   * AWS DMS Serverless in place of a replication instance.
   *
   * @default - a replication instance
   */
  readonly serverless?: DmsServerlessProps;
  /**
   * The version of the DMS engine.
   *
   * @default '3.6.1'
   */
  readonly engineVersion?: string;
  /**
   * Where the account's roles for DMS come from.
   *
   * @default DmsAccountRoles.CREATE
   */
  readonly accountRoles?: DmsAccountRoles;
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
   * A number to raise when all tables are to be loaded again.
   *
   * @default 0
   */
  readonly reload?: number;
  /**
   * The VPC endpoint through which AWS DMS reads the logins, in subnets without a way out.
   *
   * @default - through the subnets' NAT
   */
  readonly secretsManagerEndpoint?: IInterfaceVpcEndpoint;
}

/** What is monitored. */
export interface HybridMonitoring {
  /**
   * Where alarms are sent.
   *
   * @default - alarms are only shown
   */
  readonly alarmTopic?: ITopic;
}

/** A migration from a server of your own over an EC2 standby to Aurora. */
export interface HybridMigrationProps {
  /** The network of standby, target and everything between. */
  readonly vpc: IVpc;
  /** Where the data comes from. */
  readonly source: HybridSource;
  /** What stands between. */
  readonly standby: HybridStandby;
  /** Where the data goes to. */
  readonly target: HybridTarget;
  /** What is replicated. */
  readonly selection: TableSelection;
  /**
   * How changes get from the standby to the target. Changing it copies the data again.
   *
   * @default ReplicationMethod.DMS
   */
  readonly method?: ReplicationMethod;
  /**
   * Where changes are decoded.
   *
   * @default Bridge.DECODE_ON_STANDBY
   */
  readonly bridge?: Bridge;
  /**
   * How DMS works: engine, instance, transformations, task settings.
   *
   * @default - the defaults of DmsReplication
   */
  readonly dms?: HybridDms;
  /**
   * How Aurora checks the standby's certificate in a native subscription. Aurora holds only the roots of Amazon RDS,
   * and the standby has a certificate of its own, so that Aurora can merely encrypt.
   *
   * @default PublisherSslMode.REQUIRE
   */
  readonly subscriptionSslMode?: PublisherSslMode;
  /**
   * What is monitored, and who is told.
   *
   * @default - a dashboard and alarms that are only shown
   */
  readonly monitoring?: HybridMonitoring;
  /**
   * The function that makes objects, if several migrations of a stack share one.
   *
   * @default - a new one
   */
  readonly runner?: RunnerFunction;
  /**
   * The subnets of the runner and of DMS.
   *
   * @default - private subnets with egress
   */
  readonly subnets?: SubnetSelection;
  /**
   * The key that encrypts volume, cluster, replication instance and secrets.
   *
   * @default - the keys that AWS manages
   */
  readonly encryptionKey?: IKey;
}
