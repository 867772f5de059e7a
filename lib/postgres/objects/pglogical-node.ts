import { PontoonError } from '../errors';
import { quoteIdentifier, quoteLiteral } from '../identifiers';
import { secretSql, sql } from '../statement';
import { conninfo, samePublisher } from './conninfo';
import { type ObjectKind, type PlanContext, type Step, step, stepAlone } from './object';
import { wherePglogicalIs } from './pglogical-query';
import { PGLOGICAL_OUTPUT } from './pglogical-replication-set';
import { type PublisherAddress, readPublisher } from './subscription-spec';

/** A database as pglogical knows it, with the extension itself. There is one in a database. */
export interface PglogicalNodeSpec {
  readonly kind: 'pglogical-node';
  /** The node's name, which no other node that it exchanges changes with has. */
  readonly name: string;
  /** Roles with which other nodes read what this one has. */
  readonly readers: readonly string[];
  /**
   * Slots by which they do. Those that nobody reads go with the node; others in the database are somebody else's, and
   * stay.
   *
   * @default - none
   */
  readonly slots?: readonly string[];
  /**
   * Where the server finds itself: needed where it subscribes, which a way back has it do too. Where rows are copied to,
   * the login may write every row and set `session_replication_role`; elsewhere any login will do. Its password is kept in
   * the extension's tables.
   *
   * @default - the database has no subscription
   */
  readonly local?: PublisherAddress;
}

/** What a server says of pglogical. */
export interface ObservedPglogicalNode {
  /** Whether its library is loaded, and its extension there. */
  readonly loaded: boolean;
  readonly extension: boolean;
  /** The node of the database. */
  readonly node: string | null;
  /** Roles that may read what subscribers ask of a node. */
  readonly readers: readonly string[];
  /** Subscriptions of the database. */
  readonly subscriptions: readonly string[];
  /** Slots of pglogical in the database that nobody reads. */
  readonly idle: readonly string[];
}

/** Nodes of pglogical. */
export const pglogicalNode: ObjectKind<PglogicalNodeSpec, ObservedPglogicalNode> = {
  kind: 'pglogical-node',
  read(reader) {
    const local = reader.optionalObject('local', readPublisher);
    const slots = reader.names('slots');
    return {
      kind: 'pglogical-node',
      name: reader.name('name'),
      readers: reader.names('readers'),
      ...(slots.length === 0 ? {} : { slots }),
      ...(local === undefined ? {} : { local }),
    };
  },
  name: () => 'pglogical-node',
  secrets: ({ local }) => (local === undefined ? [] : [local.secret]),
  observe: () => sql(`SELECT ${OBSERVATION} AS node`),
  observed: (row) => row?.node as ObservedPglogicalNode | undefined,
  occupied: ({ node }) => node !== null,
  before: (observed) => ({ extension: observed?.extension ?? false }),
  plan(spec, observed, context) {
    requireLoaded(spec, observed);
    if (observed.node !== null && observed.node !== spec.name) {
      throw new PontoonError(
        'CONFLICT',
        `the pglogical node of the database must be called ${quoteIdentifier(spec.name)}, got ${quoteIdentifier(observed.node)}; drop that one if nobody needs it, or give its name`,
      );
    }
    return [
      ...(observed.extension
        ? []
        : [step('create the extension pglogical', sql('CREATE EXTENSION pglogical'))]),
      ...(observed.node === null ? [createNode(spec)] : []),
      ...setLocal(spec, observed, context),
      ...readRights('GRANT', without(spec.readers, observed.readers)),
      ...readRights('REVOKE', without(observed.readers, spec.readers)),
    ];
  },
  drop(spec, observed, { applied }) {
    if (!observed.extension) return [];
    const [first] = observed.subscriptions;
    if (observed.node !== null && first !== undefined) {
      throw new PontoonError(
        'IN_USE',
        `pglogical node ${quoteIdentifier(spec.name)} must have no subscription when it is dropped, got ${quoteIdentifier(first)}; drop that first`,
      );
    }
    return [
      // A subscriber that could not reach the node left its slot there, which nobody can read without the node.
      ...observed.idle.map((slot) => (isOfNode(spec, slot) ? dropSlot(slot) : leaveSlot(slot))),
      ...readRights('REVOKE', observed.readers),
      ...(observed.node === null
        ? []
        : [
            step(
              `drop pglogical node ${quoteIdentifier(spec.name)}`,
              sql(`SELECT pglogical.drop_node(${quoteLiteral(observed.node)})`),
            ),
          ]),
      ...(applied?.before.extension === false
        ? [
            step('drop the extension pglogical', sql('DROP EXTENSION pglogical')),
            // It was made with the extension, and is none of it.
            step('drop the schema of pglogical', sql('DROP SCHEMA pglogical')),
          ]
        : []),
    ];
  },
};

