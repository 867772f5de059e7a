import { App, CfnResource, Duration } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import {
  InterfaceVpcEndpoint,
  InterfaceVpcEndpointAwsService,
  Port,
  SecurityGroup,
} from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { DmsAccountRoles, DmsMigrationType, DmsPlugin, DmsReplication } from '../../../lib/aws/dms';
import { Platform } from '../../../lib/postgres';
import { checkTemplate } from '../../templates/cloudformation-schema';
import { nagFindings } from '../../templates/nag';
import { PEM } from '../certificate';
import { fixture, replicate } from './fixture';

const EUROPE = { env: { account: '111122223333', region: 'eu-west-1' } };

function templateOf(given: Parameters<typeof replicate>[1] = {}): Template {
  const made = fixture();
  replicate(made, given);
  return Template.fromStack(made.stack);
}

/** The one resource of `type` that has `properties`. */
function only(
  template: Template,
  type: string,
  properties: object = {},
): { Properties: Record<string, unknown>; DependsOn?: string[] } {
  const found = Object.values(template.findResources(type, { Properties: properties }));
  expect(found).toHaveLength(1);
  return found[0] as { Properties: Record<string, unknown>; DependsOn?: string[] };
}

/** All that `logicalId` waits for, however indirectly. */
function waitsFor(template: Template, logicalId: string): Set<string> {
  const { Resources } = template.toJSON() as { Resources: Record<string, object> };
  const seen = new Set<string>();
  const visit = (id: string): void => {
    const text = JSON.stringify(Resources[id] ?? {});
    for (const [, next = ''] of text.matchAll(/"(?:Ref|Fn::GetAtt)":\[?"([A-Za-z0-9]+)/g)) {
      if (next in Resources && !seen.has(next)) {
        seen.add(next);
        visit(next);
      }
    }
    const { DependsOn = [] } = (Resources[id] ?? {}) as { DependsOn?: string[] };
    for (const next of [DependsOn].flat()) {
      if (!seen.has(next)) {
        seen.add(next);
        visit(next);
      }
    }
  };
  visit(logicalId);
  return seen;
}

function idOf(template: Template, type: string, properties: object = {}): string {
  const [id = ''] = Object.keys(template.findResources(type, { Properties: properties }));
  return id;
}

describe('by default', () => {
  test('both ends verify certificates and take logins from secrets; nothing is written to the source', () => {
    const template = templateOf();
    expect(only(template, 'AWS::DMS::Endpoint', { EndpointType: 'source' }).Properties).toEqual({
      EndpointType: 'source',
      EngineName: 'postgres',
      DatabaseName: 'app',
      SslMode: 'verify-full',
      CertificateArn: { Ref: expect.stringMatching(/^ReplicationSourceCertificate/) },
      PostgreSqlSettings: {
        PluginName: 'test-decoding',
        SlotName: 'pontoon_aurora',
        CaptureDdls: false,
        HeartbeatEnable: false,
        MapBooleanAsBoolean: true,
        FailTasksOnLobTruncation: true,
        SecretsManagerSecretId: { Ref: expect.stringMatching(/^Reader/) },
        SecretsManagerAccessRoleArn: { 'Fn::GetAtt': [expect.any(String), 'Arn'] },
      },
      Tags: [{ Key: 'pontoon:server', Value: 'standby' }],
    });
    expect(only(template, 'AWS::DMS::Endpoint', { EndpointType: 'target' }).Properties).toEqual({
      EndpointType: 'target',
      EngineName: 'aurora-postgresql',
      DatabaseName: 'app',
      SslMode: 'verify-full',
      CertificateArn: { Ref: expect.stringMatching(/^ReplicationTargetCertificate/) },
      PostgreSqlSettings: {
        MapBooleanAsBoolean: true,
        AfterConnectScript: "SET session_replication_role = 'replica'",
        SecretsManagerSecretId: { Ref: expect.stringMatching(/^Writer/) },
        SecretsManagerAccessRoleArn: { 'Fn::GetAtt': [expect.any(String), 'Arn'] },
      },
      Tags: [{ Key: 'pontoon:server', Value: 'aurora' }],
    });
    template.hasResourceProperties('AWS::DMS::Certificate', { CertificatePem: PEM });
  });

  test('the instance is private, pinned and named by what replaces it; the task has no name', () => {
    const template = templateOf();
    template.hasResourceProperties('AWS::DMS::ReplicationInstance', {
      ReplicationInstanceIdentifier: Match.stringLikeRegexp('^p-[a-z0-9-]+-[0-9a-f]{8}$'),
      ReplicationInstanceClass: 'dms.r6i.large',
      EngineVersion: '3.6.1',
      AutoMinorVersionUpgrade: false,
      PubliclyAccessible: false,
      MultiAZ: false,
      AllocatedStorage: 100,
      KmsKeyId: Match.absent(),
    });
    template.hasResourceProperties('AWS::DMS::ReplicationTask', {
      MigrationType: 'full-load-and-cdc',
      ReplicationTaskIdentifier: Match.absent(),
      CdcStartPosition: Match.absent(),
      Tags: [{ Key: 'pontoon:replication', Value: Match.anyValue() }],
    });
    const group = only(template, 'AWS::Logs::LogGroup', {
      LogGroupName: Match.stringLikeRegexp('^dms-tasks-'),
    });
    expect(group.Properties).toEqual({
      LogGroupName: expect.stringMatching(/^dms-tasks-p-[a-z0-9-]+$/),
      RetentionInDays: 90,
    });
  });

  test('mappings and settings are those of the language', () => {
    const task = only(templateOf(), 'AWS::DMS::ReplicationTask');
    const { TableMappings, ReplicationTaskSettings } = task.Properties as Record<string, string>;
    expect(JSON.parse(TableMappings ?? '').rules).toHaveLength(2);
    expect(JSON.parse(ReplicationTaskSettings ?? '').FullLoadSettings.TargetTablePrepMode).toBe(
      'TRUNCATE_BEFORE_LOAD',
    );
  });

  test('the account gets its two roles once, and the subnet group waits for them', () => {
    const made = fixture();
    replicate(made);
    new DmsReplication(made.stack, 'Another', made.props);
    const template = Template.fromStack(made.stack);
    for (const RoleName of ['dms-vpc-role', 'dms-cloudwatch-logs-role']) {
      expect(only(template, 'AWS::IAM::Role', { RoleName }).Properties).toMatchObject({
        AssumeRolePolicyDocument: {
          Statement: [{ Principal: { Service: 'dms.amazonaws.com' }, Action: 'sts:AssumeRole' }],
        },
      });
    }
    const group = only(templateOf(), 'AWS::DMS::ReplicationSubnetGroup');
    expect(group.DependsOn).toEqual([
      expect.stringMatching(/^PontoonDmsAccountRolesdmscloudwatchlogsrole/),
      expect.stringMatching(/^PontoonDmsAccountRolesdmsvpcrole/),
      // Takes longer than IAM needs until AWS DMS sees the roles.
      'PontoonRunner',
      expect.stringMatching(/^RunnerServiceRole/),
    ]);
  });

  test('only the regional service may read the two logins', () => {
    const template = templateOf();
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          Match.objectLike({
            Principal: {
              Service: { 'Fn::Join': ['', ['dms.', { Ref: 'AWS::Region' }, '.amazonaws.com']] },
            },
          }),
        ],
      },
    });
    const made = fixture(EUROPE);
    replicate(made);
    Template.fromStack(made.stack).hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [Match.objectLike({ Principal: { Service: 'dms.eu-west-1.amazonaws.com' } })],
      },
    });
  });
});

