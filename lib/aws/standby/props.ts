import type { Duration, Size } from 'aws-cdk-lib';
import type { InstanceType, ISecurityGroup, ISubnet, IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { SslMode } from '../server-binding';
import type { OperatingSystem } from './operating-system';
import type { SourceRoute } from './source-route';

/** When CloudFormation goes on. */
export enum SignalWhen {
  /** When the standby streams. A big copy must fit into the twelve hours that CloudFormation waits. */
  STREAMING = 'streaming',
  /** When the copy has begun: for databases whose copy takes longer. What follows must wait by itself. */
  COPY_BEGUN = 'copy-begun',
}

/** The primary that the standby copies and follows. */
export interface StandbyPrimary {
  /** The host name or address under which the standby reaches the primary. */
  readonly host: string;
  /**
   * The port.
   *
   * @default 5432
   */
  readonly port?: number;
  /** The replication role's login: JSON with `username` and `password`. Fetched by the instance at each boot; the key that encrypts it must be known to the secret or allow the instance's role. */
  readonly secret: ISecret;
  /** The certificates that may sign the primary's, in PEM. Give the root only: user data is small. */
  readonly caCertificate: string;
  /**
   * How the primary's certificate is checked.
   *
   * @default SslMode.VERIFY_FULL
   */
  readonly sslMode?: SslMode;
  /**
   * The physical slot on the primary, which must exist before the standby boots. It keeps WAL for as
   * long as the standby is away: watch it, set `max_slot_wal_keep_size` deliberately, and drop it when
   * the standby is gone.
   *
   * @see https://www.postgresql.org/docs/current/warm-standby.html#STREAMING-REPLICATION-SLOTS
   */
  readonly slotName: string;
  /** The primary's networks as CIDR, such as `192.0.2.0/24`: the only ones that the standby may reach by the database's port. */
  readonly cidrs: string[];
  /**
   * The way to those networks.
   *
   * @default SourceRoute.existing()
   */
  readonly route?: SourceRoute;
}

/** A physical standby on EC2, which the primary's networks and its consumers reach under one fixed address. */
export interface IntermediaryStandbyProps {
  /** The network. */
  readonly vpc: IVpc;
  /**
   * The one subnet, private and with a way to the package repositories and AWS's endpoints. Changing
   * it replaces the volume and the address, and so begins a new copy.
   */
  readonly subnet: ISubnet;
  /** The operating system. Changing it replaces the instance; the data stays. */
  readonly operatingSystem: OperatingSystem;
  /** The instance type: of the Nitro system. Changing it replaces the instance; the data stays. */
  readonly instanceType: InstanceType;
  /** The PostgreSQL major, the same as the primary's. */
  readonly majorVersion: number;
  /** The data volume's size in whole GiB. It can grow in place; the file system follows with the next boot. */
  readonly dataVolumeSize: Size;
  /**
   * The volume's operations a second.
   *
   * @default 3000
   */
  readonly dataVolumeIops?: number;
  /**
   * The volume's throughput in MiB a second.
   *
   * @default 125
   */
  readonly dataVolumeThroughput?: number;
  /**
   * The key that encrypts the data volume. Changing it replaces the volume, and so begins a new copy.
   *
   * @default - the account's key for EBS
   */
  readonly encryptionKey?: IKey;
  /** The primary. */
  readonly primary: StandbyPrimary;
  /** The standby's settings at its first boot, in the syntax of postgresql.conf. Changing them replaces the instance; use a `ServerSettings` object later. */
  readonly conf: string;
  /** The lines of pg_hba.conf that admit the consumers: `hostssl` and SCRAM. Changing them replaces the instance. */
  readonly hba: string;
  /**
   * The security groups that may connect. More can be allowed through `connections`.
   *
   * @default - none
   */
  readonly consumers?: ISecurityGroup[];
  /**
   * The fixed address, out of the subnet. Changing it replaces the interface; the certificate on the
   * volume names the old address.
   *
   * @default - chosen by AWS, once
   */
  readonly privateIpAddress?: string;
  /**
   * The address under which the primary sees the standby, if it is translated on the way.
   *
   * @default - the fixed address
   */
  readonly addressSeenBySource?: string;
  /**
   * The superuser on the primary, as which the instance's postgres user asks the standby for its state.
   *
   * @default 'postgres'
   */
  readonly superuser?: string;
  /**
   * The most MiB a second that the copy takes from the primary.
   *
   * @default - no limit
   */
  readonly copyMaxRateMiB?: number;
  /**
   * When CloudFormation goes on. It waits when the stack is made, and with each update that replaces
   * the instance; one whose image was renewed by AWS alone it does not wait for.
   *
   * @default SignalWhen.STREAMING
   */
  readonly signalWhen?: SignalWhen;
  /**
   * How long CloudFormation waits, from ten minutes to twelve hours. Five minutes earlier the standby
   * gives up and says why.
   *
   * @default Duration.hours(12)
   */
  readonly timeout?: Duration;
}
