import { Aws, RemovalPolicy, Tags } from 'aws-cdk-lib';
import {
  CfnCertificate,
  CfnEndpoint,
  CfnReplicationInstance,
  CfnReplicationSubnetGroup,
  CfnReplicationTask,
} from 'aws-cdk-lib/aws-dms';
import type { Vpc } from 'aws-cdk-lib/aws-ec2';
import {
  ManagedPolicy,
  Policy,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { arn, type Groups } from './access';

interface DmsOptions {
  readonly vpc: Vpc;
  readonly groups: Groups;
  readonly runnerRole: Role;
  readonly ends: Readonly<
    Record<'source' | 'target', { readonly login: ISecret; readonly certificate: string }>
  >;
  readonly tableMappings: string;
  readonly taskSettings: string;
}

export interface Dms {
  readonly task: CfnReplicationTask;
  readonly endpoints: readonly CfnEndpoint[];
  readonly access: Policy;
  readonly instanceName: string;
}

export function createDms(scope: Construct, options: DmsOptions): Dms {
  const { vpc, groups, ends } = options;
  const subnets = new CfnReplicationSubnetGroup(scope, 'DmsSubnets', {
    replicationSubnetGroupDescription: 'AWS DMS',
    subnetIds: vpc.selectSubnets().subnetIds,
  });
  subnets.node.addDependency(...createAccountRoles(scope));
  const instanceName = 'p-migration';
  const log = new LogGroup(scope, 'DmsLog', {
    logGroupName: `dms-tasks-${instanceName}`,
    retention: RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const instance = new CfnReplicationInstance(scope, 'DmsInstance', {
    replicationInstanceIdentifier: instanceName,
    replicationInstanceClass: 'dms.r6i.large',
    allocatedStorage: 100,
    engineVersion: '3.6.1',
    autoMinorVersionUpgrade: false,
    allowMajorVersionUpgrade: true,
    multiAz: false,
    publiclyAccessible: false,
    replicationSubnetGroupIdentifier: subnets.ref,
    vpcSecurityGroupIds: [groups.dms.securityGroupId],
  });
  instance.node.addDependency(log);
  const role = new Role(scope, 'DmsSecrets', {
    assumedBy: new ServicePrincipal(`dms.${Aws.REGION}.amazonaws.com`),
  });
  for (const { login } of Object.values(ends)) login.grantRead(role);
  const source = createEndpoint(scope, 'source', ends.source, role);
  const target = createEndpoint(scope, 'target', ends.target, role);
  const task = new CfnReplicationTask(scope, 'DmsTask', {
    replicationInstanceArn: instance.ref,
    sourceEndpointArn: source.ref,
    targetEndpointArn: target.ref,
    migrationType: 'full-load-and-cdc',
    tableMappings: options.tableMappings,
    replicationTaskSettings: options.taskSettings,
  });
  Tags.of(task).add('pontoon:replication', Aws.STACK_ID);
  const access = createAccess(scope, options.runnerRole);
  return { task, endpoints: [source, target], access, instanceName };
}

function createEndpoint(
  scope: Construct,
  end: 'source' | 'target',
  { login, certificate }: DmsOptions['ends']['source'],
  role: Role,
): CfnEndpoint {
  const made = new CfnCertificate(scope, `${end}Certificate`, { certificatePem: certificate });
  const endpoint = new CfnEndpoint(scope, `${end}Endpoint`, {
    endpointType: end,
    engineName: end === 'source' ? 'postgres' : 'aurora-postgresql',
    databaseName: 'shop',
    sslMode: 'verify-full',
    certificateArn: made.ref,
    postgreSqlSettings: {
      secretsManagerSecretId: login.secretArn,
      secretsManagerAccessRoleArn: role.roleArn,
      ...(end === 'source'
        ? {
            pluginName: 'test-decoding',
            slotName: 'pontoon_aurora',
            captureDdls: false,
            heartbeatEnable: false,
          }
        : { afterConnectScript: 'SET session_replication_role = replica' }),
    },
  });
  endpoint.node.addDependency(role);
  return endpoint;
}

function createAccountRoles(scope: Construct): Role[] {
  return [
    ['dms-vpc-role', 'AmazonDMSVPCManagementRole'],
    ['dms-cloudwatch-logs-role', 'AmazonDMSCloudWatchLogsRole'],
  ].map(
    ([roleName = '', policy]) =>
      new Role(scope, roleName, {
        roleName,
        assumedBy: new ServicePrincipal('dms.amazonaws.com'),
        managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName(`service-role/${policy}`)],
      }),
  );
}

function createAccess(scope: Construct, role: Role): Policy {
  const policy = new Policy(scope, 'DmsAccess', {
    statements: [
      new PolicyStatement({
        actions: ['dms:DescribeReplicationTasks', 'dms:DescribeConnections'],
        resources: ['*'],
      }),
      new PolicyStatement({
        actions: ['dms:StartReplicationTask', 'dms:StopReplicationTask', 'dms:ListTagsForResource'],
        resources: [arn('dms', 'task:*')],
        conditions: { StringEquals: { 'aws:ResourceTag/pontoon:replication': Aws.STACK_ID } },
      }),
      new PolicyStatement({ actions: ['dms:TestConnection'], resources: [arn('dms', '*')] }),
    ],
  });
  policy.attachToRole(role);
  return policy;
}
