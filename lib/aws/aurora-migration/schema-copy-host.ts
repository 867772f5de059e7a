import { Aws, Duration, Names, Tags, Validations } from 'aws-cdk-lib';
import {
  AmazonLinuxCpuType,
  BlockDeviceVolume,
  type Connections,
  EbsDeviceVolumeType,
  HttpTokens,
  type IConnectable,
  type IMachineImage,
  Instance,
  InstanceArchitecture,
  InstanceType,
  type IVpc,
  MachineImage,
  Peer,
  Port,
  SecurityGroup,
  type SubnetSelection,
  UserData,
} from 'aws-cdk-lib/aws-ec2';
import { type IRole, ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct, type IDependable } from 'constructs';
import type { ISchemaCopyHost } from '../schema-copy';
import type { StandbyTarget } from '../standby';

/** What can be chosen about the host of a schema copy. */
export interface SchemaCopyHostOptions {
  /**
   * The instance type. It holds the text of the schema only. Changing it restarts the instance, in place.
   *
   * @default t4g.small
   */
  readonly instanceType?: InstanceType;
  /**
   * The image: Amazon Linux 2023, or one with its packages and tools. Changing it replaces the instance, which holds nothing.
   *
   * @default - the newest Amazon Linux 2023 at each deployment
   */
  readonly image?: IMachineImage;
}

/** A host for schema copies. */
export interface SchemaCopyHostProps extends SchemaCopyHostOptions {
  /** The network. Changing it replaces the instance. */
  readonly vpc: IVpc;
  /**
   * Where it runs: one of these subnets, with a way to SSM, Secrets Manager, CloudFormation and Amazon Linux's packages.
   * Changing it replaces the instance.
   *
   * @default - private subnets with egress
   */
  readonly subnets?: SubnetSelection;
  /** The major of `pg_dump`: the higher one of the two servers. Changing it replaces the instance. */
  readonly majorVersion: number;
}

/** Time for the boot: an image's first start, and two packages. */
const BOOT = Duration.minutes(15);

/**
 * An instance on EC2 with PostgreSQL's client programs, on which `pg_dump` copies the schema of a server that runs on a
 * machine of somebody else's. Nobody can log in: commands come by SSM, logins are fetched when a command runs.
 *
 * @see https://docs.aws.amazon.com/linux/al2023/release-notes/all-packages-AL2023.html
 */
export class SchemaCopyHost extends Construct implements ISchemaCopyHost, IConnectable {
  /** Where its programs may connect to. */
  public readonly connections: Connections;
  /** What the instance may do in AWS. */
  public readonly role: IRole;
  /** The instance, as SSM's SendCommand takes it. */
  public readonly ssmTarget: StandbyTarget;
  /** The instance, once its programs are installed. */
  public readonly ready: IDependable;

  constructor(scope: Construct, id: string, props: SchemaCopyHostProps) {
    super(scope, id);
    const securityGroup = makeSecurityGroup(this, props);
    const role = makeRole(this);
    this.role = role;
    // Another id for another major: the programs are installed by an instance's first boot only.
    const instance = makeInstance(this, `Instance${props.majorVersion}`, {
      ...props,
      securityGroup,
      role,
    });
    this.connections = instance.connections;
    this.ssmTarget = {
      key: 'tag:pontoon:host',
      value: `${Aws.STACK_NAME}/${Names.uniqueResourceName(this, { maxLength: 60 })}`,
    };
    Tags.of(instance).add('pontoon:host', this.ssmTarget.value);
    Tags.of(instance).add('Name', this.node.path);
    this.ready = instance;
  }
}

interface InstanceOptions extends SchemaCopyHostProps {
  readonly securityGroup: SecurityGroup;
  readonly role: Role;
}

function makeInstance(scope: Construct, id: string, options: InstanceOptions): Instance {
  const { instanceType = new InstanceType('t4g.small'), image, majorVersion } = options;
  const userData = UserData.forLinux();
  const instance = new Instance(scope, id, {
    vpc: options.vpc,
    ...(options.subnets === undefined ? {} : { vpcSubnets: options.subnets }),
    instanceType,
    machineImage: image ?? newestImage(instanceType),
    role: options.role,
    securityGroup: options.securityGroup,
    userData,
    resourceSignalTimeout: BOOT,
    detailedMonitoring: true,
    associatePublicIpAddress: false,
    httpTokens: HttpTokens.REQUIRED,
    httpPutResponseHopLimit: 1,
    blockDevices: [
      {
        deviceName: '/dev/xvda',
        volume: BlockDeviceVolume.ebs(8, { volumeType: EbsDeviceVolumeType.GP3, encrypted: true }),
      },
    ],
  });
  userData.addCommands(...bootScript(majorVersion, instance.instance.logicalId));
  acknowledge(
    instance,
    'AwsSolutions-EC29',
    'It holds nothing: it can be ended, and made again, at any time.',
  );
  return instance;
}

/** Installs the programs, and tells CloudFormation how that went. */
function bootScript(majorVersion: number, logicalId: string): string[] {
  const signal = `--stack ${Aws.STACK_NAME} --resource ${logicalId} --region ${Aws.REGION}`;
  return [
    'set -euo pipefail',
    'umask 077',
    'exec >/var/log/pontoon-boot.log 2>&1',
    'finish() {',
    '  local status=$?',
    '  trap - EXIT',
    `  /opt/aws/bin/cfn-signal --exit-code "$status" --reason "$(tail -c 900 /var/log/pontoon-boot.log)" ${signal}`,
    '}',
    'trap finish EXIT',
    'for wait in 10 20 40 0; do',
    `  ! dnf -qy install postgresql${majorVersion} jq || break`,
    '  sleep "$wait"',
    'done',
    `pg_dump --version | grep -E '\\) ${majorVersion}([.a-z]|$)'`,
    'type psql jq aws',
    'mkdir -p /etc/pontoon',
    `printf '%s\\n' REGION=${Aws.REGION} MAJOR=${majorVersion} >/etc/pontoon/host.env`,
  ];
}

function newestImage({ architecture }: InstanceType): IMachineImage {
  const arm = architecture === InstanceArchitecture.ARM_64;
  return MachineImage.latestAmazonLinux2023({
    cpuType: arm ? AmazonLinuxCpuType.ARM_64 : AmazonLinuxCpuType.X86_64,
  });
}

function makeSecurityGroup(scope: Construct, { vpc }: SchemaCopyHostProps): SecurityGroup {
  const group = new SecurityGroup(scope, 'SecurityGroup', {
    vpc,
    description: 'The host of schema copies: AWS APIs, packages and the two servers',
    allowAllOutbound: false,
  });
  group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'Packages and endpoints of AWS');
  return group;
}

function makeRole(scope: Construct): Role {
  const role = new Role(scope, 'Role', {
    description: 'The host of schema copies',
    assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
    managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('AmazonSSMManagedInstanceCore')],
  });
  acknowledge(
    role,
    'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonSSMManagedInstanceCore]',
    'AWS maintains what its SSM agent needs; there is no other way onto the instance.',
  );
  return role;
}

function acknowledge(construct: Construct, id: string, reason: string): void {
  Validations.of(construct).acknowledge({ id, reason });
}