const OBSERVATION = `pg_catalog.jsonb_build_object(
  'loaded', EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name = 'pglogical.conflict_resolution'),
  'extension', pg_catalog.to_regclass('pglogical.local_node') IS NOT NULL,
  'node', ${wherePglogicalIs('SELECT pg_catalog.to_jsonb(n.node_name) AS answer FROM pglogical.local_node l JOIN pglogical.node n USING (node_id)')},
  'subscriptions', coalesce(${wherePglogicalIs(`SELECT coalesce(pg_catalog.jsonb_agg(sub_name ORDER BY sub_name), '[]') AS answer FROM pglogical.subscription`)}, '[]'),
  'idle', (SELECT coalesce(pg_catalog.jsonb_agg(slot_name ORDER BY slot_name), '[]') FROM pg_catalog.pg_replication_slots WHERE plugin = '${PGLOGICAL_OUTPUT}' AND database = pg_catalog.current_database() AND NOT active),
  'readers', (SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT r.rolname), '[]') FROM pg_catalog.pg_namespace n, pg_catalog.aclexplode(n.nspacl) a JOIN pg_catalog.pg_roles r ON r.oid = a.grantee WHERE n.nspname = 'pglogical' AND a.privilege_type = 'USAGE' AND r.oid <> n.nspowner))`;

/** Also those of copies of single tables, which pglogical calls after the slot itself. */
function isOfNode({ slots = [] }: PglogicalNodeSpec, slot: string): boolean {
  return slots.some((name) => slot.replace(/_[0-9a-f]{8}$/, '') === name || slot === name);
}

function dropSlot(slot: string): Step {
  return stepAlone(
    `drop slot ${quoteIdentifier(slot)}, which nobody reads`,
    sql(`SELECT pg_catalog.pg_drop_replication_slot(${quoteLiteral(slot)})`),
  );
}

/** It may be another subscriber's, which is only away for a moment. */
function leaveSlot(slot: string): Step {
  const said = `slot ${quoteIdentifier(slot)} is read by nobody and keeps the log, and is left since it may be somebody else's; drop it if it is not`;
  return step(
    `leave slot ${quoteIdentifier(slot)}, which nobody reads`,
    sql(`DO ${quoteLiteral(`BEGIN RAISE WARNING USING MESSAGE = ${quoteLiteral(said)}; END`)}`),
  );
}

function requireLoaded(
  spec: PglogicalNodeSpec,
  observed: ObservedPglogicalNode | undefined,
): asserts observed is ObservedPglogicalNode {
  if (observed?.loaded === true) return;
  throw new PontoonError(
    'NOT_LOADED',
    `pglogical node ${quoteIdentifier(spec.name)} requires pglogical in shared_preload_libraries, got a server that has not loaded it; install its package, add it there (in oci.admin_enabled_extensions on OCI) and restart the server`,
  );
}

/** A statement that fails is written into the log with everything in it, so that the password is set by another one. */
function createNode(spec: PglogicalNodeSpec): Step {
  const { name, local } = spec;
  const dsn =
    local === undefined ? '' : conninfo(local, { username: 'to-be-set', password: 'to-be-set' });
  return step(
    `create pglogical node ${quoteIdentifier(name)}`,
    sql(`SELECT pglogical.create_node(${quoteLiteral(name)}, ${quoteLiteral(dsn)})`),
  );
}

function setLocal(
  spec: PglogicalNodeSpec,
  observed: ObservedPglogicalNode,
  { secrets, applied }: PlanContext<PglogicalNodeSpec>,
): Step[] {
  const { local } = spec;
  if (local === undefined) return [];
  const secret = secrets[local.secret];
  if (secret === undefined) {
    throw new PontoonError(
      'NO_SECRET',
      `secret of pglogical node ${quoteIdentifier(spec.name)} must be given, got nothing; check its reference`,
    );
  }
  const earlier = applied?.earlier ?? [];
  const same =
    observed.node !== null &&
    earlier.length > 0 &&
    earlier.every((one) => one.local !== undefined && samePublisher(one.local, local)) &&
    applied?.secretVersions[local.secret] === secret.version;
  if (same) return [];
  return [
    step(
      `set how pglogical node ${quoteIdentifier(spec.name)} finds itself`,
      secretSql(
        { password: secret.password },
        ({ password }) =>
          `UPDATE pglogical.node_interface SET if_dsn = ${quoteLiteral(conninfo(local, { username: secret.username, password }))} WHERE if_id = (SELECT node_local_interface FROM pglogical.local_node)`,
      ),
    ),
  ];
}

/** What a subscriber asks a node for by SQL; where other passwords are kept is none of it. */
function readRights(verb: 'GRANT' | 'REVOKE', roles: readonly string[]): Step[] {
  const [direction, said] = verb === 'GRANT' ? ['TO', 'let'] : ['FROM', 'keep'];
  return roles
    .map(quoteIdentifier)
    .flatMap((role) => [
      step(
        `${said} ${role} ${verb === 'GRANT' ? 'use' : 'from'} pglogical`,
        sql(`${verb} USAGE ON SCHEMA pglogical ${direction} ${role}`),
      ),
      step(
        `${said} ${role} ${verb === 'GRANT' ? 'see' : 'from'} the sets of pglogical`,
        sql(`${verb} SELECT ON pglogical.tables ${direction} ${role}`),
      ),
    ]);
}

function without(names: readonly string[], others: readonly string[]): readonly string[] {
  return names.filter((name) => !others.includes(name));
}
