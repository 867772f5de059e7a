import type * as pulumi from '@pulumi/pulumi';
import type { TopologyProps } from '../../postgres';

/** How a standby checks the certificate of the server that it streams from. */
export enum HostSslMode {
  /** It must be signed by the cluster's authority. */
  VERIFY_CA = 'verify-ca',
  /** It must be signed by the cluster's authority, and name the server's address. */
  VERIFY_FULL = 'verify-full',
}

/** A role, and the networks that it logs in from. */
export interface HostClient {
  /** The role, which you make yourself. */
  role: string;
  /** The networks, as CIDRs. */
  networks: string[];
}

/**
 * Who logs in to a cluster's servers to administer them, and as whom standbys stream. Changes reach the security groups in
 * place, and machines that are there not at all: their access rules and firewalls are changed by hand. A new password in
 * a secret, though, is set when the primary boots.
 */
export interface HostLogins {
  /** The superuser that `pontoon` logs in as. It is made at the primary's first boot. */
  administrator: string;
  /** The OCID of the Vault secret of the administrator: JSON with `username` and `password`. */
  administratorSecretId: pulumi.Input<string>;
  /**
   * The OCID of the Vault secret of the role that standbys stream as: JSON with `username`, which must be the topology's
   * name prefix and `_standby`, and `password`.
   */
  standbySecretId: pulumi.Input<string>;
  /** The region of the vault that all secrets are in, whatever the server's own region is. */
  secretsRegion: string;
  /** The networks that the administrator logs in from: of the machine that `pontoon` runs on. */
  administratorNetworks: string[];
  /**
   * Who else logs in.
   *
   * @default - nobody
   */
  clients?: HostClient[];
  /**
   * The networks that log in to the machines themselves by SSH, such as that of the private endpoint of OCI Bastion. The
   * machines' own firewalls let SSH in, so that this takes effect on machines that are there, too.
   *
   * @default - none
   * @see https://docs.oracle.com/iaas/Content/Bastion/home.htm
   */
  shellNetworks?: string[];
}

/** What TLS of a cluster rests on. Changing it has no effect on machines that are there. */
export interface HostTls {
  /** The authority that signs the certificates of all servers, in PEM. It should sign nothing else. */
  caCertificate: string;
  /**
   * How standbys check it.
   *
   * @default VERIFY_FULL; VERIFY_CA for PostgreSQL 14, which finds no address in a certificate
   * @see https://www.postgresql.org/docs/current/libpq-ssl.html
   */
  sslMode?: HostSslMode;
}

/**
 * Where the log of a cluster is kept, segment by segment, for servers that fell behind. It is no backup: without copies
 * of the data, which nothing here takes, no point in time can be restored from it. Changing any of it has no effect on
 * machines that are there.
 */
export interface HostArchive {
  /** The namespace of Object Storage. */
  namespace: pulumi.Input<string>;
  /** The bucket. */
  bucket: pulumi.Input<string>;
  /** The region of the bucket; better another one than the primary's, with which it would be lost. */
  region: string;
  /** What the names of this cluster's objects begin with. */
  prefix: string;
}

/** The size of a machine, and of what is on it. */
export interface HostMachine {
  /** The image: Oracle Linux 8 or 9. Changing it has no effect on a machine that is there. */
  imageId: pulumi.Input<string>;
  /**
   * The public key of SSH with which the user `opc` logs in, such as `ssh-ed25519 AAAA…`, from `logins.shellNetworks`. OCI
   * takes it with the machine only: giving or changing it later has no effect on a machine that is there, which a managed
   * session of OCI Bastion brings a key to.
   *
   * @default - nobody logs in with a key
   */
  sshPublicKey?: string;
  /**
   * The shape. Changing it reboots the machine.
   *
   * @default 'VM.Standard.E5.Flex'
   */
  shape?: string;
  /**
   * OCPUs of a flexible shape. Changing them reboots the machine.
   *
   * @default 2
   */
  ocpus?: number;
  /**
   * Memory of a flexible shape, in GiB. Changing it reboots the machine.
   *
   * @default 16
   */
  memoryInGbs?: number;
  /**
   * The size of the data volume in GiB, from 50. It can grow in place; the file system follows at the next boot. Making
   * it smaller is refused by OCI.
   *
   * @default 100
   */
  dataVolumeGiB?: number;
  /**
   * The repository of PostgreSQL's packages, as a mirror of yum.postgresql.org.
   *
   * @default 'https://download.postgresql.org/pub/repos/yum'
   */
  packagesUrl?: string;
  /**
   * The packages of OCI's command line, separated by blanks; on Oracle Linux 8 `python36-oci-cli`.
   *
   * @default 'python39-oci-cli'
   */
  cliPackages?: string;
}

/**
 * One server of a cluster, on a virtual machine of its own. What the machine is told at its first boot does not change:
 * where nothing else is said, changing an arg has no effect on a machine that is there, unless by hand under `/etc/pontoon`.
 */
export interface PostgresHostArgs {
  /** The compartment. Changing it moves machine and data. */
  compartmentId: pulumi.Input<string>;
  /** The network of `subnetId`. Changing it replaces the security group. */
  vcnId: pulumi.Input<string>;
  /** The private subnet. Changing it would replace the machine, which is protected. */
  subnetId: pulumi.Input<string>;
  /** The region, which must be that of the provider, or of the stack if there is none. */
  region: string;
  /** The availability domain. Changing it would replace machine and data, which are protected. */
  availabilityDomain: pulumi.Input<string>;
  /** The servers of the cluster, and the links between them. */
  topology: TopologyProps;
  /** Which of them it is. */
  server: string;
  /**
   * The fixed private address of each server of the cluster, by name. Changing the own one would replace the machine,
   * which is protected; another one reaches the security group only.
   */
  addresses: { [server: string]: string };
  /** Who logs in. */
  logins: HostLogins;
  /** What TLS rests on. */
  tls: HostTls;
  /** The OCID of the Vault secret that holds this server's certificate in PEM, with the address as its name. */
  certificateSecretId: pulumi.Input<string>;
  /** The OCID of the Vault secret that holds the key of that certificate in PEM. */
  keySecretId: pulumi.Input<string>;
  /** The machine. */
  machine: HostMachine;
  /**
   * Where the log is archived.
   *
   * @default - nowhere
   */
  archive?: HostArchive;
  /**
   * The namespace of Monitoring that the machine posts to what alarms look at.
   *
   * @default - nothing is posted
   */
  metricsNamespace?: string;
  /**
   * Whether Pulumi refuses to delete or replace machine and data.
   *
   * @default true
   */
  protect?: boolean;
}
