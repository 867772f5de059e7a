import type { Reader } from '../reader';

/** A role that replication logs in as, with what it may do. Its password comes from a secret and stays there. */
export interface RoleSpec {
  readonly kind: 'role';
  /** The role's name; the secret's `username` must be the same. */
  readonly name: string;
  /** The reference of the secret that holds the password. */
  readonly secret: string;
  /** Whether the role may stream replication and use slots. */
  readonly replication: boolean;
  /** Roles that it is a member of, such as `pg_read_all_data`, `rds_replication`. */
  readonly memberOf: readonly string[];
  /** Rights on the database: `CONNECT`, `CREATE`. */
  readonly database: readonly DatabaseRight[];
  /** Schemas all of whose present tables it may read. */
  readonly readSchemas: readonly string[];
  /** Schemas all of whose present tables it may change. */
  readonly writeSchemas: readonly string[];
  /** Schemas for tables that it makes itself. They are made if they are missing, and dropped with the last of them. */
  readonly createInSchemas: readonly string[];
}

/** A right on a database. */
export enum DatabaseRight {
  CONNECT = 'CONNECT',
  CREATE = 'CREATE',
}

/** Reads the spec of a role out of plain data. */
export function readRole(reader: Reader): RoleSpec {
  return {
    kind: 'role',
    name: reader.name('name'),
    secret: reader.text('secret'),
    replication: reader.flag('replication', false),
    memberOf: reader.names('memberOf'),
    database: reader.choices('database', Object.values(DatabaseRight)),
    readSchemas: reader.names('readSchemas'),
    writeSchemas: reader.names('writeSchemas'),
    createInSchemas: reader.names('createInSchemas'),
  };
}
