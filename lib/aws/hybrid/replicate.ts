import { Port } from 'aws-cdk-lib/aws-ec2';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct, IDependable } from 'constructs';
import {
  CONTROL_SCHEMA,
  namesOf,
  PublisherSslMode,
  SlotPlugin,
  selectedSchemas,
  targetNames,
} from '../../postgres';
import { DmsLogin, DmsReplication } from '../dms';
import { createLogin } from '../login';
import { NativeReplication } from '../native-replication';
import { ConnectionGuard, LogicalSlot, ReplicationRole } from '../objects';
import type { Bridgehead } from './bridgehead';
import { dmsPlan } from './dms-plan';
import { SERVERS, slotsOf } from './hybrid-topology';
import type { HybridMigrationProps } from './props';
import { ReplicationMethod } from './replication-props';
import { createCanaries, prepareWayBack, type Reverse } from './way-back';

/** What replicates, and what a cutover is told of it. */
export interface Replicated {
  /** What replicates. */
  readonly replication: NativeReplication | DmsReplication;
  /** The way back; undefined if none was asked for. */
  readonly reverse: Reverse | undefined;
  /** Replication's roles, by the server on which they log in once it takes writes. */
  readonly roles: { readonly [server: string]: string[] };
}

/** Replicates natively: the target pulls from the standby. */
export function replicateNatively(
  scope: Construct,
  props: HybridMigrationProps,
  bridge: Bridgehead,
): Replicated {
  const { runner, standby, primary, target } = bridge;
  const reader = createReader(scope, props, bridge, (username) =>
    createLogin(scope, 'ReaderLogin', {
      username,
      description: 'The subscription on the target reads from the standby with it',
      ...(props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey }),
    }),
  );
  const reverse = prepareWayBack(scope, props, bridge);
  const canaries = createCanaries(scope, bridge, {
    sourceReaders: [reader.username],
    targetReaders: namesOn(reverse),
    targetWriters: [],
    onSource: reader.ready,
    onTarget: rolesOn(reverse),
  });
  reverse?.publication.node.addDependency(canaries.onTarget);
  bridge.targetHost.connections.allowTo(bridge.standbyHost, Port.tcp(standby.port), 'subscription');
  const replication = new NativeReplication(scope, 'Replication', {
    runner,
    publisher: standby,
    ...(primary === undefined ? {} : { publisherPrimary: primary }),
    subscriber: target,
    subscriptionSecret: reader.secret,
    selection: props.replication.selection,
    replicationName: namesOf(props).replication,
    slotName: slotsOf(props).logical,
    canary: true,
    sslMode: props.replication.subscriptionSslMode ?? PublisherSslMode.REQUIRE,
  });
  replication.publication.node.addDependency(canaries.onSource, ...reader.ready);
  const guard = guardTarget(scope, props, bridge, namesOn(reverse));
  guard.node.addDependency(...rolesOn(reverse));
  replication.subscription.node.addDependency(guard, canaries.onTarget);
  return { replication, reverse, roles: rolesByServer(bridge, reader, reverse) };
}

