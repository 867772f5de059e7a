import { createHash } from 'node:crypto';
import { CustomResource, Duration, Fn, Stack, Tags, Token } from 'aws-cdk-lib';
import {
  type CfnEndpoint,
  CfnReplicationConfig,
  type CfnReplicationInstance,
  type CfnReplicationSubnetGroup,
  CfnReplicationTask,
} from 'aws-cdk-lib/aws-dms';
import type { ISecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { Construct, IDependable } from 'constructs';
import { compileTableMappings, renderTaskSettings } from '../../postgres';
import { plainName } from './instance';
import { DmsMigrationType, type DmsReplicationProps } from './props';

/** The tag by which the function finds a task that it must not be told of, since the task waits for it. */
export const REPLICATION_TAG = 'pontoon:replication';

/** One minute more than the function may run, so that its own reason arrives first. */
const SERVICE_TIMEOUT = Duration.minutes(16);

/** What a task or a serverless replication consists of. */
export interface TaskParts {
  readonly source: CfnEndpoint;
  readonly target: CfnEndpoint;
  /** Unique among all deployments of all apps. */
  readonly key: string;
}

/** A name for this replication that no other deployment has. */
export function replicationKey(scope: Construct): string {
  const stackUuid = Fn.select(2, Fn.split('/', Stack.of(scope).stackId));
  return `${stackUuid}/${scope.node.addr}`;
}

/** Everything whose change AWS DMS refuses while the task runs; long texts as their hashes. */
export function watchedProperties(
  scope: Construct,
  props: DmsReplicationProps,
  definition: object,
  certificates: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const secrets = { source: props.sourceSecret.secretArn, target: props.targetSecret.secretArn };
  const servers = Object.fromEntries(
    (['source', 'target'] as const).map((end) => {
      const { host, port, database, sslMode } = props[end];
      const caCertificate = brief(certificates[end] ?? '');
      return [end, { host, port, database, sslMode, caCertificate, secret: secrets[end] }];
    }),
  );
  const text = JSON.stringify(Stack.of(scope).resolve(definition));
  return {
    ...servers,
    definition: createHash('sha256').update(text).digest('hex'),
    ...(props.kmsKey === undefined ? {} : { kmsKey: props.kmsKey.keyArn }),
  };
}

/** Makes the resource that stops the task before an update of what it consists of. */
export function createPause(
  scope: Construct,
  { runner, source, target }: DmsReplicationProps,
  properties: Record<string, unknown>,
  access: IDependable,
): CustomResource {
  const pause = new CustomResource(scope, 'Pause', {
    serviceToken: runner.serviceToken,
    resourceType: 'Custom::PontoonDmsPause',
    serviceTimeout: SERVICE_TIMEOUT,
    properties,
  });
  runner.dependOn(pause, source, target);
  pause.node.addDependency(access);
  return pause;
}

/** Makes the resource that starts, resumes, reloads and stops the task. */
export function createRun(
  scope: Construct,
  { runner, source, target, reload = 0 }: DmsReplicationProps,
  properties: Record<string, unknown>,
  access: IDependable,
): CustomResource {
  const run = new CustomResource(scope, 'Run', {
    serviceToken: runner.serviceToken,
    resourceType: 'Custom::PontoonDmsTask',
    serviceTimeout: SERVICE_TIMEOUT,
    properties: { ...properties, reload },
  });
  runner.dependOn(run, source, target);
  run.node.addDependency(access);
  return run;
}

/** Makes the task of a replication instance. It has no name, so that a replaced one does not collide. */
export function createTask(
  scope: Construct,
  props: DmsReplicationProps,
  { source, target, key }: TaskParts,
  instance: CfnReplicationInstance,
): CfnReplicationTask {
  const task = new CfnReplicationTask(scope, 'Task', {
    replicationInstanceArn: instance.ref,
    sourceEndpointArn: source.ref,
    targetEndpointArn: target.ref,
    migrationType: migrationTypeOf(props),
    tableMappings: JSON.stringify(mappingsOf(props)),
    replicationTaskSettings: JSON.stringify(renderTaskSettings(props.taskSettings)),
    ...(props.cdcStartPosition === undefined ? {} : { cdcStartPosition: props.cdcStartPosition }),
  });
  Tags.of(task).add(REPLICATION_TAG, key);
  return task;
}

/** The name of a serverless configuration. */
export function configName(scope: Construct): string {
  return plainName(scope, 60);
}

/** Makes the configuration of a serverless replication. */
export function createConfig(
  scope: Construct,
  props: DmsReplicationProps,
  { source, target, key }: TaskParts,
  subnetGroup: CfnReplicationSubnetGroup,
  securityGroup: ISecurityGroup,
): CfnReplicationConfig {
  const {
    maxCapacityUnits,
    minCapacityUnits,
    multiAz = false,
  } = props.serverless ?? {
    maxCapacityUnits: 1,
  };
  const config = new CfnReplicationConfig(scope, 'Config', {
    replicationConfigIdentifier: configName(scope),
    replicationType: migrationTypeOf(props),
    sourceEndpointArn: source.ref,
    targetEndpointArn: target.ref,
    tableMappings: mappingsOf(props),
    replicationSettings: renderTaskSettings(props.taskSettings),
    computeConfig: {
      maxCapacityUnits,
      ...(minCapacityUnits === undefined ? {} : { minCapacityUnits }),
      multiAz,
      replicationSubnetGroupId: subnetGroup.ref,
      vpcSecurityGroupIds: [securityGroup.securityGroupId],
      ...(props.kmsKey === undefined ? {} : { kmsKeyId: props.kmsKey.keyArn }),
    },
  });
  Tags.of(config).add(REPLICATION_TAG, key);
  return config;
}

/** What a task does by these props. */
export function migrationTypeOf({ migrationType }: DmsReplicationProps): DmsMigrationType {
  return migrationType ?? DmsMigrationType.FULL_LOAD_AND_CDC;
}

/** The table mappings of these props. */
export function mappingsOf(props: DmsReplicationProps): ReturnType<typeof compileTableMappings> {
  return compileTableMappings(props.selection, props);
}

function brief(text: string): string {
  if (Token.isUnresolved(text)) return text;
  return createHash('sha256').update(text).digest('hex');
}
