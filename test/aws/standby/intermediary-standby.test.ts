import { gunzipSync } from 'node:zlib';
import { App, Duration, Fn, Stack, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import {
  AmazonLinuxCpuType,
  CfnTransitGatewayAttachment,
  InstanceType,
  MachineImage,
  SecurityGroup,
  Subnet,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { AwsSolutionsChecks } from 'cdk-nag';
import {
  IntermediaryStandby,
  type IntermediaryStandbyProps,
  OperatingSystem,
  SignalWhen,
  SourceRoute,
} from '../../../lib/aws/standby';
import { bootScript } from '../../../lib/aws/standby/user-data';
import { PEM } from '../certificate';

const [PARTITION, REGION, ACCOUNT] = ['Partition', 'Region', 'AccountId'].map((name) => ({
  Ref: `AWS::${name}`,
}));
const EC2_ARN = ['arn:', PARTITION, ':ec2:', REGION, ':', ACCOUNT];
const ZONE = Fn.select(0, Fn.getAzs());
const AMAZON_LINUX = OperatingSystem.amazonLinux2023();
const DEBIAN = MachineImage.fromSsmParameter('/images/debian');

function makeStack(): { app: App; stack: Stack; props: IntermediaryStandbyProps } {
  const app = new App();
  const stack = new Stack(app, 'Test');
  const subnetAttributes = {
    subnetId: 'subnet-0123456789abcdef0',
    availabilityZone: ZONE,
    routeTableId: 'rtb-0123456789abcdef0',
  };
  const props: IntermediaryStandbyProps = {
    vpc: Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-0123456789abcdef0',
      availabilityZones: [ZONE],
    }),
    subnet: Subnet.fromSubnetAttributes(stack, 'Subnet', subnetAttributes),
    operatingSystem: OperatingSystem.debian(DEBIAN),
    instanceType: new InstanceType('m7i.large'),
    majorVersion: 17,
    dataVolumeGiB: 200,
    primary: {
      host: 'pg.example.internal',
      secret: Secret.fromSecretCompleteArn(
        stack,
        'Login',
        'arn:aws:secretsmanager:eu-central-1:111122223333:secret:replicator-AbCdEf',
      ),
      caCertificate: PEM,
      slotName: 'standby',
      cidrs: ['192.0.2.0/24'],
    },
    conf: "wal_level = logical  # the primary's too\nhot_standby_feedback = on\narchive_command = 'a # b'\n",
    hba: '# the task\nhostssl "app" "dms" 10.0.1.0/24 scram-sha-256\n',
    consumers: [SecurityGroup.fromSecurityGroupId(stack, 'Consumer', 'sg-0123456789abcdef0')],
  };
  return { app, stack, props };
}

function synthesize(change: Partial<IntermediaryStandbyProps> = {}): Template {
  const { stack, props } = makeStack();
  new IntermediaryStandby(stack, 'Standby', { ...props, ...change });
  return Template.fromStack(stack);
}

/** The user data with `<…>` in place of what is known only at deployment. */
function userDataOf(template: Template): string {
  const [launch] = Object.values(template.findResources('AWS::EC2::LaunchTemplate'));
  const parts: (string | object)[] =
    launch?.Properties.LaunchTemplateData.UserData['Fn::Base64']['Fn::Join'][1] ?? [];
  return parts
    .map((part) => (typeof part === 'string' ? part : `<${Object.values(part)}>`))
    .join('');
}

function fileIn(userData: string, path: string): string {
  const [, rest = ''] = userData.split(`cat > ${path} <<'PONTOON_EOF'\n`);
  return rest.split('\nPONTOON_EOF\n')[0] ?? '';
}

