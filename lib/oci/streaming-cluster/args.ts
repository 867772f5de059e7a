import type * as oci from '@pulumi/oci';
import type * as pulumi from '@pulumi/pulumi';
import type { SynchronousStandbys, WalLevel } from '../../postgres';
import type { PeeredNetwork } from '../peered-vcns';
import type { HostLogins, HostMachine, HostTls } from '../postgres-host';

/** Where servers are placed in one region. */
export interface ClusterRegion {
  /** The network: one of `PeeredVcns.networks`, or the ids of one that is there. */
  network: PeeredNetwork;
  /**
   * The topic that alarms of this region's servers go to.
   *
   * @default - no alarms in this region
   */
  alarmTopicId?: pulumi.Input<string>;
}

/** One server of a cluster. */
export interface ClusterServer {
  /** The region that it is in; a key of `regions`. */
  region: string;
  /** Its availability domain. Changing it would replace machine and data, which are protected. */
  availabilityDomain: pulumi.Input<string>;
  /** Its fixed address, out of the region's subnet and not one of its first two or its last. Changing it would replace the machine. */
  address: string;
  /** The OCID of the Vault secret that holds its certificate in PEM, which names its address. */
  certificateSecretId: pulumi.Input<string>;
  /** The OCID of the Vault secret that holds the key of that certificate in PEM. */
  keySecretId: pulumi.Input<string>;
  /** The machine. */
  machine: HostMachine;
}

/** A primary and its replicas, in one or several regions. */
export interface StreamingClusterArgs {
  /** The compartment of everything that is made, and of the secrets. */
  compartmentId: pulumi.Input<string>;
  /** The tenancy, which dynamic groups belong to. */
  tenancyId: pulumi.Input<string>;
  /** The provider of the tenancy's home region: who may do what is written there only. */
  homeProvider: oci.Provider;
  /** The regions by their names, such as `us-ashburn-1`. */
  regions: { [region: string]: ClusterRegion };
  /**
   * The servers by name. A replica that is added is copied from the primary at its first boot; the others must be told
   * of its address by hand, since what a machine is told at its first boot does not change.
   */
  servers: { [name: string]: ClusterServer };
  /** The server that is made as the primary. Leave it as it is after a promotion, which is not this program's business. */
  primary: string;
  /** The PostgreSQL major of all servers. */
  majorVersion: number;
  /** The database, which is made at the primary's first boot. */
  database: string;
  /** Who logs in. */
  logins: HostLogins;
  /** What TLS rests on. */
  tls: HostTls;
  /**
   * The replicas that a commit waits for: any of the named ones, never all there are whatever they are.
   *
   * @default - none: what the replicas lack is lost with the primary
   */
  synchronous?: SynchronousStandbys;
  /**
   * The most WAL, in MiB, that a slot may hold back before PostgreSQL gives it up to save the disk.
   *
   * @default - half of the smallest data volume
   */
  maxSlotWalKeepMiB?: number;
  /**
   * The `wal_level`.
   *
   * @default REPLICA
   */
  walLevel?: WalLevel;
  /**
   * Days for which the log is kept in Object Storage, from 1. Changing it takes effect in place, also for what is there.
   *
   * @default 14
   */
  archiveRetentionDays?: number;
  /**
   * What the names of roles and slots begin with.
   *
   * @default 'pontoon'
   */
  namePrefix?: string;
  /**
   * Whether Pulumi refuses to delete or replace machines, data and archive.
   *
   * @default true
   */
  protect?: boolean;
}
