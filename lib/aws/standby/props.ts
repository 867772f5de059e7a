import type { Duration } from 'aws-cdk-lib';
import type { InstanceType, ISecurityGroup, ISubnet, IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ServerAddress } from '../server-binding';
import type { OperatingSystem } from './operating-system';
import type { SourceRoute } from './source-route';

/** When CloudFormation goes on. */
export enum SignalWhen {
  /** When the standby streams. A big copy must fit into the twelve hours that CloudFormation waits. */
  STREAMING = 'streaming',
  /**
   * When the copy has begun: for databases whose copy takes longer. Nothing that reads from the standby can be made in
   * the same deployment.
   */
  COPY_BEGUN = 'copy-begun',
}

/** The primary that the standby copies and follows. */
export interface StandbyPrimary extends ServerAddress {
  /**
   * The replication role's login: JSON with `username` and `password`. Fetched by the instance at each boot; the key
   * that encrypts it must be known to the secret or allow the instance's role. Changing it replaces the instance.
   */
  readonly secret: ISecret;
  /**
   * The certificates that may sign the primary's, in PEM. Give the root only: user data is small. Changing them replaces
   * the instance.
   */
  readonly caCertificate: string;
  /**
   * The physical slot on the primary, which must exist before the standby boots. It keeps WAL for as
   * long as the standby is away: watch it, set `max_slot_wal_keep_size` deliberately, and drop it when
   * the standby is gone. Changing it replaces the instance.
   *
   * @see https://www.postgresql.org/docs/current/warm-standby.html#STREAMING-REPLICATION-SLOTS
   */
  readonly slotName: string;
  /**
   * The primary's networks as CIDR, such as `192.0.2.0/24`: the only ones that the standby may reach by the database's
   * port. Changing them replaces the instance.
   */
  readonly cidrs: string[];
  /**
   * The way to those networks. Changing it replaces the routes.
   *
   * @default SourceRoute.existing()
   */
  readonly route?: SourceRoute;
}

/** What can be chosen about the standby's machine, whatever it follows. Where the instance is replaced, the data stays. */
export interface StandbyHostOptions {
  /**
   * The operating system and its image. Text indexes depend on its collations: take the family and release of the
   * primary if you can. Changing it replaces the instance, and so does a newer image of one that is not pinned.
   *
   * @default - Amazon Linux 2023, the newest image at each deployment
   * @see https://wiki.postgresql.org/wiki/Collations
   */
  readonly operatingSystem?: OperatingSystem;
  /**
   * The instance type: of the Nitro system. Changing it replaces the instance.
   *
   * @default - m6i.large
   */
  readonly instanceType?: InstanceType;
  /**
   * The size of the data volume in GiB: the primary's data, and the WAL that slots may hold back. It can grow in place;
   * the file system follows with the next boot.
   */
  readonly dataVolumeGiB: number;
  /**
   * The volume's operations a second. Changing it takes effect in place.
   *
   * @default 3000
   * @see https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
   */
  readonly dataVolumeIops?: number;
  /**
   * The volume's throughput in MiB a second. Changing it takes effect in place.
   *
   * @default 125
   */
  readonly dataVolumeThroughput?: number;
  /**
   * The address under which the primary sees the standby, where addresses are translated on the way. By itself it changes
   * nothing that is deployed; the primary's pg_hba and firewall must name it.
   *
   * @default - the fixed address
   */
  readonly addressSeenBySource?: string;
  /**
   * The most MiB a second that the copy takes from the primary. Changing it replaces the instance.
   *
   * @default - no limit
   */
  readonly copyMaxRateMiB?: number;
  /**
   * When CloudFormation goes on. It waits when the stack is made, and with each update that replaces
   * the instance; one whose image was renewed by AWS alone it does not wait for. Nothing that reads from the standby can
   * be made before it streams. Changing it replaces the instance.
   *
   * @default SignalWhen.STREAMING
   */
  readonly signalWhen?: SignalWhen;
  /**
   * How long CloudFormation waits, from ten minutes to twelve hours. Five minutes earlier the standby
   * gives up for good, unless it streamed before, and says why. Changing it replaces the instance.
   *
   * @default Duration.hours(12)
   * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cloudformation-waitcondition.html
   */
  readonly timeout?: Duration;
}

/** A physical standby on EC2, which the primary's networks and its consumers reach under one fixed address. */
export interface IntermediaryStandbyProps extends StandbyHostOptions {
  /** The network. The standby cannot move to another one: changing it fails, so make another standby. */
  readonly vpc: IVpc;
  /**
   * The one subnet, private and with a way to the package repositories and AWS's endpoints. Changing
   * it replaces the volume and the address, and so begins a new copy.
   */
  readonly subnet: ISubnet;
  /** The PostgreSQL major, the same as the primary's. Changing it replaces the instance, which refuses another major's data. */
  readonly majorVersion: number;
  /**
   * The key that encrypts the data volume. Changing it replaces the volume, and so begins a new copy.
   *
   * The instance attaches the volume itself, so that its role is given what AWS documents for it: `kms:CreateGrant` for
   * AWS resources, `kms:Decrypt`, `kms:DescribeKey`, `kms:GenerateDataKeyWithoutPlaintext` and `kms:ReEncrypt*`, by EC2
   * only. The key's policy must leave that to IAM, as the policies that CDK and the console make do; one that does not,
   * and a key of another account, must name the rights for `role`. Whoever deploys needs them too, to make the volume.
   *
   * The root volume takes the account's key for EBS. Where that default is a customer's key, its policy must give the
   * same rights to the service-linked role AWSServiceRoleForAutoScaling, or no instance starts.
   *
   * @default - the account's key for EBS
   * @see https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
   */
  readonly encryptionKey?: IKey;
  /** The primary. Changing anything about it replaces the instance; the data stays, and is refused by another server. */
  readonly primary: StandbyPrimary;
  /**
   * The standby's settings, in the syntax of postgresql.conf. Changing them replaces the instance; use a `ServerSettings`
   * object later.
   *
   * @see https://www.postgresql.org/docs/current/config-setting.html
   */
  readonly conf: string;
  /**
   * The lines of pg_hba.conf that admit the consumers: `hostssl` and SCRAM. Changing them replaces the instance.
   *
   * @see https://www.postgresql.org/docs/current/auth-pg-hba-conf.html
   */
  readonly hba: string;
  /**
   * The security groups that may connect. More can be allowed through `connections`. Changing them takes effect in place.
   *
   * @default - none
   */
  readonly consumers?: ISecurityGroup[];
  /**
   * The fixed address, out of the subnet. Changing it replaces the interface and the instance, which makes itself a
   * certificate for the new address and hands that on; the data stays.
   *
   * @default - chosen by AWS, once
   */
  readonly privateIpAddress?: string;
  /**
   * The superuser on the primary, as which the instance's postgres user asks the standby for its state. Changing it
   * replaces the instance.
   *
   * @default 'postgres'
   */
  readonly superuser?: string;
}