describe('resources', () => {
  const template = synthesize();

  test('the data volume is encrypted and retained', () => {
    template.hasResource('AWS::EC2::Volume', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        AvailabilityZone: { 'Fn::Select': [0, { 'Fn::GetAZs': '' }] },
        Encrypted: true,
        Size: 200,
        VolumeType: 'gp3',
        Iops: 3000,
        Throughput: 125,
      },
    });
  });

  test('the old instance ends before the new one begins, and needs the address and the volume to the end', () => {
    template.hasResource('AWS::AutoScaling::AutoScalingGroup', {
      UpdatePolicy: {
        AutoScalingRollingUpdate: { MaxBatchSize: 1, MinInstancesInService: 0 },
      },
      Properties: {
        MinSize: '1',
        MaxSize: '1',
        VPCZoneIdentifier: ['subnet-0123456789abcdef0'],
        Tags: Match.arrayWith([
          {
            Key: 'pontoon:standby',
            PropagateAtLaunch: true,
            Value: { Ref: Match.stringLikeRegexp('StandbyData') },
          },
        ]),
      },
      DependsOn: Match.arrayWith([
        Match.stringLikeRegexp('StandbyData'),
        Match.stringLikeRegexp('StandbyInterface'),
        Match.stringLikeRegexp('StandbyRoleDefaultPolicy'),
        Match.stringLikeRegexp('StandbySecurityGroup'),
      ]),
    });
  });

  test('metadata takes a session and nobody logs in by key', () => {
    template.hasResourceProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: {
        KeyName: Match.absent(),
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
        NetworkInterfaces: [Match.objectLike({ AssociatePublicIpAddress: false, DeviceIndex: 0 })],
        BlockDeviceMappings: [
          { DeviceName: '/dev/xvda', Ebs: { Encrypted: true, VolumeSize: 20, VolumeType: 'gp3' } },
        ],
      },
    });
  });

  test('the fixed interface reaches the primary and is reached by the consumers', () => {
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'The PostgreSQL standby: to the primary, from the consumers',
      SecurityGroupEgress: [
        {
          CidrIp: '192.0.2.0/24',
          IpProtocol: 'tcp',
          FromPort: 5432,
          ToPort: 5432,
          Description: 'Replication from the primary',
        },
      ],
      SecurityGroupIngress: Match.absent(),
    });
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      SourceSecurityGroupId: 'sg-0123456789abcdef0',
      FromPort: 5432,
      ToPort: 5432,
    });
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 1);
  });

  test('the instance may attach this volume and this interface to itself, and read one secret', () => {
    const [policy] = Object.values(template.findResources('AWS::IAM::Policy'));
    const arn = (resource: string, ...name: unknown[]): unknown => ({
      'Fn::Join': ['', [...EC2_ARN, `:${resource}/${name.length === 0 ? '*' : ''}`, ...name]],
    });
    expect(policy?.Properties.PolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['ec2:AttachVolume', 'ec2:AttachNetworkInterface'],
        Resource: arn('instance'),
        Condition: {
          StringEquals: {
            'aws:ResourceTag/pontoon:standby': { Ref: expect.stringContaining('StandbyData') },
          },
        },
      },
      {
        Effect: 'Allow',
        Action: 'ec2:AttachVolume',
        Resource: arn('volume', { Ref: expect.stringContaining('StandbyData') }),
      },
      {
        Effect: 'Allow',
        Action: 'ec2:AttachNetworkInterface',
        Resource: arn('network-interface', {
          'Fn::GetAtt': [expect.stringContaining('StandbyInterface'), 'Id'],
        }),
      },
      {
        Effect: 'Allow',
        Action: 'secretsmanager:GetSecretValue',
        Resource: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:replicator-AbCdEf',
      },
    ]);
  });

  test('CloudFormation waits for the signal after the instance, and hands the certificate on', () => {
    const { stack, props } = makeStack();
    const standby = new IntermediaryStandby(stack, 'Standby', props);
    Template.fromStack(stack).hasResource('AWS::CloudFormation::WaitCondition', {
      Properties: { Count: 1, Timeout: '43200' },
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('StandbyInstance')]),
    });
    const data = { 'Fn::GetAtt': [expect.stringContaining('StandbyStreaming'), 'Data'] };
    const body = { 'Fn::Select': [2, { 'Fn::Split': ['-----', data] }] };
    expect(stack.resolve(standby.caCertificate)).toEqual({
      'Fn::Join': [
        '',
        [
          '-----BEGIN CERTIFICATE-----',
          { 'Fn::Join': ['\n', { 'Fn::Split': ['|', body] }] },
          '-----END CERTIFICATE-----\n',
        ],
      ],
    });
    expect(standby.ssmTarget.key).toBe('tag:pontoon:standby');
    expect(stack.resolve(standby.addressSeenBySource)).toEqual(stack.resolve(standby.address));
  });
});

