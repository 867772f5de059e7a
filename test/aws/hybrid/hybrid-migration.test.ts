import { Match, Template } from 'aws-cdk-lib/assertions';
import { InstanceType, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import {
  Bridge,
  DmsAccountRoles,
  HybridMigration,
  ReplicationMethod,
  RunnerFunction,
  ServerBinding,
  SignalWhen,
  SourceRoute,
} from '../../../lib/aws';
import { DmsTransformationAction, DmsTransformationTarget, WalLevel } from '../../../lib/postgres';
import { checkTemplate } from '../../templates/cloudformation-schema';
import { ResourceGraph } from '../resource-graph';
import { type Changes, migrationProps, newApp, newStack, synthesize } from './fixture';

const NATIVE: Changes = { replication: { method: ReplicationMethod.NATIVE } };
const PROMOTE: Changes = {
  source: { majorVersion: 14, walLevel: WalLevel.REPLICA },
  replication: { bridge: Bridge.PROMOTE },
};
const DEFERRED: Changes = {
  standby: { signalWhen: SignalWhen.COPY_BEGUN },
  replication: { deferred: true },
};
const PROMOTED: Changes = { ...PROMOTE, standby: { promoted: true } };

function propertiesOf<T>({ resources }: ResourceGraph, id: string): T {
  return (resources[id]?.Properties ?? {}) as T;
}

function customResources({ resources }: ResourceGraph): string[] {
  return Object.keys(resources).filter((id) => resources[id]?.Type.startsWith('Custom::Pontoon'));
}

describe.each<[string, Changes]>([
  ['DMS', {}],
  ['native replication', NATIVE],
  ['a standby whose readers come later', DEFERRED],
  ['a standby to be promoted', PROMOTE],
  ['a promoted standby', PROMOTED],
  ['a promoted standby, natively', { ...PROMOTED, props: { ...PROMOTED.props, ...NATIVE.props } }],
])('with %s', (_name, changes) => {
  const { template, graph } = synthesize(changes);

  test('the template is valid and without circles', () => {
    expect(checkTemplate(template.toJSON())).toEqual([]);
    expect(graph.circles()).toEqual([]);
  });

  test('the function, its rights and its way to AWS outlive all that it has to delete', () => {
    const lasting = [
      'PontoonRunner',
      graph.only('AWS::IAM::Role', 'RunnerServiceRole'),
      graph.only('AWS::EC2::SecurityGroup', 'Runner'),
      ...graph
        .ofType('AWS::EC2::SecurityGroupEgress')
        .filter((id) => id.includes('RunnerSecurity')),
      ...graph.ofType('AWS::EC2::Route').filter((id) => id.includes('DefaultRoute')),
      ...graph.ofType('AWS::EC2::SubnetRouteTableAssociation'),
      ...graph.ofType('AWS::EC2::NatGateway'),
    ].filter((id) => !id.includes('PublicSubnet2'));
    for (const id of customResources(graph))
      expect([id, lasting.filter((needed) => !graph.needs(id).has(needed))]).toEqual([id, []]);
  });

  test('each custom resource may read the logins of the servers that it names', () => {
    for (const id of customResources(graph)) {
      const { connection, primary } = propertiesOf<{
        connection?: { secret: object };
        primary?: { secret: object };
      }>(graph, id);
      for (const server of [connection, primary]) {
        if (server === undefined) continue;
        const reads = graph
          .ofType('AWS::IAM::Policy')
          .filter((policy) => graph.needs(id).has(policy))
          .map((policy) => JSON.stringify(graph.resources[policy]?.Properties));
        expect(reads.some((text) => text.includes(JSON.stringify(server.secret)))).toBe(true);
      }
    }
  });

  test('custom resources time out after the function does, and no rule admits every address', () => {
    for (const id of customResources(graph))
      expect(graph.resources[id]?.Properties.ServiceTimeout).toBe('960');
    const inbound = graph.ofType('AWS::EC2::SecurityGroup').flatMap((id) => {
      const { SecurityGroupIngress: rules } = graph.resources[id]?.Properties ?? {};
      return (rules as object[] | undefined) ?? [];
    });
    expect(inbound).toEqual([]);
    expect(JSON.stringify(template.toJSON())).not.toContain('"IpProtocol":"-1"');
  });
});

test('the source is checked before anything else is waited for', () => {
  const { graph } = synthesize();
  const needed = graph.needs(graph.only('Custom::PontoonPreflight'));
  expect([...needed].filter((id) => id.startsWith('MigrationTarget'))).toEqual([
    expect.stringMatching(/^MigrationTargetSecurityGroup/),
  ]);
  expect(
    [...needed].filter((id) => graph.resources[id]?.Type.startsWith('Custom::Pontoon')),
  ).toEqual([]);
});

test('what the owner decided about the source gets to its check', () => {
  const preflight = { accept: [{ check: 'sequences' }], acceptUnchecked: true };
  const { template } = synthesize({ source: { maxSlotWalKeepMiB: 51_200 }, props: { preflight } });
  template.hasResourceProperties('Custom::PontoonPreflight', {
    ...preflight,
    topology: Match.stringLikeRegexp('"maxSlotWalKeepMiB":51200'),
    hba: Match.stringLikeRegexp(
      '^# [^\\n]+\\nhostssl replication "pontoon_standby" 10\\.0\\.128\\.10/32 scram-sha-256\\n(# .+\\nhostssl "shop" "pontoon" 10\\.0\\..+\\n){2}$',
    ),
  });
});

test('the instance boots after its role and slot, and is gone before they are', () => {
  const { graph } = synthesize();
  const needed = graph.needs(graph.only('AWS::AutoScaling::AutoScalingGroup'));
  for (const type of ['Custom::PontoonPhysicalSlot', 'Custom::PontoonHeartbeat'])
    expect(needed).toContain(graph.only(type));
  expect(needed).toContain(graph.only('Custom::PontoonRole', 'StandbyRole'));
});

test('DMS starts after slot, roles, schema and guard, and stops before any of them goes', () => {
  const { graph } = synthesize();
  const needed = graph.needs(graph.only('Custom::PontoonDmsTask'));
  for (const id of customResources(graph)) {
    const other = /DmsTask|Monitoring/.test(graph.resources[id]?.Type ?? '');
    if (!other) expect(needed).toContain(id);
  }
  for (const id of graph.ofType('AWS::EC2::SecurityGroupIngress')) expect(needed).toContain(id);
});

test('the subscription follows publication, slot, schema and guard', () => {
  const { graph } = synthesize(NATIVE);
  const needed = graph.needs(graph.only('Custom::PontoonSubscription'));
  for (const type of ['Publication', 'LogicalSlot', 'SchemaCopy', 'ConnectionGuard'])
    expect(needed).toContain(graph.only(`Custom::Pontoon${type}`));
  expect(graph.ofType('AWS::DMS::ReplicationTask')).toEqual([]);
});

test('the schema is copied out of the interface that programs on the instance leave by', () => {
  const { template } = synthesize();
  template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
    Description: 'schema copy',
    SourceSecurityGroupId: {
      'Fn::GetAtt': [Match.stringLikeRegexp('StandbyInstanceSecurityGroup'), 'GroupId'],
    },
  });
});

