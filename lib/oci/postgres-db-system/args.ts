import type * as pulumi from '@pulumi/pulumi';
import type { TopologyProps } from '../../postgres';

/** Who administers a database, and where the password is kept. */
export interface DbAdministrator {
  /** The role. Changing it would replace the database, and is refused. */
  username: string;
  /**
   * The OCID of the Vault secret that OCI makes the role with: the password and nothing else. OCI reads it once:
   * changing it has no effect on a database that is there.
   */
  passwordSecretId: pulumi.Input<string>;
  /**
   * The version of that secret. Changing it has no effect on a database that is there.
   *
   * @default '1'
   */
  passwordSecretVersion?: pulumi.Input<string>;
  /**
   * The OCID of the Vault secret that `pontoon` logs in with: JSON with `username` and the same `password`. Changing it
   * takes effect in place.
   */
  loginSecretId: pulumi.Input<string>;
}

/** What can be chosen about a database, wherever it is made. */
export interface DbSystemOptions {
  /** Who administers it. Changing it takes effect as each of its properties says. */
  administrator: DbAdministrator;
  /**
   * The shape. A flexible one is scaled in place by `ocpus` and `memoryInGbs`; the configuration is made for the same
   * shape. Changing it restarts the instances.
   *
   * @default 'VM.Standard.E5.Flex'
   * @see https://docs.oracle.com/iaas/Content/postgresql/supported-shapes.htm
   */
  shape?: string;
  /**
   * OCPUs of each instance. Changing it restarts the instances.
   *
   * @default 2
   */
  ocpus?: number;
  /**
   * Memory of each instance in GiB. Changing it restarts the instances.
   *
   * @default 32
   */
  memoryInGbs?: number;
  /**
   * The availability domain in which all data is kept. Changing it would replace the database, and is refused.
   *
   * @default - data is kept in all availability domains of the region
   */
  availabilityDomain?: string;
  /**
   * How many read replicas there are. It takes effect in place: what OCI has is looked at, and as many come as are
   * missing. Those that are too many are named in `removedReplicas`. After replicas came or went without Pulumi, run
   * `pulumi refresh` first.
   *
   * @default 0
   */
  readReplicas?: number;
  /**
   * The OCIDs of the read replicas that go when `readReplicas` falls, one for each. It takes effect in place: who is
   * connected there is cut off. What is gone already may stay here. OCI lists instances without saying which is the
   * primary, whose OCID is not refused here: look it up first.
   *
   * @default - none
   */
  removedReplicas?: string[];
  /**
   * Extensions that the administrator may create, beside `pg_stat_statements` and what replication needs. Changing them
   * restarts the instances.
   *
   * @default - none
   */
  extensions?: string[];
  /**
   * Further settings, as the configuration of OCI has them. Those that replication needs cannot be overridden. Changing
   * them restarts the instances.
   *
   * @default - none
   */
  settings?: { [name: string]: string };
  /**
   * Settings that replication asks for and this database's version of OCI does not let anybody set. They are left out.
   * Changing them restarts the instances.
   *
   * @default - none
   */
  omittedSettings?: string[];
  /**
   * Input and output operations a second. Changing it takes effect in place.
   *
   * @default - OCI's own
   */
  iops?: string;
  /**
   * Days for which the daily backup is kept. Changing it takes effect in place.
   *
   * @default 7
   */
  backupRetentionDays?: number;
  /**
   * Whether Pulumi refuses to delete or replace the database. Taking it back is the first of two steps to lose all data.
   *
   * @default true
   */
  protect?: boolean;
}

/** A database of OCI Database with PostgreSQL. */
export interface PostgresDbSystemArgs extends DbSystemOptions {
  /** The compartment. Changing it moves the database. */
  compartmentId: pulumi.Input<string>;
  /** The network of `subnetId`. Changing it goes with another subnet, and is refused with that. */
  vcnId: pulumi.Input<string>;
  /** The private subnet. Changing it would replace the database, and is refused. */
  subnetId: pulumi.Input<string>;
  /**
   * The servers and the links between them, from which the settings follow. A change of what follows from it restarts
   * the instances.
   */
  topology: TopologyProps;
  /** Which of them it is. Its major cannot change: make another database, and replicate to it. */
  server: string;
  /**
   * The networks that connect to it, as CIDRs: the load balancer's, the runner's, and those of other databases.
   * Changing them takes effect in place.
   */
  clientNetworks: string[];
  /**
   * The networks that it connects to, as CIDRs: those of databases that it subscribes to. Changing them takes effect in
   * place.
   *
   * @default - none
   */
  publisherNetworks?: string[];
}