/** Replicates by AWS DMS, which reads a slot that we make on the standby. */
export function replicateByDms(
  scope: Construct,
  props: HybridMigrationProps,
  bridge: Bridgehead,
): Replicated {
  const { runner, standby, primary, target } = bridge;
  const encryption =
    props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey };
  const reader = createReader(scope, props, bridge, (username) => {
    const login = { server: standby, username, ...encryption };
    return new DmsLogin(scope, 'ReaderLogin', login).secret;
  });
  const writerName = namesOf(props).writerRole;
  const writer = new DmsLogin(scope, 'WriterLogin', {
    server: target,
    username: writerName,
    ...encryption,
  });
  const writerRole = new ReplicationRole(scope, 'WriterRole', {
    runner,
    server: target,
    roleName: writerName,
    passwordSecret: writer.secret,
    replication: false,
    // Only its members may keep triggers and foreign keys from firing while DMS writes.
    memberOf: ['rds_superuser'],
    writeSchemas: schemasThere(props),
    createInDatabase: true,
    createInSchemas: [CONTROL_SCHEMA],
  });
  writerRole.node.addDependency(bridge.schema);
  const reverse = prepareWayBack(scope, props, bridge);
  const canaries = createCanaries(scope, bridge, {
    sourceReaders: [reader.username],
    targetReaders: namesOn(reverse),
    targetWriters: [writerName],
    onSource: reader.ready,
    onTarget: [writerRole, ...rolesOn(reverse)],
  });
  reverse?.publication.node.addDependency(canaries.onTarget);
  const guard = guardTarget(scope, props, bridge, [writerName, ...namesOn(reverse)]);
  guard.node.addDependency(writerRole, ...rolesOn(reverse));
  const slot = new LogicalSlot(scope, 'Slot', {
    runner,
    server: standby,
    slotName: slotsOf(props).logical,
    plugin: SlotPlugin.TEST_DECODING,
    ...(primary === undefined ? {} : { primary }),
  });
  slot.node.addDependency(...reader.ready);
  const replication = new DmsReplication(scope, 'Replication', {
    ...dmsPlan(props, primary !== undefined),
    runner,
    source: standby,
    sourceSecret: reader.secret,
    target,
    targetSecret: writer.secret,
  });
  replication.connections.allowTo(
    bridge.standbyHost,
    Port.tcp(standby.port),
    'full load and decoding',
  );
  replication.connections.allowTo(bridge.targetHost, Port.tcp(target.port), 'apply');
  replication.running.node.addDependency(slot, guard, canaries.onSource, canaries.onTarget);
  return { replication, reverse, roles: rolesByServer(bridge, reader, reverse) };
}

function schemasThere({ replication: { selection, dms } }: HybridMigrationProps): string[] {
  const { schema } = targetNames(dms?.transformations ?? []);
  return [...new Set(selectedSchemas(selection).map(schema))];
}

/** Keeps applications out from when the tables are there; roles that may enter must be there by then. */
function guardTarget(
  scope: Construct,
  { target }: HybridMigrationProps,
  { runner, target: server, schema }: Bridgehead,
  roles: readonly string[],
): ConnectionGuard {
  const guard = new ConnectionGuard(scope, 'TargetGuard', {
    runner,
    server,
    keep: [...roles, ...(target.readOnlyRoles ?? [])],
  });
  guard.node.addDependency(schema);
  return guard;
}

/** The login that reads from the standby, and what must be there before it is used. */
interface Reader {
  readonly username: string;
  readonly secret: ISecret;
  readonly ready: readonly IDependable[];
}

/** The role lives on the server that takes writes, and reaches its standby by replication. */
function createReader(
  scope: Construct,
  props: HybridMigrationProps,
  { runner, primary, standby }: Bridgehead,
  createSecret: (username: string) => ISecret,
): Reader {
  const { reader, selection } = props.replication;
  if (reader !== undefined) return { username: reader.username, secret: reader.secret, ready: [] };
  const roleName = namesOf(props).readerRole;
  const passwordSecret = createSecret(roleName);
  const role = new ReplicationRole(scope, 'ReaderRole', {
    runner,
    server: primary ?? standby,
    roleName,
    passwordSecret,
    readSchemas: selectedSchemas(selection),
  });
  return { username: roleName, secret: passwordSecret, ready: [role] };
}

function namesOn(reverse: Reverse | undefined): string[] {
  return reverse === undefined ? [] : [reverse.role.roleName];
}

function rolesOn(reverse: Reverse | undefined): readonly IDependable[] {
  return reverse === undefined ? [] : [reverse.role];
}

/** AWS DMS is not among them: a cutover cuts its writer off, and its reader is the source's. */
function rolesByServer(
  { primary }: Bridgehead,
  { username }: Reader,
  reverse: Reverse | undefined,
): Replicated['roles'] {
  const writer = primary === undefined ? SERVERS.standby : SERVERS.source;
  return { [writer]: [username], [SERVERS.target]: namesOn(reverse) };
}

/** Replicates by the method that `props` names. */
export function replicateToTarget(
  scope: Construct,
  props: HybridMigrationProps,
  bridge: Bridgehead,
): Replicated {
  return props.replication.method === ReplicationMethod.NATIVE
    ? replicateNatively(scope, props, bridge)
    : replicateByDms(scope, props, bridge);
}