describe('user data', () => {
  test('holds the files as heredocs without comments, and the boot script', () => {
    const userData = userDataOf(synthesize());
    expect(fileIn(userData, '/etc/pontoon/conf.d/10-settings.conf')).toBe(
      "wal_level = logical\nhot_standby_feedback = on\narchive_command = 'a # b'",
    );
    expect(fileIn(userData, '/etc/pontoon/pg_hba.conf')).toBe(
      'local all "postgres" peer map=pontoon\nhostssl "app" "dms" 10.0.1.0/24 scram-sha-256',
    );
    expect(fileIn(userData, '/etc/pontoon/primary-ca.pem')).toBe(PEM.trimEnd());
    expect(fileIn(userData, '/etc/pontoon/standby.env').split('\n')).toEqual([
      'REGION=<AWS::Region>',
      'MAJOR=17',
      'PACKAGES=pgdg',
      expect.stringMatching(/^VOLUME_ID=<StandbyData\w+>$/),
      expect.stringMatching(/^INTERFACE_ID=<StandbyInterface\w*,Id>$/),
      expect.stringMatching(/^ADDRESS=<StandbyInterface\w*,PrimaryPrivateIpAddress>$/),
      'SOURCE_CIDRS=192.0.2.0/24',
      'PRIMARY_HOST=pg.example.internal',
      'PRIMARY_PORT=5432',
      'PRIMARY_SSLMODE=verify-full',
      'SECRET_ARN=arn:aws:secretsmanager:eu-central-1:111122223333:secret:replicator-AbCdEf',
      'SLOT=standby',
      'LOCAL_ROLE=postgres',
      'MAX_RATE=',
      expect.stringMatching(/^SIGNAL_URL=<StandbySignal\w*>$/),
      'SIGNAL_WHEN=streaming',
      'TIMEOUT_SECONDS=42900',
    ]);
    const [, packed = ''] = userData.split(
      "base64 -d <<'PONTOON_EOF' | gunzip > /opt/pontoon/boot.sh\n",
    );
    const archive = Buffer.from(packed.split('\nPONTOON_EOF\n')[0] ?? '', 'base64');
    const lines = bootScript('debian').split('\n');
    const code = lines.filter((line, index) => index === 0 || !/^\s*(#|$)/.test(line));
    expect(gunzipSync(archive).toString('utf8').trimEnd().split('\n')).toEqual(code);
  });

  test.each([
    ['Amazon Linux', AMAZON_LINUX, 'amazon-linux', '/dev/xvda'],
    ['Debian', OperatingSystem.debian(DEBIAN), 'debian', '/dev/xvda'],
    ['Ubuntu', OperatingSystem.ubuntu(DEBIAN), 'debian', '/dev/sda1'],
    ['Red Hat', OperatingSystem.rhel(DEBIAN), 'red-hat', '/dev/sda1'],
  ])(
    'on %s leaves room for settings and certificates',
    (_name, operatingSystem, family, device) => {
      const template = synthesize({ operatingSystem });
      const userData = userDataOf(template);
      expect(operatingSystem.family).toBe(family);
      expect(Buffer.byteLength(userData.replace(PEM.trimEnd(), ''))).toBeLessThan(11_500);
      template.hasResourceProperties('AWS::EC2::LaunchTemplate', {
        LaunchTemplateData: {
          BlockDeviceMappings: [Match.objectLike({ DeviceName: device })],
        },
      });
    },
  );

  test('that is too big is refused', () => {
    const conf = `a = '${'x'.repeat(9000)}'\n`;
    expect(() => synthesize({ conf })).toThrow(
      /the user data must be at most 15484 bytes before deployment, got \d+; shorten 'conf' or 'hba', or give only the root in 'primary\.caCertificate'/,
    );
  });

  test('says what the props say', () => {
    const { props } = makeStack();
    const userData = userDataOf(
      synthesize({
        superuser: 'admin',
        copyMaxRateMiB: 20,
        signalWhen: SignalWhen.COPY_BEGUN,
        timeout: Duration.hours(1),
        primary: { ...props.primary, port: 5433 },
      }),
    );
    for (const line of [
      'LOCAL_ROLE=admin',
      'MAX_RATE=20M',
      'SIGNAL_WHEN=copy-begun',
      'TIMEOUT_SECONDS=3300',
      'PRIMARY_PORT=5433',
      'pontoon postgres "admin"',
    ]) {
      expect(userData.split('\n')).toContain(line);
    }
  });
});

test('a key of the customer is granted to EC2 only, and a secret by name is matched with its suffix', () => {
  const { stack, props } = makeStack();
  const encryptionKey = Key.fromKeyArn(
    stack,
    'Key',
    'arn:aws:kms:eu-central-1:111122223333:key/12345678-1234-1234-1234-123456789012',
  );
  const secret = Secret.fromSecretNameV2(stack, 'Named', 'replicator');
  const primary = { ...props.primary, secret };
  new IntermediaryStandby(stack, 'Standby', { ...props, encryptionKey, primary });
  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        {
          Effect: 'Allow',
          Action: 'secretsmanager:GetSecretValue',
          Resource: {
            'Fn::Join': [
              '',
              [
                'arn:',
                PARTITION,
                ':secretsmanager:',
                REGION,
                ':',
                ACCOUNT,
                ':secret:replicator-??????',
              ],
            ],
          },
        },
        {
          Effect: 'Allow',
          Action: 'kms:CreateGrant',
          Resource:
            'arn:aws:kms:eu-central-1:111122223333:key/12345678-1234-1234-1234-123456789012',
          Condition: {
            Bool: { 'kms:GrantIsForAWSResource': 'true' },
            StringEquals: {
              'kms:ViaService': { 'Fn::Join': ['', ['ec2.', REGION, '.amazonaws.com']] },
            },
          },
        },
        {
          Effect: 'Allow',
          Action: [
            'kms:Decrypt',
            'kms:DescribeKey',
            'kms:GenerateDataKeyWithoutPlaintext',
            'kms:ReEncryptFrom',
            'kms:ReEncryptTo',
          ],
          Resource:
            'arn:aws:kms:eu-central-1:111122223333:key/12345678-1234-1234-1234-123456789012',
          Condition: {
            StringEquals: {
              'kms:ViaService': { 'Fn::Join': ['', ['ec2.', REGION, '.amazonaws.com']] },
            },
          },
        },
      ]),
    },
  });
});

