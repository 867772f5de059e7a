import { Aws, CfnMapping, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnRoute, type ISubnet, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Policy, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { arn, createGroups, createLogin, type Groups, readPolicy } from './access';
import { createDms } from './dms';
import { createAlarms, createDashboard, createSchedule, type PlainAlarm } from './monitoring';
import { connectionTo, Objects, type PlainServer } from './objects';
import { createStandby, type Standby } from './standby';
import { createCluster } from './target';

/** What somebody who writes a migration by hand has in files: texts and tables that nothing computes. */
export interface PlainTexts {
  /** The directory of the function's code. */
  readonly code: string;
  readonly bootScript: readonly string[];
  readonly schemaDocument: unknown;
  readonly tableMappings: string;
  readonly taskSettings: string;
  readonly sourceCertificate: string;
  readonly rdsCertificates: Readonly<Record<string, Record<string, string>>>;
  readonly topology: string;
  readonly alarms: readonly PlainAlarm[];
}

/** A migration as a person would write it with the constructs of aws-cdk-lib, without this library. */
export class PlainStack extends Stack {
  constructor(scope: Construct, id: string, texts: PlainTexts) {
    super(scope, id);
    const vpc = new Vpc(this, 'Vpc', { maxAzs: 2, natGateways: 1 });
    const [subnet] = vpc.privateSubnets;
    if (subnet === undefined) throw new Error('the network must have a private subnet');
    const groups = createGroups(this, vpc);
    const routes = createRoutes(this, vpc.privateSubnets);
    const rds = new CfnMapping(this, 'RdsCertificates', { mapping: texts.rdsCertificates });
    const rdsRoots = rds.findInMap(Aws.REGION, 'Roots');
    const sourceLogin = new Secret(this, 'SourceLogin');
    const standbyLogin = createLogin(this, 'StandbyLogin', '{"username":"pontoon_standby"}');
    const targetLogin = createLogin(this, 'TargetLogin', '{"username":"pontoon_admin"}');
    const { runner, role } = createRunner(this, vpc, groups, texts.code);
    const read = (login: Secret): Policy => readPolicy(this, `Read${login.node.id}`, login, role);
    const source: PlainServer = {
      server: 'onPremises',
      host: 'db.corp.example',
      login: sourceLogin,
      certificate: texts.sourceCertificate,
      needs: [sourceLogin, read(sourceLogin), ...routes],
    };
    const objects = new Objects(this, runner, [groups.runner]);
    const topology = { topology: texts.topology, acceptUnchecked: false };
    const preflight = objects.add('Preflight', 'Preflight', [source], topology);
    const ledger = objects.add('Ledger', 'Ledger', [source], spec('ledger'), preflight);
    const heartbeat = objects.add('Heartbeat', 'Heartbeat', [source], spec('heartbeat'), ledger);
    const standbyRole = objects.add(
      'StandbyRole',
      'Role',
      [source],
      roleSpec('pontoon_standby', standbyLogin),
      ledger,
      standbyLogin,
      read(standbyLogin),
    );
    const physicalSlot = objects.add(
      'PhysicalSlot',
      'PhysicalSlot',
      [source],
      spec('physical-slot', { name: 'pontoon_standby' }),
      ledger,
    );
    const { bootScript } = texts;
    const host = createStandby(this, { vpc, subnet, groups, login: standbyLogin, bootScript });
    host.group.node.addDependency(heartbeat, standbyRole, physicalSlot, ...routes);
    const standby: PlainServer = {
      ...source,
      server: 'standby',
      host: host.address,
      certificate: host.certificate,
      needs: [...source.needs, host.streaming, groups.standby],
    };
    const cluster = createCluster(this, { vpc, groups, login: targetLogin });
    const target: PlainServer = {
      server: 'aurora',
      host: cluster.clusterEndpoint.hostname,
      login: targetLogin,
      certificate: 'aws-rds',
      needs: [targetLogin, read(targetLogin), cluster, groups.target, groups.instance],
    };
    const schema = copySchema(this, { objects, role, host, standby, target, texts, rdsRoots });
    const readerLogin = createLogin(
      this,
      'ReaderLogin',
      this.toJsonString({ username: 'pontoon_reader', host: standby.host, port: 5432 }),
    );
    const writerLogin = createLogin(
      this,
      'WriterLogin',
      this.toJsonString({ username: 'pontoon_writer', host: target.host, port: 5432 }),
    );
    const readerRole = objects.add(
      'ReaderRole',
      'Role',
      [source],
      roleSpec('pontoon_reader', readerLogin),
      ledger,
      readerLogin,
      read(readerLogin),
    );
    const writerRole = objects.add(
      'WriterRole',
      'Role',
      [target],
      roleSpec('pontoon_writer', writerLogin),
      schema,
      writerLogin,
      read(writerLogin),
    );
    const guard = objects.add(
      'Guard',
      'ConnectionGuard',
      [target],
      spec('connection-guard', { keep: ['pontoon_writer'] }),
      writerRole,
    );
    const slot = objects.add(
      'LogicalSlot',
      'LogicalSlot',
      [standby, source],
      spec('logical-slot', { name: 'pontoon_aurora', plugin: 'test_decoding', failover: false }),
      readerRole,
    );
    const dms = createDms(this, {
      vpc,
      groups,
      runnerRole: role,
      ends: {
        source: { login: readerLogin, certificate: host.certificate },
        target: { login: writerLogin, certificate: rdsRoots },
      },
      tableMappings: texts.tableMappings,
      taskSettings: texts.taskSettings,
    });
    const watch = { replication: Aws.STACK_ID, watch: { tables: texts.tableMappings.length } };
    const pause = objects.add('Pause', 'DmsPause', [standby, target], watch, dms.access);
    for (const one of [dms.task, ...dms.endpoints]) one.node.addDependency(pause);
    const running = objects.add(
      'Run',
      'DmsTask',
      [standby, target],
      { ...watch, task: dms.task.ref, reload: 0 },
      dms.access,
      slot,
      guard,
      groups.dms,
      vpc.internetConnectivityEstablished,
    );
    const rule = createSchedule(this, runner, {
      pontoon: 'metrics',
      servers: [source, standby, target].map((one) => ({
        connection: connectionTo({ ...one, certificate: '' }),
      })),
    });
    rule.node.addDependency(heartbeat, ...source.needs, ...standby.needs, ...target.needs);
    createDashboard(this, createAlarms(this, texts.alarms, running));
  }
}

function createRunner(
  scope: Construct,
  vpc: Vpc,
  groups: Groups,
  code: string,
): { readonly runner: LambdaFunction; readonly role: Role } {
  const runner = new LambdaFunction(scope, 'Runner', {
    code: Code.fromAsset(code),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
    memorySize: 512,
    timeout: Duration.minutes(15),
    vpc,
    securityGroups: [groups.runner],
    logGroup: new LogGroup(scope, 'Log', {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    }),
  });
  return { runner, role: runner.role as Role };
}

function createRoutes(scope: Construct, subnets: readonly ISubnet[]): CfnRoute[] {
  return subnets.map(
    ({ routeTable }, index) =>
      new CfnRoute(scope, `SourceRoute${index}`, {
        routeTableId: routeTable.routeTableId,
        destinationCidrBlock: '192.0.2.0/24',
        gatewayId: 'vgw-0a1b2c3d4e5f67890',
      }),
  );
}

interface CopyOptions {
  readonly objects: Objects;
  readonly role: Role;
  readonly host: Standby;
  readonly standby: PlainServer;
  readonly target: PlainServer;
  readonly texts: PlainTexts;
  readonly rdsRoots: string;
}

function copySchema(scope: Construct, options: CopyOptions): Construct {
  const { objects, role, host, standby, target, texts, rdsRoots } = options;
  const document = new CfnDocument(scope, 'Document', {
    documentType: 'Command',
    documentFormat: 'JSON',
    targetType: '/AWS::EC2::Instance',
    content: texts.schemaDocument,
  });
  const tagged = { StringEquals: { 'ssm:resourceTag/pontoon:standby': host.volume.volumeId } };
  const policy = new Policy(scope, 'RunnerPolicy', {
    statements: [
      { actions: ['ssm:SendCommand'], resources: [arn('ssm', `document/${document.ref}`)] },
      { actions: ['ssm:SendCommand'], resources: [arn('ec2', 'instance/*')], conditions: tagged },
      {
        actions: ['ssm:ListCommandInvocations', 'ssm:GetCommandInvocation', 'ssm:CancelCommand'],
        resources: ['*'],
      },
    ].map((statement) => new PolicyStatement(statement)),
  });
  policy.attachToRole(role);
  const ledger = objects.add('TargetLedger', 'Ledger', [target], spec('ledger'));
  const properties = {
    source: { server: 'standby', database: 'shop' },
    document: document.ref,
    instance: { key: 'tag:pontoon:standby', value: host.volume.volumeId },
    schemas: ['shop'],
  };
  return objects.add(
    'Schema',
    'SchemaCopy',
    [{ ...target, certificate: rdsRoots }],
    properties,
    ledger,
    policy,
    ...standby.needs,
    readPolicy(scope, 'StandbyReadsTarget', target.login, host.role),
  );
}

function spec(kind: string, more: object = {}): Record<string, unknown> {
  return { spec: { kind, ...more } };
}

function roleSpec(name: string, login: Secret): Record<string, unknown> {
  return spec('role', {
    name,
    secret: login.secretArn,
    replication: true,
    memberOf: [],
    database: ['CONNECT'],
    readSchemas: ['shop'],
    writeSchemas: [],
  });
}
