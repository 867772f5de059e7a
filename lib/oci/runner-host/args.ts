import type * as pulumi from '@pulumi/pulumi';
import type { RunnerProxy } from '../database-object';

/** The key by which a host shows who it is. */
export interface RunnerHostKey {
  /**
   * Its public part, such as `ssh-ed25519 AAAA…`, which whoever connects insists on. Changing it goes with another
   * `privateKeySecretId`, which replaces the host; alone it keeps everybody out.
   */
  publicKey: string;
  /**
   * The OCID of the Vault secret with its private part, in OpenSSH's own format. The host fetches it when everything on
   * it is installed, and shows another key until then. Changing it replaces the host.
   */
  privateKeySecretId: pulumi.Input<string>;
}

/** A small private host on which `pontoon` runs, since the databases are private. */
export interface RunnerHostArgs {
  /** The compartment. Changing it moves the host. */
  compartmentId: pulumi.Input<string>;
  /** The OCID of the tenancy, in which dynamic groups live. Changing it replaces the dynamic group. */
  tenancyId: pulumi.Input<string>;
  /** The availability domain. Changing it replaces the host, which holds nothing. */
  availabilityDomain: pulumi.Input<string>;
  /** The network. Changing it goes with another subnet, and replaces the host like that. */
  vcnId: pulumi.Input<string>;
  /**
   * The private subnet, with a way to the services of OCI and to package registries. Changing it replaces the host.
   */
  subnetId: pulumi.Input<string>;
  /** The OCID of an image of Oracle Linux 8 or 9. Changing it replaces the host. */
  imageId: pulumi.Input<string>;
  /**
   * The shape. Changing it restarts the host.
   *
   * @default 'VM.Standard.E5.Flex', with one OCPU and 8 GiB
   */
  shape?: string;
  /**
   * What npm installs: a name with an exact version, such as `pontoon@0.1.0`, or the HTTPS address of a tarball.
   * Changing it replaces the host.
   */
  pontoonPackage: string;
  /**
   * What the package must be, as `npm pack --json` says of a tarball in `integrity`, such as `sha512-…`. The host installs
   * nothing else: it may read all logins. Changing it replaces the host.
   *
   * @default - of a package with an exact version, what the registry says; of a tarball it must be given
   */
  pontoonIntegrity?: string;
  /**
   * The major of `psql` and `pg_dump`, for copies of schemas: the higher one of the two databases. Changing it replaces
   * the host.
   *
   * @default - neither is installed
   */
  clientMajorVersion?: number;
  /** The networks that log in by SSH, as CIDRs: that of the bastion. Changing them takes effect in place. */
  adminNetworks: string[];
  /** The networks of the databases, as CIDRs. Changing them takes effect in place. */
  databaseNetworks: string[];
  /** The key by which the host shows who it is. Changing it replaces the host. */
  hostKey: RunnerHostKey;
  /** The public key that may log in. Changing it replaces the host. */
  publicKey: string;
  /** The private key to log in with. It is kept in the state, encrypted. Changing it goes with another `publicKey`. */
  privateKey: pulumi.Input<string>;
  /**
   * A host in between, such as OCI Bastion. Changing it takes effect in place.
   *
   * @default - the host is reached by itself
   */
  proxy?: RunnerProxy;
}
