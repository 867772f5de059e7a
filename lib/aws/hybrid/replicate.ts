import { type IConnectable, Port } from 'aws-cdk-lib/aws-ec2';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct, IDependable } from 'constructs';
import {
  DmsTablePreparation,
  namesOf,
  PublisherSslMode,
  SlotPlugin,
  selectedSchemas,
} from '../../postgres';
import { DmsLogin, DmsReplication } from '../dms';
import { createLogin } from '../login';
import { NativeReplication } from '../native-replication';
import { ConnectionGuard, LogicalSlot, ReplicationRole } from '../objects';
import type { RunnerFunction } from '../runner-function';
import type { SchemaCopy } from '../schema-copy';
import type { ServerBinding } from '../server-binding';
import type { IntermediaryStandby } from '../standby';
import { slotsOf } from './hybrid-topology';
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
  const reader = createReader(scope, props, bridge, (username) =>
    createLogin(scope, 'ReaderLogin', {
      username,
      description: 'The subscription on the target reads from the standby with it',
      ...(props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey }),
    }),
  );
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
    sslMode: props.replication.subscriptionSslMode ?? PublisherSslMode.REQUIRE,
  });
  replication.publication.node.addDependency(...reader.ready);
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
    writeSchemas: selectedSchemas(props.replication.selection),
    createInDatabase: true,
  });
  writerRole.node.addDependency(bridge.schema);
  const guard = guardTarget(scope, props, bridge, [writerName]);
  guard.node.addDependency(writerRole);
  const slot = new LogicalSlot(scope, 'Slot', {
    runner,
    server: standby,
    slotName: slotsOf(props).logical,
    plugin: SlotPlugin.TEST_DECODING,
    ...(primary === undefined ? {} : { primary }),
  });
  slot.node.addDependency(...reader.ready);
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
    slotName: slotsOf(props).logical,
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

/** The login that reads from the standby, and what must be there before it is used. */
interface Reader {
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
  if (reader !== undefined) return { secret: reader.secret, ready: [] };
  const roleName = namesOf(props).readerRole;
  const passwordSecret = createSecret(roleName);
  const role = new ReplicationRole(scope, 'ReaderRole', {
    runner,
    server: primary ?? standby,
    roleName,
    passwordSecret,
    readSchemas: selectedSchemas(selection),
  });
  return { secret: passwordSecret, ready: [role] };
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
