import type * as pulumi from '@pulumi/pulumi';

/** How the runner host proves to OCI who it is, as the variable `OCI_CLI_AUTH` of OCI's own tools has it. */
export enum RunnerAuth {
  /** As the instance that it is. A dynamic group and a policy say what it may do. */
  INSTANCE_PRINCIPAL = 'instance_principal',
  /** By an API key in the configuration of its user. */
  API_KEY = 'api_key',
}

/** A host through which the runner host is reached, such as OCI Bastion. */
export interface RunnerProxy {
  /** Its name or address. Changing it takes effect in place. */
  host: pulumi.Input<string>;
  /** The user to log in as; of OCI Bastion, the OCID of the session. Changing it takes effect in place. */
  user: pulumi.Input<string>;
  /**
   * Its public host key, as `ssh-keyscan` prints it. A host with another key is not talked to. Changing it takes effect
   * in place.
   */
  hostKey: pulumi.Input<string>;
  /**
   * The private key to log in with. Changing it takes effect in place.
   *
   * @default - that of the runner host
   */
  privateKey?: pulumi.Input<string>;
}

/** How Pulumi reaches the host that reaches the databases. */
export interface RunnerConnection {
  /** The host's name or address. Changing it takes effect in place. */
  host: pulumi.Input<string>;
  /** The user to log in as. Changing it takes effect in place. */
  user: pulumi.Input<string>;
  /**
   * Its public host key, such as `ssh-ed25519 AAAA…`. A host with another key is not talked to. Changing it takes
   * effect in place.
   */
  hostKey: pulumi.Input<string>;
  /** The private key to log in with. It is kept in the state, encrypted. Changing it takes effect in place. */
  privateKey: pulumi.Input<string>;
  /**
   * A host in between. Changing it takes effect in place.
   *
   * @default - the host is reached by itself
   */
  proxy?: RunnerProxy;
  /**
   * Whether the host looks each minute at the deployments that it is told of, lifts the fence of a walk that died once its
   * deadline has passed, and posts how far they lie behind, as a `RunnerHost` does. Taking it back ends that, and the
   * alarms with it: another host needs a cron entry with `pontoon cutover --lift-expired`.
   *
   * @default false
   */
  watches?: boolean;
  /**
   * How the host proves to OCI who it is, to read logins from Vault. Changing it takes effect in place.
   *
   * @default RunnerAuth.INSTANCE_PRINCIPAL
   */
  auth?: RunnerAuth;
  /**
   * The program `pontoon` on the host. Changing it takes effect in place.
   *
   * @default 'pontoon'
   */
  program?: string;
}

/** Where a database is, and how to log in. Nothing of it is inspected but the names. */
export interface DatabaseBinding {
  /** The server's name in the topology. Changing it makes what is on it anew, and drops it where it was. */
  server: string;
  /**
   * The host by the name that its certificate has. Changing it has everything in the database looked at again by the
   * new name: it must be the same database.
   */
  host: pulumi.Input<string>;
  /** The port. Changing it is like another `host`. */
  port: pulumi.Input<number>;
  /** The database. Changing it makes what is in it anew in the other one. */
  database: string;
  /**
   * The OCID of a Vault secret: JSON with `username` and `password`. It is read on the runner host, and only there.
   * Changing it takes effect in place; the role must have the rights of the one before.
   */
  secret: pulumi.Input<string>;
  /** The certificates that may sign the server's, in PEM. Changing them takes effect in place. */
  caCertificate: pulumi.Input<string>;
}

/** An object on a PostgreSQL server, and who makes it. */
export interface DatabaseObjectArgs {
  /** The host that makes it. Changing it takes effect in place. */
  runner: RunnerConnection;
  /**
   * The server that the object belongs to. Another name of it, or another database, has an object of its own, which is made
   * before this one is dropped where it is; roles and slots, whose names belong to the whole server, are refused in another
   * database of it, and nothing is dropped. Another address is taken for the same server's: what moves to another server
   * must get its name too.
   */
  server: DatabaseBinding;
  /**
   * The primary, if `server` is a standby: there the ledger is written. Changing it has the ledger written there from
   * then on; the new one must be the primary of the same servers.
   *
   * @default - `server` is a primary
   */
  primary?: DatabaseBinding;
  /**
   * What is to be there, as `pontoon apply` reads it, such as `{ kind: 'publication', name: 'shop', … }`. Another name or
   * kind makes another object before this one is dropped; everything else is changed in place.
   */
  // biome-ignore lint/suspicious/noExplicitAny: Pulumi's component analyzer knows no `unknown`; it is read before it is used.
  spec: { [property: string]: any };
  /**
   * Whether an object of that name that somebody else made is taken over. It is then changed as described, and never
   * dropped.
   *
   * @default false
   */
  adopt?: boolean;
}