describe('the order', () => {
  test('pause, then endpoints and task, then the start', () => {
    const template = templateOf();
    const pause = idOf(template, 'Custom::PontoonDmsPause');
    const task = idOf(template, 'AWS::DMS::ReplicationTask');
    const run = idOf(template, 'Custom::PontoonDmsTask');
    const endpoints = Object.keys(template.findResources('AWS::DMS::Endpoint'));
    for (const id of [...endpoints, task]) {
      expect(waitsFor(template, id)).toContain(pause);
      expect(waitsFor(template, run)).toContain(id);
      expect(waitsFor(template, pause)).not.toContain(id);
    }
  });

  test('only the start waits for what it is told to start after', () => {
    const made = fixture();
    const slot = new CfnResource(made.stack, 'Slot', { type: 'Custom::Slot' });
    replicate(made).running.node.addDependency(slot);
    const template = Template.fromStack(made.stack);
    expect(waitsFor(template, idOf(template, 'Custom::PontoonDmsTask'))).toContain('Slot');
    expect(waitsFor(template, idOf(template, 'AWS::DMS::ReplicationTask'))).not.toContain('Slot');
  });

  test('the start waits for network rules that others add, and for the way out', () => {
    const made = fixture();
    const other = new SecurityGroup(made.stack, 'Other', { vpc: made.props.vpc });
    replicate(made).connections.allowTo(other, Port.tcp(5432));
    const template = Template.fromStack(made.stack);
    const needed = waitsFor(template, idOf(template, 'Custom::PontoonDmsTask'));
    expect(needed).toContain(idOf(template, 'AWS::EC2::SecurityGroupEgress'));
    expect(needed).toContain(idOf(template, 'AWS::EC2::NatGateway'));
  });

  test('the start and its undoing wait for the logins, the rights and the function', () => {
    const template = templateOf();
    const needed = waitsFor(template, idOf(template, 'Custom::PontoonDmsTask'));
    for (const prefix of ['Reader', 'Writer', 'ReplicationAccess', 'PontoonRunner'])
      expect([...needed].some((id) => id.startsWith(prefix))).toBe(true);
  });
});

