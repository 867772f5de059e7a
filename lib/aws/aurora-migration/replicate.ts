import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { linksInto, namesOf, selectedSchemas, slotNameOf, type Topology } from '../../postgres';
import type { CutoverWay, CutoverWayBack } from '../cutover';
import { createLogin } from '../login';
import { watchSchemas } from '../migration';
import { NativeReplication } from '../native-replication';
import { Canary, ConnectionGuard, Publication, ReplicationRole } from '../objects';
import { Preflight } from '../preflight';
import type { RunnerFunction } from '../runner-function';
import { SchemaCopy } from '../schema-copy';
import type { ServerBinding } from '../server-binding';
import type { AuroraMigrationProps } from './props';
import type { SchemaCopyHost } from './schema-copy-host';
import { SERVERS } from './topology';

/** What replication works with. */
export interface Clusters {
  /** The function that makes objects. */
  readonly runner: RunnerFunction;
  /** The host on which the schema is dumped. */
  readonly host: SchemaCopyHost;
  /** The server that is decoded. */
  readonly source: ServerBinding;
  /** The server that is written to. */
  readonly target: ServerBinding;
  /** Both and the link. */
  readonly topology: Topology;
}

/** What makes a role one that replicates on Aurora, where nobody gives out REPLICATION. */
const REPLICATES = { replication: false, memberOf: ['rds_replication'] };

/** What replicates, and what a cutover is told of it. */
export interface Replicated {
  /** Publication, slot and subscription. */
  readonly replication: NativeReplication;
  /** Their names. */
  readonly forward: CutoverWay;
  /** The way back; undefined if none was asked for. */
  readonly wayBack: CutoverWayBack | undefined;
  /** Replication's roles, by the server on which they log in. */
  readonly roles: { readonly [server: string]: string[] };
}

/** Copies the schema, and subscribes the target to the source. */
export function replicate(
  scope: Construct,
  props: AuroraMigrationProps,
  clusters: Clusters,
): Replicated {
  const { runner, source, target, topology } = clusters;
  const [slotName = ''] = linksInto(topology, SERVERS.target).map((link) =>
    slotNameOf(topology, link),
  );
  const { selection, subscriptionSslMode, sslRootCert, failoverSlot } = props.replication;
  const preflight = new Preflight(scope, 'SourcePreflight', {
    ...props.preflight,
    runner,
    server: source,
    topology,
  });
  runner.ledgerOn(source, scope).node.addDependency(preflight);
  runner.ledgerOn(target, scope);
  const schema = new SchemaCopy(scope, 'Schema', {
    runner,
    host: clusters.host,
    remote: true,
    source,
    target,
    selection,
  });
  const { schemaChanges } = props;
  schema.node.addDependency(
    ...watchSchemas(scope, { schemaChanges, selection, runner, server: source }),
  );
  const reader = createRole(scope, props, { server: source, id: 'Reader', runner });
  const wayBack = prepareWayBack(scope, props, { runner, server: target, schema });
  const canaries = [
    createCanary(scope, 'SourceCanary', { runner, server: source, readers: [reader] }),
    createCanary(scope, 'TargetCanary', { runner, server: target, readers: wayBack.roles }),
  ];
  wayBack.publication?.node.addDependency(...canaries);
  const replication = new NativeReplication(scope, 'Replication', {
    runner,
    publisher: source,
    subscriber: target,
    subscriptionSecret: reader.login,
    selection,
    replicationName: namesOf(props).replication,
    slotName,
    canary: true,
    ...(subscriptionSslMode === undefined ? {} : { sslMode: subscriptionSslMode }),
    ...(sslRootCert === undefined ? {} : { sslRootCert }),
    ...(failoverSlot === true ? { failoverSlot } : {}),
  });
  replication.publication.node.addDependency(reader.role, ...canaries);
  replication.subscription.node.addDependency(
    schema,
    guardTarget(scope, props, { runner, server: target, schema, roles: wayBack.roles }),
  );
  const [reverse] = wayBack.roles;
  return {
    replication,
    forward: { replicationName: namesOf(props).replication },
    wayBack:
      reverse === undefined
        ? undefined
        : { replicationName: reverse.role.roleName, secret: reverse.login },
    roles: {
      [SERVERS.source]: [reader.role.roleName],
      [SERVERS.target]: wayBack.roles.map(({ role }) => role.roleName),
    },
  };
}

/** A role with its login. */
interface LoginRole {
  readonly role: ReplicationRole;
  readonly login: Secret;
}

/** A role that reads and decodes what is replicated. */
function createRole(
  scope: Construct,
  props: AuroraMigrationProps,
  { id, runner, server }: { readonly id: 'Reader' | 'Reverse' } & OnServer,
): LoginRole {
  const { selection, passwordGeneration = 1 } = props.replication;
  const username = id === 'Reader' ? namesOf(props).readerRole : reverseName(props);
  const generation = passwordGeneration === 1 ? '' : String(passwordGeneration);
  const login = createLogin(scope, `${id}Login${generation}`, {
    username,
    description: `The subscription reads from '${server.server}' with it`,
    ...(props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey }),
  });
  const role = new ReplicationRole(scope, `${id}Role`, {
    runner,
    server,
    roleName: username,
    passwordSecret: login,
    ...REPLICATES,
    readSchemas: selectedSchemas(selection),
  });
  return { role, login };
}

/** What makes objects on a server. */
interface OnServer {
  readonly runner: RunnerFunction;
  readonly server: ServerBinding;
}

/** What the way back is made of. */
interface WayBack {
  readonly roles: readonly LoginRole[];
  readonly publication: Publication | undefined;
}

/** Role and publication on the target, to which the source subscribes at the cutover. */
function prepareWayBack(
  scope: Construct,
  props: AuroraMigrationProps,
  { runner, server, schema }: OnServer & { readonly schema: SchemaCopy },
): WayBack {
  if (props.replication.wayBack === false) return { roles: [], publication: undefined };
  const reverse = createRole(scope, props, { server, id: 'Reverse', runner });
  reverse.role.node.addDependency(schema);
  const publication = new Publication(scope, 'ReversePublication', {
    runner,
    server,
    publicationName: reverseName(props),
    selection: props.replication.selection,
    canary: true,
  });
  publication.node.addDependency(schema);
  return { roles: [reverse], publication };
}

/** The name of role and publication of the way back. */
function reverseName({ namePrefix = 'pontoon' }: AuroraMigrationProps): string {
  return `${namePrefix}_reverse`;
}

function createCanary(
  scope: Construct,
  id: string,
  { runner, server, readers }: OnServer & { readonly readers: readonly LoginRole[] },
): Canary {
  const roles = readers.map(({ role }) => role);
  const canary = new Canary(scope, id, {
    runner,
    server,
    readers: roles.map(({ roleName }) => roleName),
  });
  canary.node.addDependency(...roles);
  return canary;
}

/** Keeps applications out from when the tables are there; roles that may enter must be there by then. */
function guardTarget(
  scope: Construct,
  { target }: AuroraMigrationProps,
  options: OnServer & { readonly schema: SchemaCopy; readonly roles: readonly LoginRole[] },
): ConnectionGuard {
  const { runner, server, schema, roles } = options;
  const guard = new ConnectionGuard(scope, 'TargetGuard', {
    runner,
    server,
    keep: [...roles.map(({ role }) => role.roleName), ...(target.readOnlyRoles ?? [])],
  });
  guard.node.addDependency(schema, ...roles.map(({ role }) => role));
  return guard;
}