test('what AWS DMS renames is copied under its new name, in which AWS DMS may write', () => {
  const transformation = {
    target: DmsTransformationTarget.SCHEMA,
    action: DmsTransformationAction.RENAME,
    schema: 'shop',
    value: 'store',
  };
  const { graph } = synthesize({ replication: { dms: { transformations: [transformation] } } });
  expect(propertiesOf(graph, graph.only('Custom::PontoonSchemaCopy'))).toMatchObject({
    schemas: ['shop'],
    transformations: [transformation],
  });
  const writer = graph.only('Custom::PontoonRole', 'WriterRole');
  expect(propertiesOf(graph, writer)).toMatchObject({ spec: { writeSchemas: ['store'] } });
});

test('before the promotion nothing flows to the target; after it the standby is a source of its own', () => {
  const before = synthesize(PROMOTE).graph;
  expect(before.ofType('AWS::DMS::ReplicationTask')).toEqual([]);
  expect(before.ofType('Custom::PontoonPhysicalSlot')).toHaveLength(1);
  const after = synthesize(PROMOTED).graph;
  expect(after.ofType('AWS::DMS::ReplicationTask')).toHaveLength(1);
  expect(after.ofType('Custom::PontoonPhysicalSlot')).toEqual([]);
  const slot = after.resources[after.only('Custom::PontoonLogicalSlot')];
  expect(slot?.Properties).toMatchObject({ server: 'standby' });
  expect(slot?.Properties).not.toHaveProperty('primary');
});