describe('the image of Amazon Linux', () => {
  const imageOf = (stack: Stack): unknown => {
    const [launch] = Object.values(
      Template.fromStack(stack).findResources('AWS::EC2::LaunchTemplate'),
    );
    return launch?.Properties.LaunchTemplateData.ImageId;
  };

  test('is the newest at each deployment, for the processor of the instance', () => {
    const { stack, props } = makeStack();
    const instanceType = new InstanceType('m7g.large');
    const operatingSystem = AMAZON_LINUX;
    new IntermediaryStandby(stack, 'Standby', { ...props, instanceType, operatingSystem });
    expect(imageOf(stack)).toEqual({ Ref: expect.stringMatching(/^SsmParameterValue.*arm64/) });
  });

  test('is the one that is given', () => {
    const { stack, props } = makeStack();
    const image = MachineImage.genericLinux({ 'eu-central-1': 'ami-0123456789abcdef0' });
    const pinned = new Stack(new App(), 'Pinned', { env: { region: 'eu-central-1' } });
    const operatingSystem = OperatingSystem.amazonLinux2023({ image });
    expect(operatingSystem.machineImage(AmazonLinuxCpuType.X86_64).getImage(pinned).imageId).toBe(
      'ami-0123456789abcdef0',
    );
    new IntermediaryStandby(stack, 'Standby', {
      ...props,
      operatingSystem: OperatingSystem.amazonLinux2023({ image: DEBIAN }),
    });
    expect(imageOf(stack)).toEqual({
      Ref: expect.stringMatching(/^SsmParameterValueimagesdebian/),
    });
  });

  test('is remembered in the context', () => {
    const env = { account: '111122223333', region: 'eu-central-1' };
    const key =
      'ssm:account=111122223333:parameterName=/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64:region=eu-central-1';
    const app = new App({ context: { [key]: 'ami-0fedcba9876543210' } });
    const operatingSystem = OperatingSystem.amazonLinux2023({ cachedInContext: true });
    const stack = new Stack(app, 'Cached', { env });
    expect(operatingSystem.machineImage(AmazonLinuxCpuType.X86_64).getImage(stack).imageId).toBe(
      'ami-0fedcba9876543210',
    );
  });

  test('cannot be given and looked up', () => {
    expect(() => OperatingSystem.amazonLinux2023({ image: DEBIAN, cachedInContext: true })).toThrow(
      new Error(
        "Amazon Linux 2023: 'cachedInContext' must be left out with 'image', which is not looked up, got true; remove one of the two",
      ),
    );
  });
});

test.each([
  [
    'a virtual private gateway',
    SourceRoute.virtualPrivateGateway('vgw-0123456789abcdef0'),
    { GatewayId: 'vgw-0123456789abcdef0' },
  ],
  [
    'a transit gateway',
    SourceRoute.transitGateway('tgw-0123456789abcdef0'),
    { TransitGatewayId: 'tgw-0123456789abcdef0' },
  ],
])('the way to the primary leads through %s', (_name, route, target) => {
  const { props } = makeStack();
  const template = synthesize({ primary: { ...props.primary, route } });
  template.hasResourceProperties('AWS::EC2::Route', {
    RouteTableId: 'rtb-0123456789abcdef0',
    DestinationCidrBlock: '192.0.2.0/24',
    ...target,
  });
});

