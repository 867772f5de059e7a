import type { TableSelection } from '../table-selection';

/** Where a server runs, and so who may configure it and as whom. */
export enum Platform {
  /** A host of the user's own: on-premises, or a virtual machine that somebody else manages. */
  SELF_MANAGED = 'self-managed',
  /** An EC2 instance that this library provisions. */
  EC2 = 'ec2',
  /** Amazon Aurora PostgreSQL. */
  AURORA = 'aurora',
  /** Amazon RDS for PostgreSQL. */
  RDS = 'rds',
  /** An OCI compute instance that this library provisions. */
  OCI_VM = 'oci-vm',
  /** OCI Database with PostgreSQL. */
  OCI_POSTGRESQL = 'oci-postgresql',
}

/** How changes travel along a link. */
export enum LinkKind {
  /** Streaming replication: a byte-for-byte copy, same major. */
  PHYSICAL = 'physical',
  /** PostgreSQL's own logical replication: publication and subscription. */
  NATIVE = 'native',
  /** AWS Database Migration Service. */
  DMS = 'dms',
  /** The pglogical extension: logical replication for servers whose own cannot be used. */
  PGLOGICAL = 'pglogical',
}

/** How much a server writes to its log of changes; only `logical` can be decoded. */
export enum WalLevel {
  REPLICA = 'replica',
  LOGICAL = 'logical',
}

/** Which standbys a primary waits for before it acknowledges a commit. */
export interface SynchronousStandbys {
  /** How many of `standbys` must have a commit on disk: from 1 to their number. With all of them, one that is away stops writes. */
  readonly quorum: number;
  /** Standbys that stream from the server, by name. Any of them may be among the quorum. */
  readonly standbys: string[];
}

/** One PostgreSQL server: what it is, never where it is or how to log in. */
export interface TopologyServer {
  /** Where the server runs. */
  readonly platform: Platform;
  /**
   * The PostgreSQL major version: 14, 15, 16, 17, 18. Required for imported servers too, since what works depends on it.
   */
  readonly majorVersion: number;
  /** The database that is replicated. */
  readonly database: string;
  /**
   * The `wal_level` that the server has or will be given. Decoding on a standby needs `logical` on its primary, and
   * that costs a restart there, so that it must be said.
   *
   * @default - what its links need, on servers that this library configures
   */
  readonly walLevel?: WalLevel;
  /**
   * The `max_slot_wal_keep_size` that the server has or will be given: the most WAL, in MiB, that a slot may hold back
   * before PostgreSQL gives the slot up to save the disk. A slot that is given up costs a new copy; a full disk costs
   * the server. Changing it has the server checked again.
   *
   * @default - no limit on servers that this library configures; elsewhere the owner's own limit stays, with a warning
   * @see https://www.postgresql.org/docs/current/runtime-config-replication.html#GUC-MAX-SLOT-WAL-KEEP-SIZE
   */
  readonly maxSlotWalKeepMiB?: number;
  /**
   * The size of the disk that the server's data is on, in GiB. A standby's is compared with what it has to copy.
   *
   * @default - unknown
   */
  readonly dataVolumeGiB?: number;
  /**
   * The standbys that the server waits for before it acknowledges a commit, so that its loss loses none: one of so many
   * that a quorum is still there when one of them is away. Changing it takes effect with a reload.
   *
   * @default - none: the server acknowledges by itself, and what its standbys lack is lost with it
   * @see https://www.postgresql.org/docs/current/warm-standby.html#SYNCHRONOUS-REPLICATION
   */
  readonly synchronous?: SynchronousStandbys;
}

/** One direction in which changes flow between two servers. */
export interface TopologyLink {
  /** How changes travel. */
  readonly kind: LinkKind;
  /** The server that sends; a key of `servers`. */
  readonly from: string;
  /** The server that receives; a key of `servers`. */
  readonly to: string;
  /**
   * What tells a NATIVE link from the others between the same two servers, which share the tables: up to 20 lower-case
   * letters, digits and underscores, the first one a letter. The names of its slot, publication and subscription end
   * with it.
   *
   * @default - the link is the only one, or the one that the others leave the rest to
   */
  readonly part?: string;
  /**
   * The name of the replication slot that the link reads from. Lower-case letters, digits and underscores.
   *
   * @default - `pontoon_` and the name of the receiver in snake case, and the part if there is one
   */
  readonly slotName?: string;
  /**
   * What is replicated. Required for NATIVE and DMS; a PHYSICAL link copies everything.
   *
   * @default - everything, for a PHYSICAL link
   */
  readonly selection?: TableSelection;
  /**
   * Whether the receiver of a PHYSICAL link has been promoted, and so is a primary of its own. Say so only after you
   * promoted it: nothing here promotes a server.
   *
   * @default false
   */
  readonly promoted?: boolean;
}

/** Plain data: servers, and the links between them. Never an address, a port, an ARN or a secret. */
export interface TopologyProps {
  /** The servers by name. Names are of your choice and appear in templates, reports and metrics. */
  readonly servers: { readonly [name: string]: TopologyServer };
  /** The links between them. */
  readonly links: TopologyLink[];
  /**
   * What the names of roles, slots, publications and subscriptions begin with: up to 30 lower-case letters, digits and
   * underscores, the first one a letter. Two migrations from one server, or to one, need two of them.
   *
   * @default 'pontoon'
   */
  readonly namePrefix?: string;
}