test('a standby whose readers come later stays what it is when they come', () => {
  const first = synthesize(DEFERRED);
  const whole = synthesize();
  const made = (graph: ResourceGraph) => graph.resources[graph.only('AWS::EC2::LaunchTemplate')];
  expect(first.graph.ofType('AWS::DMS::ReplicationTask')).toEqual([]);
  expect(first.graph.ofType('Custom::PontoonLogicalSlot')).toEqual([]);
  expect(first.graph.ofType('Custom::PontoonSchemaCopy')).toEqual([]);
  // Its settings are those that its readers need, and so are the target's and what the source is checked for.
  const settings = /max_replication_slots[^\\]*|hot_standby_feedback[^\\]*|wal_level[^\\]*/g;
  const text = (graph: ResourceGraph) => JSON.stringify(made(graph));
  expect(text(first.graph).match(settings)).toEqual(text(whole.graph).match(settings));
  for (const type of ['AWS::RDS::DBClusterParameterGroup', 'Custom::PontoonPreflight']) {
    const [before, after] = [first, whole].map(({ graph }) =>
      propertiesOf(graph, graph.only(type)),
    );
    expect(before).toEqual(after);
  }
  expect(JSON.stringify(first.template.toJSON().Metadata)).not.toContain('pontoon_aurora');
  const waits = (graph: ResourceGraph) => graph.only('AWS::CloudFormation::WaitCondition');
  expect(waits(first.graph)).not.toBe(waits(whole.graph));
});

test('applications get to the promoted standby, by network and by role', () => {
  const applications = [{ role: 'shop', cidr: '10.50.0.0/16' }];
  const { template } = synthesize({ ...PROMOTE, standby: { applications } });
  template.hasResourceProperties('AWS::EC2::SecurityGroup', {
    SecurityGroupIngress: Match.arrayWith([
      Match.objectLike({ CidrIp: '10.50.0.0/16', FromPort: 5432, ToPort: 5432 }),
    ]),
  });
  expect(JSON.stringify(template.toJSON())).toMatch(
    /hostssl [\\"]+shop[\\"]+ [\\"]+shop[\\"]+ 10\.50\.0\.0\/16 scram-sha-256/,
  );
});

test('a reload begins with a slot of its own, and the task waits for it', () => {
  const [first, again] = [{}, { replication: { dms: { reload: 2 } } }].map(synthesize);
  const slot = (name: string) => ({ spec: { kind: 'logical-slot', name } });
  first?.template.hasResourceProperties('Custom::PontoonLogicalSlot', slot('pontoon_aurora'));
  if (again === undefined) throw new Error('both must be synthesized');
  again.template.hasResourceProperties('Custom::PontoonLogicalSlot', slot('pontoon_aurora_2'));
  again.template.hasResourceProperties('AWS::DMS::Endpoint', {
    PostgreSqlSettings: { SlotName: 'pontoon_aurora_2' },
  });
  // The same ids: the slot is replaced and the endpoint altered, in a stack that is there.
  expect(customResources(again.graph)).toEqual(customResources(first?.graph ?? again.graph));
  const { graph } = again;
  expect(graph.needs(graph.only('Custom::PontoonDmsTask'))).toContain(
    graph.only('Custom::PontoonLogicalSlot'),
  );
  again.template.hasResourceProperties('Custom::PontoonDmsTask', { reload: 2 });
  const before = first?.graph.resources[first.graph.only('Custom::PontoonDmsPause')]?.Properties;
  const after = graph.resources[graph.only('Custom::PontoonDmsPause')]?.Properties;
  expect(after).not.toEqual(before);
});