describe('what the pause and the start are told', () => {
  const watchOf = (template: Template): Record<string, unknown> => {
    const pause = only(template, 'Custom::PontoonDmsPause').Properties;
    const run = only(template, 'Custom::PontoonDmsTask').Properties;
    expect(run.watch).toEqual(pause.watch);
    expect(run.replication).toEqual(pause.replication);
    expect(pause.instance).toEqual({ Ref: idOf(template, 'AWS::DMS::ReplicationInstance') });
    expect(run.task).toEqual({ Ref: idOf(template, 'AWS::DMS::ReplicationTask') });
    expect([pause.ServiceTimeout, run.ServiceTimeout]).toEqual(['960', '960']);
    return pause.watch as Record<string, unknown>;
  };

  test('both ends, without secrets', () => {
    expect(watchOf(templateOf())).toEqual({
      source: {
        host: '10.0.0.10',
        port: 5432,
        database: 'app',
        sslMode: 'verify-full',
        caCertificate: expect.stringMatching(/^[0-9a-f]{64}$/),
        secret: { Ref: expect.stringMatching(/^Reader/) },
      },
      target: {
        host: 'cluster.example.com',
        port: 5432,
        database: 'app',
        sslMode: 'verify-full',
        caCertificate: {
          'Fn::FindInMap': ['PontoonRdsCertificates', { Ref: 'AWS::Region' }, 'Roots'],
        },
        secret: { Ref: expect.stringMatching(/^Writer/) },
      },
      definition: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test.each([
    ['selection', { selection: { schemas: ['public', 'audit'] } }],
    ['task settings', { taskSettings: { parallelTables: 4 } }],
    ['triggers', { targetTriggers: true }],
    ['slot', { slotName: 'other' }],
    ['target', { targetPlatform: Platform.RDS }],
  ])('changes with the %s', (_what, given) => {
    expect(watchOf(templateOf(given)).definition).not.toBe(watchOf(templateOf()).definition);
  });

  test('does not change with alarms, reloads and sizes', () => {
    const given = { reload: 3, maxLatency: Duration.minutes(9), instanceClass: 'dms.r6i.xlarge' };
    const template = templateOf(given);
    expect(watchOf(template)).toEqual(watchOf(templateOf()));
    template.hasResourceProperties('Custom::PontoonDmsTask', { reload: 3 });
  });
});

describe('variants', () => {
  test('CDC from a position, with pglogical, on a primary', () => {
    const template = templateOf({
      sourceIsStandby: false,
      migrationType: DmsMigrationType.CDC,
      plugin: DmsPlugin.PGLOGICAL,
      cdcStartPosition: '4AF/B00000D0',
    });
    template.hasResourceProperties('AWS::DMS::ReplicationTask', {
      MigrationType: 'cdc',
      CdcStartPosition: '4AF/B00000D0',
    });
    template.hasResourceProperties('AWS::DMS::Endpoint', {
      PostgreSqlSettings: { PluginName: 'pglogical' },
    });
  });

  test('a full load needs no slot, no plugin and no alarm on latency', () => {
    const made = fixture();
    const { slotName: _slot, ...props } = made.props;
    replicate({ ...made, props }, { migrationType: DmsMigrationType.FULL_LOAD });
    const template = Template.fromStack(made.stack);
    template.hasResourceProperties('AWS::DMS::Endpoint', {
      EndpointType: 'source',
      PostgreSqlSettings: { PluginName: Match.absent(), SlotName: Match.absent() },
    });
    expect(Object.keys(template.findResources('AWS::CloudWatch::Alarm'))).toHaveLength(2);
  });

  test('one key for the disk and the endpoints', () => {
    const made = fixture();
    replicate(made, { kmsKey: new Key(made.stack, 'Key') });
    const template = Template.fromStack(made.stack);
    const KmsKeyId = { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] };
    for (const type of ['AWS::DMS::ReplicationInstance', 'AWS::DMS::Endpoint']) {
      for (const { Properties } of Object.values(template.findResources(type)))
        expect(Properties).toMatchObject({ KmsKeyId });
    }
  });

  test('logins through a VPC endpoint', () => {
    const made = fixture();
    const secretsManagerEndpoint = new InterfaceVpcEndpoint(made.stack, 'Endpoint', {
      vpc: made.props.vpc,
      service: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    });
    replicate(made, { secretsManagerEndpoint });
    const [id] = Object.keys(Template.fromStack(made.stack).findResources('AWS::EC2::VPCEndpoint'));
    const name = {
      'Fn::Select': [
        1,
        { 'Fn::Split': [':', { 'Fn::Select': [0, { 'Fn::GetAtt': [id, 'DnsEntries'] }] }] },
      ],
    };
    Template.fromStack(made.stack).hasResourceProperties('AWS::DMS::Endpoint', {
      ExtraConnectionAttributes: { 'Fn::Join': ['', ['secretsManagerEndpointOverride=', name]] },
    });
  });

  test('the roots of Amazon RDS: of the region if it is known', () => {
    const made = fixture(EUROPE);
    replicate(made);
    const template = Template.fromStack(made.stack);
    const pems = Object.values(template.findResources('AWS::DMS::Certificate')).map(
      ({ Properties }) => String(Properties.CertificatePem),
    );
    expect(pems.map((pem) => pem.match(/BEGIN CERTIFICATE/g)?.length).sort()).toEqual([1, 3]);
    expect(template.toJSON().Mappings ?? {}).not.toHaveProperty('PontoonRdsCertificates');
    const nowhere = fixture({ env: { account: '111122223333', region: 'moon-1' } });
    expect(() => replicate(nowhere)).toThrow(
      "'caCertificate' must be a PEM text in region 'moon-1', of which no Amazon RDS certificates are known here, got 'aws-rds'; download them and give their text",
    );
  });

  test('serverless', () => {
    const made = fixture();
    replicateServerless(made);
    const template = Template.fromStack(made.stack);
    template.resourceCountIs('AWS::DMS::ReplicationInstance', 0);
    template.hasResourceProperties('AWS::DMS::ReplicationConfig', {
      ReplicationConfigIdentifier: Match.stringLikeRegexp('^p-[a-z0-9-]+$'),
      ReplicationType: 'full-load-and-cdc',
      ComputeConfig: { MaxCapacityUnits: 8, MinCapacityUnits: 2, MultiAZ: false },
      TableMappings: { rules: Match.anyValue() },
    });
    const config = idOf(template, 'AWS::DMS::ReplicationConfig');
    expect(waitsFor(template, config)).toContain(idOf(template, 'Custom::PontoonDmsPause'));
    template.hasResourceProperties('Custom::PontoonDmsTask', {
      config: { 'Fn::GetAtt': [config, 'ReplicationConfigArn'] },
    });
    template.hasResourceProperties('Custom::PontoonDmsPause', {
      configName: Match.stringLikeRegexp('^p-'),
    });
    expect(checkTemplate(template.toJSON())).toEqual([]);
  });
});

describe('alarms', () => {
  test('a task that was stopped on purpose can be no alarm', () => {
    const made = fixture();
    replicate(made, { alarmWhenStopped: false });
    Template.fromStack(made.stack).hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmDescription: 'AWS DMS lags more than 300 s in reading the source',
      TreatMissingData: 'notBreaching',
    });
  });

  test('lag, memory and disk, and a failed task', () => {
    const made = fixture();
    replicate(made, {
      alarmTopic: new Topic(made.stack, 'Topic'),
      maxLatency: Duration.minutes(2),
    });
    const template = Template.fromStack(made.stack);
    const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(
      ({ Properties: { MetricName, Threshold, TreatMissingData } }) => [
        MetricName,
        Threshold,
        TreatMissingData,
      ],
    );
    expect(alarms.sort()).toEqual([
      ['CDCLatencySource', 120, 'breaching'],
      ['CDCLatencyTarget', 120, 'breaching'],
      ['FreeStorageSpace', 20480 * 1024 * 1024, 'breaching'],
      ['FreeableMemory', 512 * 1024 * 1024, 'breaching'],
    ]);
    const task = { Ref: idOf(template, 'AWS::DMS::ReplicationTask') };
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'CDCLatencySource',
      Dimensions: [
        { Name: 'ReplicationInstanceIdentifier', Value: Match.stringLikeRegexp('^p-') },
        {
          Name: 'ReplicationTaskIdentifier',
          Value: { 'Fn::Select': [6, { 'Fn::Split': [':', task] }] },
        },
      ],
    });
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.dms'],
        'detail-type': ['DMS Replication Task State Change'],
        resources: [task],
        detail: { eventType: ['REPLICATION_TASK_FAILED'] },
      },
    });
  });

  test('of a serverless replication have its own dimension and event', () => {
    const made = fixture();
    replicateServerless(made, { alarmTopic: new Topic(made.stack, 'Topic') });
    const template = Template.fromStack(made.stack);
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        'detail-type': ['DMS Replication State Change'],
        detail: { eventType: ['REPLICATION_FAILED'] },
      },
    });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Dimensions: [{ Name: 'ReplicationConfigId', Value: Match.anyValue() }],
    });
  });
});