test('a VPC without a gateway has no way by one', () => {
  const { stack } = makeStack();
  const vpc = new Vpc(stack, 'Lonely', { natGateways: 0 });
  expect(() => SourceRoute.vpnGatewayOf(vpc)).toThrow(
    new Error(
      "SourceRoute: 'vpc' must have a VPN gateway, got 'Test/Lonely' without one; make it with 'vpnGateway' or 'vpnConnections', or import it with its 'vpnGatewayId'",
    ),
  );
});

test('the instance waits for what a way depends on, also where the routes are there already', () => {
  const { stack, props } = makeStack();
  const attachment = new CfnTransitGatewayAttachment(stack, 'Attachment', {
    transitGatewayId: 'tgw-0123456789abcdef0',
    vpcId: props.vpc.vpcId,
    subnetIds: [props.subnet.subnetId],
  });
  const route = SourceRoute.existing().after(attachment);
  const primary = { ...props.primary, route };
  new IntermediaryStandby(stack, 'Standby', { ...props, primary });
  Template.fromStack(stack).hasResource('AWS::AutoScaling::AutoScalingGroup', {
    DependsOn: Match.arrayWith(['Attachment']),
  });
});

test('cdk-nag finds nothing that is not explained', () => {
  const { app, stack, props } = makeStack();
  new IntermediaryStandby(stack, 'Standby', props);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  expect(() => app.synth()).not.toThrow();
});

test('everything that is wrong is said at once', () => {
  const { props } = makeStack();
  const wrong: Partial<IntermediaryStandbyProps> = {
    majorVersion: 9,
    instanceType: new InstanceType('m4.large'),
    timeout: Duration.minutes(5),
    copyMaxRateMiB: 0,
    superuser: 'a"b',
    privateIpAddress: '10.0.0.999',
    dataVolumeGiB: 0,
    dataVolumeIops: 100,
    dataVolumeThroughput: 50,
    conf: 'a = 1\nPONTOON_EOF\n',
    hba: 'hostssl all all 0.0.0.0/0 scram-sha-256\nlocal all all trust\n',
    primary: {
      ...props.primary,
      host: 'a b',
      port: 70_000,
      slotName: 'Slot',
      cidrs: ['0.0.0.0/0', '10.0.0.0/8', '10.1.0.0/8'],
      caCertificate: 'ca.pem',
    },
  };
  expect(() => synthesize(wrong)).toThrow(
    new Error(`IntermediaryStandby has 18 problems:
- 'majorVersion' must be a PostgreSQL major from 14, got 9; give the primary's major
- 'superuser' cannot be empty or contain a double quote or a line break, got "a\\"b"; give another superuser of the primary
- 'privateIpAddress' must be an IPv4 address, got "10.0.0.999"; take a free one of the subnet
- 'instanceType' must be of the Nitro system, got m4.large; its volumes have the names by which the boot script finds them: take t3, m5, r5 or a later one
- 'timeout' must be from 10 minutes to 12 hours, got 300 seconds; for a longer copy set 'signalWhen' to COPY_BEGUN, and make what reads from the standby in a later deployment
- 'copyMaxRateMiB' must be a whole number from 1 to 1024, got 0; correct it, or leave it out for no limit
- 'dataVolumeGiB' must be a whole number above 0, got 0; give the size of the primary's data and more
- 'dataVolumeIops' must be a whole number from 3000, got 100; gp3 volumes have no fewer
- 'dataVolumeThroughput' must be a whole number from 125 to a quarter of the IOPS (100), got 50; raise 'dataVolumeIops' or lower it
- 'primary.host' must be a host name or an address, got "a b"; correct it
- 'primary.port' must be from 1 to 65535, got 70000; correct it
- 'primary.slotName' must consist of lower-case letters, digits and underscores, got "Slot"; rename the slot
- 'primary.cidrs[0]' must be a network as CIDR, from /8 to /32, got "0.0.0.0/0"; write it like 192.0.2.0/24
- 'primary.cidrs[2]' must be another network than 'primary.cidrs[1]', since a table has one route to each, got "10.1.0.0/8"; remove one
- 'primary.caCertificate' must be certificates in PEM, got another text; give the text of the file that signed the source's certificate, not its name
- 'conf' cannot contain the line PONTOON_EOF, which ends a file in the user data; remove it
- 'hba' line 1 must name a network and use scram-sha-256, got "hostssl all all 0.0.0.0/0 scram-sha-256"; admit the consumers' subnets only
- 'hba' line 2 must name a network and use scram-sha-256, got "local all all trust"; admit the consumers' subnets only`),
  );
});
