import { Aws, Duration, Tags, Validations } from 'aws-cdk-lib';
import {
  AutoScalingGroup,
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  UpdatePolicy,
} from 'aws-cdk-lib/aws-autoscaling';
import {
  AmazonLinuxCpuType,
  InstanceArchitecture,
  type InstanceType,
  type IVolume,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  Peer,
  Port,
  SecurityGroup,
  UserData,
} from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { instanceTypeOf, operatingSystemOf } from './machine';
import type { IntermediaryStandbyProps } from './props';

/** What the group of one instance is made of. */
interface GroupOptions {
  readonly props: IntermediaryStandbyProps;
  readonly volume: IVolume;
  readonly networkInterfaceId: string;
  readonly tagValue: string;
  readonly userData: string;
}

/** The auto-scaling group of one: on an update the old instance ends before the new one begins. */
export function makeGroup(scope: Construct, options: GroupOptions): AutoScalingGroup {
  const { props } = options;
  const role = makeRole(scope, options);
  const group = new AutoScalingGroup(scope, 'Instance', {
    vpc: props.vpc,
    vpcSubnets: { subnets: [props.subnet] },
    launchTemplate: makeLaunchTemplate(scope, options, role),
    minCapacity: 1,
    maxCapacity: 1,
    cooldown: Duration.minutes(5),
    updatePolicy: UpdatePolicy.rollingUpdate({ maxBatchSize: 1, minInstancesInService: 0 }),
  });
  Tags.of(group).add('pontoon:standby', options.tagValue);
  Tags.of(group).add('Name', scope.node.path);
  group.node.addDependency(role);
  acknowledge(
    group,
    'AwsSolutions-AS3',
    'The alarms of the replication tell that the standby is away, whatever the reason.',
  );
  return group;
}

function makeLaunchTemplate(
  scope: Construct,
  { props, userData }: GroupOptions,
  role: Role,
): LaunchTemplate {
  const instanceType = instanceTypeOf(props);
  const operatingSystem = operatingSystemOf(props);
  return new LaunchTemplate(scope, 'LaunchTemplate', {
    machineImage: operatingSystem.machineImage(cpuTypeOf(instanceType)),
    instanceType,
    role,
    userData: UserData.custom(userData),
    securityGroup: makeSecurityGroup(scope, props),
    associatePublicIpAddress: false,
    detailedMonitoring: true,
    httpEndpoint: true,
    httpTokens: LaunchTemplateHttpTokens.REQUIRED,
    httpPutResponseHopLimit: 1,
    blockDevices: [
      {
        deviceName: operatingSystem.rootDeviceName,
        volume: BlockDeviceVolume.ebs(20, { volumeType: EbsDeviceVolumeType.GP3, encrypted: true }),
      },
    ],
  });
}

/** The instance's own interface: packages, AWS's endpoints and CloudFormation's bucket; nothing comes in. */
function makeSecurityGroup(scope: Construct, props: IntermediaryStandbyProps): SecurityGroup {
  const group = new SecurityGroup(scope, 'InstanceSecurityGroup', {
    vpc: props.vpc,
    description: 'The instance of the PostgreSQL standby: packages and endpoints of AWS only',
    allowAllOutbound: false,
  });
  group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'Packages and endpoints of AWS');
  group.addEgressRule(Peer.anyIpv4(), Port.tcp(80), 'Signed packages of the distribution');
  return group;
}

function makeRole(scope: Construct, options: GroupOptions): Role {
  const { props, volume, networkInterfaceId, tagValue } = options;
  const ssm = ManagedPolicy.fromAwsManagedPolicyName('AmazonSSMManagedInstanceCore');
  const role = new Role(scope, 'Role', {
    description: 'The instance of the PostgreSQL standby',
    assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
    managedPolicies: [ssm],
  });
  const arn = (resource: string, name: string): string =>
    `arn:${Aws.PARTITION}:ec2:${Aws.REGION}:${Aws.ACCOUNT_ID}:${resource}/${name}`;
  const instances = arn('instance', '*');
  role.addToPolicy(
    new PolicyStatement({
      actions: ['ec2:AttachVolume', 'ec2:AttachNetworkInterface'],
      resources: [instances],
      conditions: { StringEquals: { 'aws:ResourceTag/pontoon:standby': tagValue } },
    }),
  );
  role.addToPolicy(
    new PolicyStatement({
      actions: ['ec2:AttachVolume'],
      resources: [arn('volume', volume.volumeId)],
    }),
  );
  role.addToPolicy(
    new PolicyStatement({
      actions: ['ec2:AttachNetworkInterface'],
      resources: [arn('network-interface', networkInterfaceId)],
    }),
  );
  grantKeys(props, role);
  acknowledge(
    role,
    'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonSSMManagedInstanceCore]',
    'AWS maintains what its SSM agent needs; there is no other way onto the instance.',
  );
  acknowledge(
    role,
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:instance/*]',
    "The instance's number is not known before it runs; a condition restricts it to this standby's tag.",
  );
  return role;
}

function grantKeys({ primary, encryptionKey }: IntermediaryStandbyProps, role: Role): void {
  const { secret } = primary;
  role.addToPolicy(
    new PolicyStatement({
      actions: ['secretsmanager:GetSecretValue'],
      resources: [secret.secretFullArn ?? `${secret.secretArn}-??????`],
    }),
  );
  secret.encryptionKey?.grantDecrypt(role);
  if (encryptionKey === undefined) return;
  const resources = [encryptionKey.keyArn];
  const StringEquals = { 'kms:ViaService': `ec2.${Aws.REGION}.amazonaws.com` };
  // EC2 takes a grant on the volume's key, and uses it, in the name of whoever attaches the volume.
  role.addToPolicy(
    new PolicyStatement({
      actions: ['kms:CreateGrant'],
      resources,
      conditions: { Bool: { 'kms:GrantIsForAWSResource': 'true' }, StringEquals },
    }),
  );
  role.addToPolicy(
    new PolicyStatement({ actions: VOLUME_KEY, resources, conditions: { StringEquals } }),
  );
}

/** What using an encrypted volume takes beside the grant; `kms:ReEncrypt*` without its asterisk. */
const VOLUME_KEY = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

function acknowledge(construct: Construct, id: string, reason: string): void {
  Validations.of(construct).acknowledge({ id, reason });
}

/** The processor that images must be made for. */
export function cpuTypeOf({ architecture }: InstanceType): AmazonLinuxCpuType {
  const arm = architecture === InstanceArchitecture.ARM_64;
  return arm ? AmazonLinuxCpuType.ARM_64 : AmazonLinuxCpuType.X86_64;
}