test('a promotion replaces no instance: its user data stay the same', () => {
  const [before, after] = [PROMOTE, PROMOTED].map((changes) => {
    const { graph } = synthesize(changes);
    return graph.resources[graph.only('AWS::EC2::LaunchTemplate')]?.Properties;
  });
  expect(after).toEqual(before);
  const text = JSON.stringify(before);
  expect(text).toContain('wal_level = logical');
  expect(text).toContain('primary_slot_name = pontoon_standby');
});

test.each([ReplicationMethod.DMS, ReplicationMethod.NATIVE])(
  'a login of the user reads from the standby in place of a role of ours, by %s',
  (method) => {
    const made = newStack();
    const secret = new Secret(made.stack, 'Superuser');
    const replication = { method, reader: { secret, username: 'dms_admin' } };
    new HybridMigration(made.stack, 'Migration', migrationProps(made, { replication }));
    const template = Template.fromStack(made.stack);
    const graph = new ResourceGraph(template.toJSON());
    const roles = graph.ofType('Custom::PontoonRole').join();
    expect(roles).toContain('StandbyRole');
    expect(roles).not.toContain('ReaderRole');
    expect(graph.ofType('AWS::SecretsManager::Secret').join()).not.toContain('ReaderLogin');
    const [id = ''] = graph
      .ofType('AWS::SecretsManager::Secret')
      .filter((name) => name.startsWith('Superuser'));
    const used =
      method === ReplicationMethod.DMS
        ? template.findResources('AWS::DMS::Endpoint', {
            Properties: { PostgreSqlSettings: { SecretsManagerSecretId: { Ref: id } } },
          })
        : template.findResources('Custom::PontoonSubscription', {
            Properties: { spec: { publisher: { secret: { Ref: id } } } },
          });
    expect(Object.keys(used)).toHaveLength(1);
    const userData = JSON.stringify(graph.resources[graph.only('AWS::EC2::LaunchTemplate')]);
    expect(userData).toMatch(/hostssl [\\"]+shop[\\"]+ [\\"]+dms_admin[\\"]+ /);
    expect(userData).not.toContain('pontoon_reader');
  },
);

test('an existing cluster gets rules and objects, and stays its own', () => {
  const made = newStack();
  const group = new SecurityGroup(made.stack, 'ClusterGroup', { vpc: made.vpc });
  const binding = new ServerBinding({
    server: 'aurora',
    host: 'cluster.example.com',
    database: 'shop',
    secret: new Secret(made.stack, 'ClusterLogin'),
    caCertificate: 'aws-rds',
  });
  const { cluster } = new HybridMigration(
    made.stack,
    'Migration',
    migrationProps(made, { target: { existing: { binding, connectable: group } } }),
  );
  expect(cluster).toBeUndefined();
  const graph = new ResourceGraph(Template.fromStack(made.stack).toJSON());
  expect(graph.ofType('AWS::RDS::DBCluster')).toEqual([]);
  const rule = graph
    .ofType('AWS::EC2::SecurityGroupIngress')
    .find((id) => id.startsWith('ClusterGroupfromTestMigrationRunner'));
  for (const type of ['Custom::PontoonSchemaCopy', 'Custom::PontoonConnectionGuard'])
    expect(graph.needs(graph.only(type))).toContain(rule);
});

