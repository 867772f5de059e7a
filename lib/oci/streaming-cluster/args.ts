import type * as oci from '@pulumi/oci';
import type * as pulumi from '@pulumi/pulumi';
import type { SynchronousStandbys, WalLevel } from '../../postgres';
import type { PeeredNetwork } from '../peered-vcns';
import type { HostLogins, HostMachine, HostTls } from '../postgres-host';

/** Where servers are placed in one region. */
export interface ClusterRegion {
  /**
   * The network: one of `PeeredVcns.networks`, or the ids of one that is there, with a provider of its own and addresses
   * that overlap no other region's. Another one would replace the machines in it, which are protected.
   */
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
  /** The region that it is in; a key of `regions`. Changing it would replace machine and data, which are protected. */
  region: string;
  /** Its availability domain. Changing it would replace machine and data, which are protected. */
  availabilityDomain: pulumi.Input<string>;
  /** Its fixed address, out of the region's subnet and not one of its first two or its last. Changing it would replace the machine. */
  address: string;
  /**
   * The OCID of the Vault secret that holds its certificate in PEM, which names its address. A new version of the secret
   * is fetched at the next boot; another secret reaches permissions in place, and `/etc/pontoon/server.env` by hand.
   */
  certificateSecretId: pulumi.Input<string>;
  /** The OCID of the Vault secret that holds the key of that certificate in PEM; as for the certificate. */
  keySecretId: pulumi.Input<string>;
  /** The machine. */
  machine: HostMachine;
}

/** A primary and its replicas, in one or several regions. */
export interface StreamingClusterArgs {
  /** The compartment of everything that is made, and of the secrets. Changing it moves what is there. */
  compartmentId: pulumi.Input<string>;
  /** The tenancy, which dynamic groups belong to. Changing it replaces the group of the machines. */
  tenancyId: pulumi.Input<string>;
  /** The provider of the tenancy's home region: who may do what is written there only. */
  homeProvider: oci.Provider;
  /** The regions by their names, such as `us-ashburn-1`. */
  regions: { [region: string]: ClusterRegion };
  /**
   * The servers by name. A replica that is added asks the others at its first boot which of them is the primary, makes its
   * slot there, and copies that one, as the role that streams. The machines that are there are not told of it, since
   * what a machine is told at its first boot does not change: let it through their access rules and firewalls, by hand
   * and before. A replica that is removed is deleted, once it is not protected any more. The others go on asking it, and
   * a primary that boots waits for it: take its address and slot out of `/etc/pontoon/server.env`, and drop its slot, on
   * each of them by hand.
   */
  servers: { [name: string]: ClusterServer };
  /**
   * The server that is made as the primary, unless the cluster has data when it first boots: it begins an empty one only
   * once each other machine answers that it runs no PostgreSQL, and with an empty archive. Leave it as it is after a
   * promotion, which is not this program's business: changing it has no effect on machines that are there, and would
   * replace an archive in another region, which is protected, unless `archiveRegion` names one.
   */
  primary: string;
  /**
   * The PostgreSQL major of all servers. Changing it has no effect on machines that are there, and those that are added
   * could not follow them.
   */
  majorVersion: number;
  /** The database, which is made at the primary's first boot. Changing it makes none on a machine that is there. */
  database: string;
  /**
   * Who logs in. Changing names or networks has no effect on access rules and firewalls of machines that are there; the
   * security groups follow in place.
   */
  logins: HostLogins;
  /** What TLS rests on. Changing it has no effect on machines that are there. */
  tls: HostTls;
  /**
   * The replicas that a commit waits for: any of the named ones, never all there are whatever they are. Sessions that
   * set `synchronous_commit` to `off` or `local` do not wait, and no promotion can answer for what they wrote. Changing
   * it has no effect on machines that are there: set `synchronous_standby_names` on each of them. The primary notes in
   * its database what has been in force for a minute, and `pontoon promote` counts on what is said here only if the note
   * says the same. To wait for fewer, take the note back first: `ALTER DATABASE … RESET pontoon.synchronous`.
   *
   * @default - none: what the replicas lack is lost with the primary
   */
  synchronous?: SynchronousStandbys;
  /**
   * The most WAL, in MiB, that a slot may hold back before PostgreSQL gives it up to save the disk. Changing it moves
   * the alarm at once, and has no effect on machines that are there.
   *
   * @default - half of the smallest data volume
   */
  maxSlotWalKeepMiB?: number;
  /**
   * The `wal_level`. Changing it has no effect on machines that are there, where it needs a restart.
   *
   * @default REPLICA
   */
  walLevel?: WalLevel;
  /**
   * The region of the bucket that the log is kept in; a key of `regions`. Another one than the primary's keeps the archive
   * where a region is lost with the primary, at the price of traffic between regions; the machines reach it through their
   * NAT gateway. While it is lost itself, the primary goes on, and keeps the log on its disk. Changing it would replace
   * the bucket, which is protected, and has no effect on machines that are there: `/etc/pontoon/archive.env`.
   *
   * @default - the region of the server that `primary` names
   */
  archiveRegion?: string;
  /**
   * Days for which the log is kept in Object Storage, from 1. Changing it takes effect in place, also for what is there.
   *
   * @default 14
   */
  archiveRetentionDays?: number;
  /**
   * What the names of roles and slots begin with. Changing it has no effect on machines that are there, and those that
   * are added could not follow them.
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
