import type * as pulumi from '@pulumi/pulumi';
import type { PublisherSslMode, QualifiedName, TableSelection } from '../../postgres';

/** What carries the changes from one database to the other. */
export enum ReplicationMethod {
  /** PostgreSQL's own publication and subscription. */
  NATIVE = 'native',
  /** The extension pglogical, for majors on which the administrator may create no subscription. */
  PGLOGICAL = 'pglogical',
}

/** What gets from the blue database to the green one, and how. */
export interface BlueGreenReplication {
  /** What is replicated. Changing it alters the publication in place, and takes up new tables. */
  selection: TableSelection;
  /**
   * What carries the changes. Stock PostgreSQL 15 and older let nobody but a superuser create a subscription; whether the
   * administrator of OCI may was not tried. Changing it while the schema is copied is refused by the subscription, which
   * would copy into filled tables: take `schemaCopied` back, deploy, empty the tables on the green database, and change it
   * then.
   *
   * @default - ReplicationMethod.NATIVE if whoever subscribes is PostgreSQL 16 or later, otherwise PGLOGICAL
   */
  method?: ReplicationMethod;
  /**
   * Tables without a key, of which pglogical sends new rows only: their rows are never changed or deleted. Changing it
   * takes effect in place.
   *
   * @default - none: a selected table without a key is refused
   */
  insertOnlyTables?: QualifiedName[];
  /**
   * Whether the tables that are replicated are on the green database. As long as they are not, databases and endpoint are
   * made, and nothing replicates: copy the schema as the example's README shows, then say so. Taking it back ends
   * replication.
   *
   * @default false
   */
  schemaCopied?: boolean;
  /**
   * Whether a way back is prepared: a role and a publication on the green database, to which the blue one subscribes at
   * the cutover. Without it there is no rollback. Changing it makes or drops both.
   *
   * @default true
   */
  wayBack?: boolean;
  /**
   * How a database checks the certificate of the other one. Changing it alters the subscription in place.
   *
   * @default PublisherSslMode.VERIFY_FULL
   */
  sslMode?: PublisherSslMode;
  /**
   * The file with the certificate authorities on the hosts of the databases. That it lies in the default place was not
   * tried. Changing it alters the subscription in place.
   *
   * @default '/etc/opt/postgresql/ca-bundle.pem'
   */
  sslRootCert?: string;
  /**
   * MiB of the log that a slot may keep before it is given up, which saves the storage of its database and costs a new copy:
   * it must hold what is written during the first copy and the longest outage. It becomes `max_slot_wal_keep_size` of new
   * databases, of which was not tried that OCI lets it be set. Changing it restarts them.
   *
   * @default - as much as the storage holds
   */
  maxSlotWalKeepMiB?: number;
  /**
   * Roles that may read the green database before it is opened, such as those of tests. They must be there. Changing it
   * grants and revokes in place.
   *
   * @default - none
   */
  readOnlyRoles?: string[];
}

/** Where the logins of replication's roles are kept. OCI generates their passwords; this program never sees them. */
export interface ReplicationVault {
  /**
   * The OCID of the vault. Changing it replaces the secrets: the roles get the new passwords, and whoever logs in with them
   * is told, before the old secrets go.
   */
  vaultId: pulumi.Input<string>;
  /** The OCID of the key that encrypts them. Changing it replaces the secrets, as another vault does. */
  keyId: pulumi.Input<string>;
  /**
   * Another number makes the secrets anew, with other names and other passwords: after they were deleted, since OCI keeps
   * the name of a deleted secret for days. What is still being deleted is refused while Pulumi previews.
   *
   * @default 1
   */
  generation?: number;
}
