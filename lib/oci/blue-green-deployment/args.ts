import type * as pulumi from '@pulumi/pulumi';
import type { DnsListener, EndpointHealthCheck, EndpointNames } from '../blue-green-endpoint';
import type { RunnerConnection } from '../database-object';
import type { DbSystemOptions } from '../postgres-db-system';
import type { BlueGreenReplication, ReplicationVault } from './replication-args';

/** A database of OCI that another program, or nobody's, made. */
export interface ExistingDbSystem {
  /**
   * Its OCID. Changing it while the schema is copied is refused, since everything that was made in it would stay behind,
   * such as the slot that fills its storage: take `schemaCopied` back, deploy, and change it then.
   */
  dbSystemId: pulumi.Input<string>;
  /**
   * The OCID of the Vault secret that `pontoon` logs in with: JSON with `username` and `password`. Changing it takes
   * effect in place; the role must have the rights of the one before.
   */
  loginSecretId: pulumi.Input<string>;
}

/** One of the two databases: a new one, or one that is there already. */
export interface BlueGreenSide {
  /** The PostgreSQL major. Of a new database it cannot change. */
  majorVersion: number;
  /**
   * What is chosen about a new database. Changing it takes effect as each of its properties says.
   *
   * @default - `existing` says which one it is
   */
  dbSystem?: DbSystemOptions;
  /**
   * A database that is there already. Nothing about it is changed but what is made in it: its owner gives it the settings
   * that replication needs (`pontoon preflight` names them), and lets the networks in.
   *
   * @default - a new database, as `dbSystem` says
   */
  existing?: ExistingDbSystem;
  /**
   * Whether the database is out of use, of the blue one after `pontoon finalize`: the load balancer, the names, the objects
   * and the program then know nothing of it, and all else stays. Say it instead of `dbSystem` or `existing`, and keep
   * `majorVersion`. It is refused while the load balancer leads there. A database that this program made is deleted with
   * it, once its protection is taken away.
   *
   * @default false
   */
  retired?: boolean;
}

/** The networks that the parts are in, as CIDRs. Nobody else is let in. */
export interface BlueGreenNetworks {
  /** Of applications. Changing them takes effect in place. */
  clients: string[];
  /** Of the subnet of the load balancer. Changing them takes effect in place. */
  endpoint: string[];
  /** Of the subnets of both databases. Changing them takes effect in place. */
  databases: string[];
  /** Of the host that makes objects. Changing them takes effect in place. */
  runner: string[];
}

/** Who is told when something is wrong. */
export interface BlueGreenAlarms {
  /** The OCIDs of topics. Changing them takes effect in place. */
  topicIds: pulumi.Input<string>[];
  /**
   * The use of a database's processors, in percent, from which somebody is told. Changing it takes effect in place.
   *
   * @default 85
   */
  cpuPercent?: number;
  /**
   * MiB of the log that slots may keep, for open transactions too, before somebody is told, where the runner host watches.
   * Changing it takes effect in place.
   *
   * @default - half of `replication.maxSlotWalKeepMiB`, or 10240 without that
   */
  slotLagMiB?: number;
}

/** What limits a cutover. */
export interface BlueGreenCutover {
  /**
   * Seconds in which a cutover must get from the fence to the opening, or undoes everything: 1 to 600. Changing it
   * counts from the next cutover on.
   *
   * @default 60
   */
  budgetSeconds?: number;
  /**
   * What logins of applications are called on the green database, by their names on the blue one, where they differ: their
   * rights are compared under that name. Whoever switches applications gives them the other name too. Changing it counts
   * from the next cutover on.
   *
   * @default - they are called alike
   */
  logins?: { [login: string]: string };
}

/** Two databases, what applications connect to in front of them, and replication from one to the other. */
export interface BlueGreenDeploymentArgs {
  /** The compartment. Changing it moves what is in it. */
  compartmentId: pulumi.Input<string>;
  /** The network. Changing it goes with other subnets, and is refused with those. */
  vcnId: pulumi.Input<string>;
  /** The private subnet of new databases. Changing it would replace them, and is refused. */
  databaseSubnetId: pulumi.Input<string>;
  /**
   * The private subnet of the load balancer. Changing it would replace the load balancer, which is protected: Pulumi
   * refuses until `pulumi state unprotect`. The new one leads where the old one leads.
   */
  endpointSubnetId: pulumi.Input<string>;
  /** The networks that the parts are in. Changing them takes effect in place. */
  networks: BlueGreenNetworks;
  /**
   * The database on each side that is replicated. Changing it while the schema is copied is refused by the first role that
   * is there already: take `schemaCopied` back, deploy, and change it then.
   */
  database: string;
  /**
   * Where applications are until a cutover. Once that is finalized, it can be retired. Changing it takes effect as each
   * of its properties says.
   */
  blue: BlueGreenSide;
  /** Where a cutover takes them. Changing it takes effect as each of its properties says. */
  green: BlueGreenSide;
  /** What is replicated. Changing it takes effect as each of its properties says. */
  replication: BlueGreenReplication;
  /** Where the logins of replication's roles are kept. Changing it takes effect as each of its properties says. */
  vault: ReplicationVault;
  /**
   * The host that makes objects on the databases. Changing it takes effect in place: whatever was made stays, and is
   * looked at from the other host.
   */
  runner: RunnerConnection;
  /**
   * The dynamic group of that host: it is let read exactly the logins that it needs, and switch load balancers of
   * the compartment, of which OCI's policies cannot name one. Changing it takes effect in place.
   *
   * @default - somebody else gives it that
   */
  runnerGroupName?: pulumi.Input<string>;
  /** The names that applications use. Changing it takes effect as each of its properties says. */
  names: EndpointNames;
  /**
   * Where resolvers of other regions and of other clouds ask for the names. Giving it or taking it back takes effect in
   * place.
   *
   * @default - nobody outside of the network finds the names
   */
  dnsListener?: DnsListener;
  /**
   * Seconds after which the load balancer forgets a connection on which nothing travels: 60 to 1800. Changing it takes
   * effect in place.
   *
   * @default 360
   */
  idleTimeoutSeconds?: number;
  /**
   * How the load balancer sees that a side answers. Changing it takes effect in place.
   *
   * @default - an attempt to connect every 10 seconds
   */
  healthCheck?: EndpointHealthCheck;
  /**
   * What the names of roles, slots, publications and subscriptions begin with. Changing it while the schema is copied
   * is refused by the subscription, which would copy into filled tables: take `schemaCopied` back, deploy, empty the tables
   * on the green database, and change it then.
   *
   * @default 'pontoon'
   */
  namePrefix?: string;
  /**
   * Who is told when something is wrong. Giving it or taking it back makes or deletes the alarms.
   *
   * @default - nobody
   */
  alarms?: BlueGreenAlarms;
  /**
   * What limits a cutover. Changing it counts from the next cutover on.
   *
   * @default - the defaults of its properties
   */
  cutover?: BlueGreenCutover;
}
