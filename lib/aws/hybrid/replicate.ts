import { type IConnectable, Port } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { DmsTablePreparation, PublisherSslMode, SlotPlugin, selectedSchemas } from '../../postgres';
import { DmsLogin, DmsReplication } from '../dms';
import { createLogin } from '../login';
import { NativeReplication } from '../native-replication';
import { ConnectionGuard, LogicalSlot, ReplicationRole } from '../objects';
import type { RunnerFunction } from '../runner-function';
import type { SchemaCopy } from '../schema-copy';
import type { ServerBinding } from '../server-binding';
import type { IntermediaryStandby } from '../standby';
import { ROLES } from './access';
import { SLOTS } from './hybrid-topology';
import type { HybridMigrationProps } from './props';
import { ReplicationMethod } from './replication-props';

/** What replication to the target is made of. */
export interface Bridgehead {
  /** The function that makes objects. */
  readonly runner: RunnerFunction;
  /** The server that is decoded. */
  readonly standby: ServerBinding;
  /** Its network rules. */
  readonly standbyHost: IntermediaryStandby;
  /** Its primary; undefined once the standby was promoted. */
  readonly primary: ServerBinding | undefined;
  /** The server that is written to. */
  readonly target: ServerBinding;
  /** Its network rules. */
  readonly targetHost: IConnectable;
  /** What puts the schema there, which must be there before the rows. */
  readonly schema: SchemaCopy;
}

/** Replicates natively: the target pulls from the standby. */
export function replicateNatively(
  scope: Construct,
  props: HybridMigrationProps,
  bridge: Bridgehead,
): NativeReplication {
  const { runner, standby, primary, target } = bridge;
  const login = createLogin(scope, 'ReaderLogin', {
    username: ROLES.reader,
    description: 'The subscription on the target reads from the standby with it',
    ...(props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey }),
  });
  const role = createReader(scope, props, bridge, login);
  bridge.targetHost.connections.allowTo(bridge.standbyHost, Port.tcp(standby.port), 'subscription');
  const replication = new NativeReplication(scope, 'Replication', {
    runner,
    publisher: standby,
    ...(primary === undefined ? {} : { publisherPrimary: primary }),
    subscriber: target,
    subscriptionSecret: login,
    selection: props.replication.selection,
    slotName: SLOTS.logical,
    sslMode: props.replication.subscriptionSslMode ?? PublisherSslMode.REQUIRE,
  });
  replication.publication.node.addDependency(role);
  replication.subscription.node.addDependency(guardTarget(scope, props, bridge, []));
  return replication;
}

/** Replicates by AWS DMS, which reads a slot that we make on the standby. */
export function replicateByDms(
  scope: Construct,
  props: HybridMigrationProps,
  bridge: Bridgehead,
): DmsReplication {
  const { runner, standby, primary, target } = bridge;
  const encryption =
    props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey };
  const reader = new DmsLogin(scope, 'ReaderLogin', {
    server: standby,
    username: ROLES.reader,
    ...encryption,
  });
  const writer = new DmsLogin(scope, 'WriterLogin', {
    server: target,
    username: ROLES.writer,
    ...encryption,
  });
  const readerRole = createReader(scope, props, bridge, reader.secret);
  const writerRole = new ReplicationRole(scope, 'WriterRole', {
    runner,
    server: target,
    roleName: ROLES.writer,
    passwordSecret: writer.secret,
    replication: false,
    // Only its members may keep triggers and foreign keys from firing while DMS writes.
    memberOf: ['rds_superuser'],
    writeSchemas: selectedSchemas(props.replication.selection),
    createInDatabase: true,
  });
  writerRole.node.addDependency(bridge.schema);
  const guard = guardTarget(scope, props, bridge, [ROLES.writer]);
  guard.node.addDependency(writerRole);
  const slot = new LogicalSlot(scope, 'Slot', {
    runner,
    server: standby,
    slotName: SLOTS.logical,
    plugin: SlotPlugin.TEST_DECODING,
    ...(primary === undefined ? {} : { primary }),
  });
  slot.node.addDependency(readerRole);
  const { monitoring } = props;
  const { dms = {} } = props.replication;
  const replication = new DmsReplication(scope, 'Replication', {
    runner,
    vpc: props.vpc,
    ...(props.subnets === undefined ? {} : { subnets: props.subnets }),
    source: standby,
    sourceSecret: reader.secret,
    target,
    targetSecret: writer.secret,
    selection: props.replication.selection,
    sourceIsStandby: primary !== undefined,
    slotName: SLOTS.logical,
    ...dms,
    // A plain TRUNCATE fails where foreign keys refer to the table; the copied tables are empty anyway.
    taskSettings: { tablePreparation: DmsTablePreparation.DO_NOTHING, ...dms.taskSettings },
    ...(props.encryptionKey === undefined ? {} : { kmsKey: props.encryptionKey }),
    ...(monitoring?.alarmTopic === undefined ? {} : { alarmTopic: monitoring.alarmTopic }),
  });
  replication.connections.allowTo(
    bridge.standbyHost,
    Port.tcp(standby.port),
    'full load and decoding',
  );
  replication.connections.allowTo(bridge.targetHost, Port.tcp(target.port), 'apply');
  replication.running.node.addDependency(slot, guard);
  return replication;
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

/** The role lives on the server that takes writes, and reaches its standby by replication. */
function createReader(
  scope: Construct,
  props: HybridMigrationProps,
  { runner, primary, standby }: Bridgehead,
  passwordSecret: ReturnType<typeof createLogin> | DmsLogin['secret'],
): ReplicationRole {
  return new ReplicationRole(scope, 'ReaderRole', {
    runner,
    server: primary ?? standby,
    roleName: ROLES.reader,
    passwordSecret,
    readSchemas: selectedSchemas(props.replication.selection),
  });
}

/** Replicates by the method that `props` names. */
export function replicateToTarget(
  scope: Construct,
  props: HybridMigrationProps,
  bridge: Bridgehead,
): NativeReplication | DmsReplication {
  return props.replication.method === ReplicationMethod.NATIVE
    ? replicateNatively(scope, props, bridge)
    : replicateByDms(scope, props, bridge);
}
