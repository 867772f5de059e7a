import {
  CfnWaitCondition,
  CfnWaitConditionHandle,
  Fn,
  RemovalPolicy,
  Size,
  Tags,
  Token,
} from 'aws-cdk-lib';
import { AutoScalingGroup, UpdatePolicy } from 'aws-cdk-lib/aws-autoscaling';
import {
  BlockDeviceVolume,
  CfnNetworkInterface,
  EbsDeviceVolumeType,
  InstanceType,
  type ISubnet,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  MachineImage,
  UserData,
  Volume,
  type Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { arn, type Groups } from './access';

export interface Standby {
  readonly role: Role;
  readonly volume: Volume;
  readonly group: AutoScalingGroup;
  readonly streaming: CfnWaitCondition;
  readonly address: string;
  readonly certificate: string;
}

interface StandbyOptions {
  readonly vpc: Vpc;
  readonly subnet: ISubnet;
  readonly groups: Groups;
  readonly login: ISecret;
  /** The boot script; what is known only at deployment stands between its parts. */
  readonly bootScript: readonly string[];
}

export function createStandby(scope: Construct, options: StandbyOptions): Standby {
  const { vpc, subnet, groups } = options;
  const volume = new Volume(scope, 'Data', {
    availabilityZone: subnet.availabilityZone,
    size: Size.gibibytes(100),
    volumeType: EbsDeviceVolumeType.GP3,
    iops: 3000,
    throughput: 125,
    encrypted: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  const networkInterface = new CfnNetworkInterface(scope, 'Interface', {
    subnetId: subnet.subnetId,
    groupSet: [groups.standby.securityGroupId],
    privateIpAddress: '10.0.128.10',
  });
  const handle = new CfnWaitConditionHandle(scope, 'Signal');
  const role = createRole(scope, volume, networkInterface, options.login);
  const group = new AutoScalingGroup(scope, 'Instance', {
    vpc,
    vpcSubnets: { subnets: [subnet] },
    launchTemplate: createLaunchTemplate(scope, options, role, volume),
    minCapacity: 1,
    maxCapacity: 1,
    updatePolicy: UpdatePolicy.rollingUpdate({ maxBatchSize: 1, minInstancesInService: 0 }),
  });
  Tags.of(group).add('pontoon:standby', volume.volumeId);
  Tags.of(group).add('Name', 'standby');
  group.node.addDependency(role, volume, networkInterface, groups.standby);
  const streaming = new CfnWaitCondition(scope, 'Streaming', {
    handle: handle.ref,
    count: 1,
    timeout: '43200',
  });
  streaming.node.addDependency(group);
  const body = Fn.select(2, Fn.split('-----', Token.asString(streaming.attrData)));
  const certificate = `-----BEGIN CERTIFICATE-----${Fn.join('\n', Fn.split('|', body))}-----END CERTIFICATE-----\n`;
  const address = networkInterface.attrPrimaryPrivateIpAddress;
  return { role, volume, group, streaming, address, certificate };
}

function createLaunchTemplate(
  scope: Construct,
  { groups, bootScript }: StandbyOptions,
  role: Role,
  volume: Volume,
): LaunchTemplate {
  return new LaunchTemplate(scope, 'LaunchTemplate', {
    machineImage: MachineImage.latestAmazonLinux2023(),
    instanceType: new InstanceType('m6i.large'),
    role,
    userData: UserData.custom(bootScript.join(volume.volumeId)),
    securityGroup: groups.instance,
    associatePublicIpAddress: false,
    detailedMonitoring: true,
    httpTokens: LaunchTemplateHttpTokens.REQUIRED,
    httpPutResponseHopLimit: 1,
    blockDevices: [
      {
        deviceName: '/dev/xvda',
        volume: BlockDeviceVolume.ebs(20, { volumeType: EbsDeviceVolumeType.GP3, encrypted: true }),
      },
    ],
  });
}

function createRole(
  scope: Construct,
  volume: Volume,
  networkInterface: CfnNetworkInterface,
  login: ISecret,
): Role {
  const role = new Role(scope, 'StandbyInstanceRole', {
    assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
    managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('AmazonSSMManagedInstanceCore')],
  });
  const tagged = { StringEquals: { 'aws:ResourceTag/pontoon:standby': volume.volumeId } };
  const attach = ['ec2:AttachVolume', 'ec2:AttachNetworkInterface'];
  const resources = [
    arn('ec2', `volume/${volume.volumeId}`),
    arn('ec2', `network-interface/${networkInterface.attrId}`),
  ];
  for (const statement of [
    { actions: attach, resources: [arn('ec2', 'instance/*')], conditions: tagged },
    { actions: ['ec2:AttachVolume'], resources: resources.slice(0, 1) },
    { actions: ['ec2:AttachNetworkInterface'], resources: resources.slice(1) },
    { actions: ['secretsmanager:GetSecretValue'], resources: [login.secretArn] },
  ])
    role.addToPolicy(new PolicyStatement(statement));
  return role;
}
