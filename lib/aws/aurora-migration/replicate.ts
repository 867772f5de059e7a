import type { Construct } from 'constructs';
import {
  linksInto,
  namesOf,
  partName,
  slotNameOf,
  type Topology,
  type TopologyLink,
} from '../../postgres';
import type { CutoverWay, CutoverWayBack } from '../cutover';
import { watchSchemas } from '../migration';
import { NativeReplication } from '../native-replication';
import { Canary, ConnectionGuard } from '../objects';
import { Preflight } from '../preflight';
import type { RunnerFunction } from '../runner-function';
import { SchemaCopy } from '../schema-copy';
import type { ServerBinding } from '../server-binding';
import { createRole, type LoginRole, type OnServer } from './login-role';
import type { AuroraMigrationProps } from './props';
import type { SchemaCopyHost } from './schema-copy-host';
import { SERVERS } from './topology';
import { idOf, prepareWayBack } from './way-back';

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
  /** Both, and what links them. */
  readonly topology: Topology;
}

/** What replicates, and what a cutover is told of it. */
export interface Replicated {
  /** Publication, slot and subscription, of each part. */
  readonly replications: readonly NativeReplication[];
  /** Their names; those of parts end with the part's. */
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
  const { selection } = props.replication;
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
  const links = linksInto(topology, SERVERS.target);
  const wayBack = prepareWayBack(scope, props, { runner, server: target, schema, links });
  const parts = partsOf(props);
  const canaries = [
    createCanary(scope, 'SourceCanary', { runner, server: source, readers: [reader], parts }),
    createCanary(scope, 'TargetCanary', { runner, server: target, readers: wayBack.roles, parts }),
  ];
  for (const publication of wayBack.publications) publication.node.addDependency(...canaries);
  const guard = guardTarget(scope, props, { runner, server: target, schema, roles: wayBack.roles });
  const replications = links.map((link) => {
    const replication = subscribe(scope, props, { ...clusters, link, reader });
    replication.publication.node.addDependency(reader.role, ...canaries);
    replication.subscription.node.addDependency(schema, guard);
    return replication;
  });
  const [reverse] = wayBack.roles;
  return {
    replications,
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

/** Has the target follow the source in what `link` carries. */
function subscribe(
  scope: Construct,
  props: AuroraMigrationProps,
  {
    runner,
    source,
    target,
    topology,
    link,
    reader,
  }: Clusters & { readonly link: TopologyLink; readonly reader: LoginRole },
): NativeReplication {
  const { selection, subscriptionSslMode, sslRootCert, failoverSlot } = props.replication;
  return new NativeReplication(scope, idOf('Replication', link.part), {
    runner,
    publisher: source,
    subscriber: target,
    subscriptionSecret: reader.login,
    selection: link.selection ?? selection,
    replicationName: partName(namesOf(props).replication, link.part),
    slotName: slotNameOf(topology, link),
    canary: true,
    ...(link.part === undefined ? {} : { canaryPart: link.part }),
    ...(subscriptionSslMode === undefined ? {} : { sslMode: subscriptionSslMode }),
    ...(sslRootCert === undefined ? {} : { sslRootCert }),
    ...(failoverSlot === true ? { failoverSlot } : {}),
  });
}

function partsOf({ replication: { parts = [] } }: AuroraMigrationProps): string[] {
  return parts.map(({ name }) => name);
}

function createCanary(
  scope: Construct,
  id: string,
  {
    runner,
    server,
    readers,
    parts,
  }: OnServer & { readonly readers: readonly LoginRole[]; readonly parts: string[] },
): Canary {
  const roles = readers.map(({ role }) => role);
  const canary = new Canary(scope, id, {
    runner,
    server,
    readers: roles.map(({ roleName }) => roleName),
    ...(parts.length === 0 ? {} : { parts }),
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
