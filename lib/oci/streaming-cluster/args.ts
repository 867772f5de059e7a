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
  /** The compartment of everything that is made, and of the secrets. Changing it moves what is there. */
  compartmentId: pulumi.Input<string>;
  /** The tenancy, which dynamic groups belong to. Changing it replaces the group of the machines. */
  tenancyId: pulumi.Input<string>;
  /** The provider of the tenancy's home region: who may do what is written there only. */
  homeProvider: oci.Provider;
  /** The regions by their names, such as `us-ashburn-1`. */
  regions: { [region: string]: ClusterRegion };
  /**
   * The servers by name. A replica that is added is copied at its first boot from the server that `primary` names, as
   * the role that streams, by a slot of its own. The machines that are there are not told of it, since what a machine is
   * told at its first boot does not change: make its slot, and let it through their access rules and firewalls, by hand
   * and before. After a promotion add none until the server that `primary` names is the primary again: it would follow
   * the wrong one. A replica that is removed is deleted, once it is not protected any more; drop its slot by hand.
   */
  servers: { [name: string]: ClusterServer };
  /**
   * The server that is made as the primary, and that replicas which are added later are copied from. Leave it as it is
   * after a promotion, which is not this program's business: changing it has no effect on machines that are there, and
   * would replace an archive in another region, which is protected.
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
   * set `synchronous_commit` to `off` or `local` do not wait. Changing it has no effect on machines that are there: set
   * `synchronous_standby_names` on each of them first, since `pontoon promote` believes what is said here.
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
