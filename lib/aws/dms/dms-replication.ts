import { Annotations, type CustomResource, Stack } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { CfnEndpoint, CfnReplicationSubnetGroup } from 'aws-cdk-lib/aws-dms';
import { Connections, type IConnectable, type ISecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { renderTaskSettings } from '../../postgres';
import { createAccess } from './access';
import { createAlarms, watchedConfig, watchedTask } from './alarms';
import {
  caCertificateOf,
  createAccessRole,
  createEndpoint,
  endpointSettings,
  targetEngine,
} from './endpoint';
import { createInstance, createSecurityGroup, createSubnetGroup } from './instance';
import type { DmsReplicationProps } from './props';
import {
  configName,
  createConfig,
  createPause,
  createRun,
  createTask,
  mappingsOf,
  migrationTypeOf,
  replicationKey,
  type TaskParts,
  watchedProperties,
} from './task';
import { validate } from './validate';

/**
 * Replication of one PostgreSQL server to another by AWS DMS, which starts with the deployment, is stopped, altered
 * and resumed by updates, and is stopped before it is deleted.
 *
 * Where this differs from what is written elsewhere: the plugin is test-decoding, never pgoutput; on a standby the slot
 * is yours, and AWS DMS writes neither a heartbeat nor DDL artifacts there; certificates are verified on both ends.
 *
 * A replaced task loads everything again; each prop says whether it replaces the task.
 *
 * @throws ValidationError with everything about the props that cannot work
 * @throws PontoonError with code DUPLICATE_ACCOUNT_ROLES if two stacks of the app would make the account's roles
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Source.PostgreSQL.html
 */
export class DmsReplication extends Construct implements IConnectable {
  /** The ARN of the task, or of the serverless configuration. */
  public readonly replicationArn: string;
  /** The network rules of AWS DMS: allow it to the source and to the target. */
  public readonly connections: Connections;
  /** The task's start: it must depend on the slot and on the tables, and whatever needs replication on it. */
  public readonly running: CustomResource;
  /** The alarms on latency in seconds, and on memory and disk in bytes; of AWS DMS Serverless on latency only. */
  public readonly alarms: Alarm[];

  constructor(scope: Construct, id: string, props: DmsReplicationProps) {
    super(scope, id);
    validate(this, id, props);
    if (props.serverless !== undefined && props.sourceIsStandby === true) warnServerless(this);
    const securityGroup = createSecurityGroup(this, props);
    this.connections = new Connections({ securityGroups: [securityGroup] });
    const subnetGroup = createSubnetGroup(this, props);
    const made =
      props.serverless === undefined
        ? replicateByInstance(this, props, subnetGroup, securityGroup)
        : replicateServerless(this, props, subnetGroup, securityGroup);
    this.replicationArn = made.watched.arn;
    this.running = made.run;
    // The rules that others add later, and the way to Secrets Manager, are needed to start and to stop.
    const { internetConnectivityEstablished } = props.vpc.selectSubnets(props.subnets);
    this.running.node.addDependency(securityGroup, internetConnectivityEstablished);
    this.alarms = createAlarms(this, props, made.watched);
  }
}

function replicateByInstance(
  scope: Construct,
  props: DmsReplicationProps,
  subnetGroup: CfnReplicationSubnetGroup,
  securityGroup: ISecurityGroup,
) {
  const instance = createInstance(scope, props, subnetGroup, securityGroup);
  const stage = prepare(scope, props, { instance: instance.ref });
  const task = createTask(scope, props, stage.parts, instance);
  task.node.addDependency(stage.pause);
  const run = createRun(scope, props, { ...stage.properties, task: task.ref }, stage.access);
  const name = instance.replicationInstanceIdentifier ?? '';
  return { run, watched: watchedTask(task.ref, name) };
}

function replicateServerless(
  scope: Construct,
  props: DmsReplicationProps,
  subnetGroup: CfnReplicationSubnetGroup,
  securityGroup: ISecurityGroup,
) {
  const stage = prepare(scope, props, { configName: configName(scope) });
  const config = createConfig(scope, props, stage.parts, subnetGroup, securityGroup);
  config.node.addDependency(stage.pause);
  const run = createRun(
    scope,
    props,
    { ...stage.properties, config: config.attrReplicationConfigArn },
    stage.access,
  );
  return { run, watched: watchedConfig(config.attrReplicationConfigArn) };
}

/** Makes what comes before the task: the function's rights, the pause, and the endpoints that wait for it. */
function prepare(scope: Construct, props: DmsReplicationProps, found: Record<string, string>) {
  const key = replicationKey(scope);
  const access = createAccess(scope, props, key);
  const settings = endpointSettings(props);
  const certificates = {
    source: caCertificateOf(scope, props.source),
    target: caCertificateOf(scope, props.target),
  };
  const definition = {
    settings,
    targetEngine: targetEngine(props.targetPlatform),
    mappings: mappingsOf(props),
    taskSettings: renderTaskSettings(props.taskSettings),
    migrationType: migrationTypeOf(props),
    cdcStartPosition: props.cdcStartPosition,
    serverless: props.serverless,
    endpoint: props.secretsManagerEndpoint?.vpcEndpointId,
  };
  const watch = watchedProperties(scope, props, definition, certificates);
  const properties = { replication: key, watch };
  const pause = createPause(scope, props, { ...properties, ...found }, access);
  const parts: TaskParts = { key, ...createEndpoints(scope, props, settings, certificates) };
  for (const end of [parts.source, parts.target]) end.node.addDependency(pause);
  return { access, properties, pause, parts };
}

function createEndpoints(
  scope: Construct,
  props: DmsReplicationProps,
  settings: ReturnType<typeof endpointSettings>,
  certificates: { readonly source: string; readonly target: string },
): { readonly source: CfnEndpoint; readonly target: CfnEndpoint } {
  const shared = {
    accessRole: createAccessRole(scope, [props.sourceSecret, props.targetSecret]),
    ...(props.kmsKey === undefined ? {} : { kmsKey: props.kmsKey }),
    ...(props.secretsManagerEndpoint === undefined
      ? {}
      : { secretsManagerEndpoint: props.secretsManagerEndpoint }),
  };
  const source = createEndpoint(scope, {
    ...shared,
    type: 'source',
    engineName: 'postgres',
    server: props.source,
    secret: props.sourceSecret,
    caCertificate: certificates.source,
    settings: settings.source,
  });
  const target = createEndpoint(scope, {
    ...shared,
    type: 'target',
    engineName: targetEngine(props.targetPlatform),
    server: props.target,
    secret: props.targetSecret,
    caCertificate: certificates.target,
    settings: settings.target,
  });
  return { source, target };
}

function warnServerless(scope: Construct): void {
  Annotations.of(scope).addWarningV2(
    `pontoon:dms-serverless-standby:${Stack.of(scope).stackName}`,
    'unchecked: AWS DMS Serverless chooses its engine itself, and a standby needs engine 3.6.1 or later; use a replication instance, or look at the engine before you rely on it',
  );
}