test('provisioned instances, a key, an alarm topic and a route through a transit gateway are used', () => {
  const made = newStack();
  const key = new Key(made.stack, 'Key');
  const props = migrationProps(made, {
    source: { route: SourceRoute.transitGateway('tgw-0123456789abcdef0'), cidrs: ['192.0.2.0/25'] },
    standby: { addressSeenBySource: '198.51.100.7' },
    target: { cluster: { instanceType: new InstanceType('r6g.large'), readers: 2 } },
    replication: { dms: { accountRoles: DmsAccountRoles.EXISTING } },
    props: {
      encryptionKey: key,
      monitoring: { alarmTopic: new Topic(made.stack, 'Alarms') },
    },
  });
  new HybridMigration(made.stack, 'Migration', props);
  const template = Template.fromStack(made.stack);
  const arn = { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] };
  template.resourceCountIs('AWS::RDS::DBInstance', 3);
  template.allResourcesProperties('AWS::RDS::DBInstance', { DBInstanceClass: 'db.r6g.large' });
  template.hasResourceProperties('AWS::RDS::DBCluster', { KmsKeyId: arn });
  template.hasResourceProperties('AWS::EC2::Volume', { KmsKeyId: arn, Encrypted: true });
  template.hasResourceProperties('AWS::DMS::ReplicationInstance', { KmsKeyId: arn });
  for (const description of [
    'The standby streams from the source with it',
    'The administrator of the Aurora cluster',
  ])
    template.hasResourceProperties('AWS::SecretsManager::Secret', {
      Description: description,
      KmsKeyId: arn,
    });
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyName: Match.stringLikeRegexp('RunnerReadTestMigrationStandbyLogin'),
    PolicyDocument: {
      Statement: [
        { Action: 'secretsmanager:GetSecretValue' },
        {
          Action: 'kms:Decrypt',
          Resource: arn,
          Condition: {
            StringEquals: {
              'kms:ViaService': {
                'Fn::Join': ['', ['secretsmanager.', { Ref: 'AWS::Region' }, '.amazonaws.com']],
              },
            },
          },
        },
      ],
    },
  });
  template.resourcePropertiesCountIs(
    'AWS::EC2::Route',
    { TransitGatewayId: 'tgw-0123456789abcdef0' },
    2,
  );
  template.resourcePropertiesCountIs('AWS::IAM::Role', { RoleName: Match.anyValue() }, 0);
  const { Metadata } = template.toJSON() as { Metadata: { Pontoon: object } };
  expect(JSON.stringify(Metadata.Pontoon)).toContain(
    'pontoon_standby\\\\\\" 198.51.100.7/32'.replaceAll('\\\\\\', '\\'),
  );
  expect(checkTemplate(template.toJSON())).toEqual([]);
});

test('two migrations of a stack share one function, and nothing else', () => {
  const made = newStack();
  const runner = new RunnerFunction(made.stack, 'Runner', { vpc: made.vpc });
  const first = migrationProps(made, { props: { runner } });
  new HybridMigration(made.stack, 'First', first);
  const second = migrationProps(made, {
    source: { host: 'other.corp.example', route: SourceRoute.existing() },
    standby: { privateIpAddress: '10.0.128.11' },
    props: { runner },
  });
  new HybridMigration(made.stack, 'Second', second);
  const template = Template.fromStack(made.stack);
  const graph = new ResourceGraph(template.toJSON());
  expect(checkTemplate(template.toJSON())).toEqual([]);
  expect(graph.circles()).toEqual([]);
  const hosts = graph
    .ofType('Custom::PontoonLedger')
    .map((id) => propertiesOf<{ connection: { host: unknown } }>(graph, id).connection.host);
  expect(hosts).toHaveLength(4);
  expect(hosts).toEqual(expect.arrayContaining(['db.corp.example', 'other.corp.example']));
  const { Metadata } = template.toJSON() as { Metadata: { Pontoon: { migrations: object } } };
  expect(Object.keys(Metadata.Pontoon.migrations)).toEqual(['First', 'Second']);
});

