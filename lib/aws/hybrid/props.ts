import type { ISubnet } from 'aws-cdk-lib/aws-ec2';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { WalLevel } from '../../postgres';
import type { MigrationProps } from '../migration';
import type { ServerAddress } from '../server-binding';
import type { SourceRoute, StandbyHostOptions } from '../standby';
import type { HybridCutover } from './cutover-props';
import type { HybridReplication } from './replication-props';

/**
 * The PostgreSQL server that the data comes from. CloudFormation does not own it. Changing its address, certificate or
 * networks replaces the standby's instance; the standby's data stays.
 */
export interface HybridSource extends ServerAddress {
  /** The PostgreSQL major. The standby refuses the data of another one. */
  readonly majorVersion: number;
  /** The database to migrate. Changing it replaces everything that is made in it, and copies the data again. */
  readonly databaseName: string;
  /**
   * The `wal_level` that the source has or will be given. Raising it costs a restart there.
   *
   * @see https://www.postgresql.org/docs/current/runtime-config-wal.html#GUC-WAL-LEVEL
   */
  readonly walLevel: WalLevel;
  /**
   * The `max_slot_wal_keep_size` that the source has or will be given: the most WAL, in MiB, that the standby's slot may
   * hold back before PostgreSQL gives it up to save the disk, after which the standby is copied anew. The runbook sets
   * it and the deployment checks it. Changing it takes effect in place.
   *
   * @default - the source keeps its own limit; the deployment warns of any
   * @see https://www.postgresql.org/docs/current/runtime-config-replication.html#GUC-MAX-SLOT-WAL-KEEP-SIZE
   */
  readonly maxSlotWalKeepMiB?: number;
  /** The networks that the source is in, as CIDRs. */
  readonly cidrs: string[];
  /**
   * How the VPC reaches these networks. A route can be made once only: in a VPC where another migration made it, give
   * SourceRoute.existing(). Changing it replaces the routes.
   */
  readonly route: SourceRoute;
  /**
   * The login with which objects are made on the source: JSON with `username` and `password`. The runbook tells its
   * rights. Changing it takes effect in place.
   */
  readonly secret: ISecret;
  /** The role's name in `secret`; pg_hba names it. */
  readonly username: string;
  /**
   * The superuser of the source, as which the standby's own operating system asks the standby for its state. Nobody
   * logs in with it from elsewhere. Changing it replaces the standby's instance.
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
}

/** An application that moves to the promoted standby. */
export interface HybridApplication {
  /** The role that it logs in as. */
  readonly role: string;
  /** The network that it comes from, as CIDR. */
  readonly cidr: string;
}

/** The EC2 instance that stands between source and target. */
export interface HybridStandby extends StandbyHostOptions {
  /**
   * The standby's fixed address, known before deployment, since the source's firewall and pg_hba must name it.
   * Changing it replaces the network interface.
   */
  readonly privateIpAddress: string;
  /**
   * The subnet that `privateIpAddress` belongs to. Changing it replaces volume and address, and begins a new copy.
   *
   * @default - the first of the private subnets with egress
   */
  readonly subnet?: ISubnet;
  /**
   * Whether the standby was promoted, for Bridge.PROMOTE. Say so only after you promoted it and moved the applications:
   * it makes replication to the target, and removes from the stack what follows the source.
   *
   * @default false
   * @see https://www.postgresql.org/docs/current/warm-standby-failover.html
   */
  readonly promoted?: boolean;
  /**
   * Who may log in once the applications have moved to the promoted standby, for Bridge.PROMOTE. Give it from the
   * start: changing it replaces the instance; the data stays.
   *
   * @default - nobody but the runner and what replicates
   */
  readonly applications?: HybridApplication[];
}

/** A migration from a server of your own over an EC2 standby to Aurora. */
export interface HybridMigrationProps extends MigrationProps {
  /** Where the data comes from. */
  readonly source: HybridSource;
  /** What stands between. */
  readonly standby: HybridStandby;
  /** What gets from the standby to the target, and how. */
  readonly replication: HybridReplication;
  /**
   * The cutover to the target. Adding or removing it makes or deletes the state machine and the way back in place;
   * remove it only after `finalize`, or before the first cutover.
   *
   * @default - no state machine; a CutoverStateMachine or the command line may switch all the same
   */
  readonly cutover?: HybridCutover;
}