describe('as a whole', () => {
  test('the template is as CloudFormation wants it', () => {
    const made = fixture();
    replicate(made, { kmsKey: new Key(made.stack, 'Key'), alarmTopic: new Topic(made.stack, 'T') });
    expect(checkTemplate(Template.fromStack(made.stack).toJSON())).toEqual([]);
  });

  test.each([
    ['everywhere', {}],
    ['in a region', EUROPE],
  ])('AwsSolutions finds nothing that is not explained: %s', (_where, stackProps) => {
    const made = fixture(stackProps);
    replicate(made);
    const findings = nagFindings(made.app).filter(({ path }) =>
      /Test\/(Replication|Reader|Writer|PontoonDms)/.test(path),
    );
    expect(findings).toEqual([]);
  });

  test('the roles of the account are made by one stack of an app', () => {
    const app = new App({ analyticsReporting: false });
    replicate(fixture(EUROPE, app, 'One'));
    const two = fixture(EUROPE, app, 'Two');
    expect(() => replicate(two)).toThrow(
      "'accountRoles' must be 'existing' in all stacks of 111122223333 but one, since AWS DMS finds the roles by their names, got 'create' in 'One' and 'Two'; set EXISTING in one and deploy the other first",
    );
    const three = fixture(EUROPE, app, 'Three');
    replicate(three, { accountRoles: DmsAccountRoles.EXISTING });
    const roles = Template.fromStack(three.stack).findResources('AWS::IAM::Role', {
      Properties: { RoleName: 'dms-vpc-role' },
    });
    expect(roles).toEqual({});
  });
});

function replicateServerless(
  made: ReturnType<typeof fixture>,
  given: Parameters<typeof replicate>[1] = {},
): void {
  const secretsManagerEndpoint = new InterfaceVpcEndpoint(made.stack, 'Endpoint', {
    vpc: made.props.vpc,
    service: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
  });
  replicate(made, {
    serverless: { maxCapacityUnits: 8, minCapacityUnits: 2 },
    secretsManagerEndpoint,
    ...given,
  });
}