test('two migrations of one id in one stack are both written down', () => {
  const made = newStack();
  const runner = new RunnerFunction(made.stack, 'Runner', { vpc: made.vpc });
  const shop = new Construct(made.stack, 'Shop');
  const orders = new Construct(made.stack, 'Orders');
  new HybridMigration(shop, 'Migration', migrationProps(made, { props: { runner } }));
  const second = migrationProps(made, {
    source: { host: 'other.corp.example', route: SourceRoute.existing() },
    standby: { privateIpAddress: '10.0.128.11' },
    props: { runner },
  });
  new HybridMigration(orders, 'Migration', second);
  const { Metadata } = Template.fromStack(made.stack).toJSON();
  const { migrations } = Metadata.Pontoon;
  expect(
    Object.entries<{ bindings: { onPremises: { host: string } } }>(migrations).map(
      ([name, { bindings }]) => [name, bindings.onPremises.host],
    ),
  ).toEqual([
    ['Shop/Migration', 'db.corp.example'],
    ['Orders/Migration', 'other.corp.example'],
  ]);
});

test('two migrations of one server live side by side under two prefixes', () => {
  const made = newStack();
  const runner = new RunnerFunction(made.stack, 'Runner', { vpc: made.vpc });
  new HybridMigration(made.stack, 'First', migrationProps(made, { props: { runner } }));
  const second = migrationProps(made, {
    source: { route: SourceRoute.existing() },
    standby: { privateIpAddress: '10.0.128.11' },
    replication: { method: ReplicationMethod.NATIVE },
    props: { runner, namePrefix: 'orders' },
  });
  new HybridMigration(made.stack, 'Second', second);
  const template = Template.fromStack(made.stack);
  expect(checkTemplate(template.toJSON())).toEqual([]);
  const graph = new ResourceGraph(template.toJSON());
  const namesIn = (kind: string) =>
    graph
      .ofType(`Custom::Pontoon${kind}`)
      .map((id) => propertiesOf<{ spec: { name?: string } }>(graph, id).spec.name);
  expect({
    heartbeats: namesIn('Heartbeat'),
    roles: namesIn('Role'),
    slots: [...namesIn('PhysicalSlot'), ...namesIn('LogicalSlot')],
    replication: [...namesIn('Publication'), ...namesIn('Subscription')],
  }).toEqual({
    heartbeats: [undefined, 'orders_heartbeat'],
    roles: [
      'pontoon_standby',
      'pontoon_reader',
      'pontoon_writer',
      'orders_standby',
      'orders_reader',
    ],
    slots: ['pontoon_standby', 'orders_standby', 'pontoon_aurora', 'orders_aurora'],
    replication: ['orders', 'orders'],
  });
  const text = JSON.stringify(template.toJSON().Metadata);
  expect(text).toContain('"namePrefix":"orders"');
  expect(text).toContain('hostssl replication \\"orders_standby\\" 10.0.128.11/32');
});

test('migrations of many stacks have names of their own', () => {
  const app = newApp();
  const stacks = Array.from({ length: 3 }, (_, index) => {
    const made = newStack(`Test${index}`, app);
    const accountRoles = index === 0 ? DmsAccountRoles.CREATE : DmsAccountRoles.EXISTING;
    const props = migrationProps(made, {
      source: { host: `db${index}.corp.example` },
      replication: { dms: { accountRoles } },
    });
    new HybridMigration(made.stack, 'Migration', props);
    return made.stack;
  });
  const names = stacks.map((stack) => {
    const graph = new ResourceGraph(Template.fromStack(stack).toJSON());
    const instance = graph.resources[graph.only('AWS::DMS::ReplicationInstance')];
    return instance?.Properties.ReplicationInstanceIdentifier;
  });
  expect(new Set(names).size).toBe(3);
});
