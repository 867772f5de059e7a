import { Match, Template } from 'aws-cdk-lib/assertions';
import { AuroraMigration, CutoverStateMachine, SourceRoute } from '../../../lib/aws';
import { checkTemplate } from '../../templates/cloudformation-schema';
import { newStack } from '../hybrid/fixture';
import { ResourceGraph } from '../resource-graph';
import { migrationProps, synthesize } from './fixture';

/** A source that the stack makes, in place of the existing one. */
const NEW = { existing: undefined };

test('the schema is copied from another machine, with the login of the source', () => {
  const { template } = synthesize();
  template.hasResourceProperties('Custom::PontoonSchemaCopy', {
    server: 'target',
    source: { server: 'source', database: 'shop' },
    instance: { key: 'tag:pontoon:host' },
  });
  template.hasResourceProperties('AWS::SSM::Document', {
    Content: {
      mainSteps: [
        {
          inputs: {
            runCommand: Match.arrayWith([': "${SOURCE_HOST:=shop.cluster.example}"']),
          },
        },
      ],
    },
  });
  template.hasResource('AWS::EC2::Instance', {
    CreationPolicy: { ResourceSignal: { Timeout: 'PT15M' } },
    Properties: {
      Tags: Match.arrayWith([{ Key: 'pontoon:host', Value: Match.anyValue() }]),
      BlockDeviceMappings: [{ Ebs: { Encrypted: true } }],
    },
  });
});

test('roles replicate by membership, and tables are published in both directions', () => {
  const { template } = synthesize();
  for (const [server, name] of [
    ['source', 'pontoon_reader'],
    ['target', 'pontoon_reverse'],
  ]) {
    template.hasResourceProperties('Custom::PontoonRole', {
      server,
      spec: { kind: 'role', name, replication: false, memberOf: ['rds_replication'] },
    });
    template.hasResourceProperties('Custom::PontoonCanary', { server, spec: { readers: [name] } });
  }
  template.hasResourceProperties('Custom::PontoonPublication', {
    server: 'source',
    spec: { name: 'pontoon', canary: true, selection: { schemas: ['shop'] } },
  });
  template.hasResourceProperties('Custom::PontoonPublication', {
    server: 'target',
    spec: { name: 'pontoon_reverse', canary: true, selection: { schemas: ['shop'] } },
  });
  template.hasResourceProperties('Custom::PontoonConnectionGuard', {
    server: 'target',
    spec: { keep: ['pontoon_reverse'] },
  });
});

test('the subscription verifies the source by the roots of Amazon RDS', () => {
  const { template } = synthesize();
  template.hasResourceProperties('Custom::PontoonSubscription', {
    server: 'target',
    spec: {
      name: 'pontoon',
      slotName: 'pontoon_target',
      publisher: {
        host: 'shop.cluster.example',
        sslMode: 'verify-full',
        sslRootCert: '/rdsdbdata/rds-metadata/ca-cert.pem',
      },
    },
  });
});

test('what is made waits for what it needs', () => {
  const { graph } = synthesize();
  const only = (type: string, server: string): string => {
    const [found = '', ...others] = graph
      .ofType(type)
      .filter((id) => graph.resources[id]?.Properties.server === server);
    expect(others).toEqual([]);
    return found;
  };
  const subscription = only('Custom::PontoonSubscription', 'target');
  for (const [type, server] of [
    ['Custom::PontoonPreflight', 'source'],
    ['Custom::PontoonLogicalSlot', 'source'],
    ['Custom::PontoonRole', 'source'],
    ['Custom::PontoonCanary', 'source'],
    ['Custom::PontoonCanary', 'target'],
    ['Custom::PontoonSchemaCopy', 'target'],
    ['Custom::PontoonConnectionGuard', 'target'],
  ] as const)
    expect(graph.needs(subscription)).toContain(only(type, server));
  expect(graph.circles()).toEqual([]);
});

test('without a way back nothing of it is made, and nobody but the owner may connect', () => {
  const { template } = synthesize({ replication: { wayBack: false } });
  template.resourceCountIs('Custom::PontoonPublication', 1);
  template.resourceCountIs('Custom::PontoonRole', 1);
  template.hasResourceProperties('Custom::PontoonConnectionGuard', { spec: { keep: [] } });
});

test('another generation of passwords is another secret for the same role', () => {
  const secretOf = (passwordGeneration: number): unknown => {
    const { template } = synthesize({ replication: { passwordGeneration } });
    const roles = template.findResources('Custom::PontoonRole', {
      Properties: { spec: { name: 'pontoon_reader' } },
    });
    expect(Object.keys(roles)).toHaveLength(1);
    const [[id, role] = []] = Object.entries(roles);
    const subscriptions = template.findResources('Custom::PontoonSubscription');
    const [subscription] = Object.values(subscriptions);
    expect(subscription?.Properties.spec.publisher.secret).toEqual(role?.Properties.spec.secret);
    return { id, secret: role?.Properties.spec.secret };
  };
  const [first, second] = [secretOf(1), secretOf(2)] as { id: string; secret: unknown }[];
  expect(first?.id).toBe(second?.id);
  expect(first?.secret).not.toEqual(second?.secret);
});

test('routes lead to a peered network, once from each route table, and back', () => {
  const { template } = synthesize({
    existing: {
      peering: {
        cidrs: ['10.30.0.0/16'],
        route: SourceRoute.vpcPeering('pcx-0a1b2c3d4e5f67890'),
        returnRouteTableIds: ['rtb-0a1b2c3d4e5f67890'],
      },
    },
  });
  const there = template.findResources('AWS::EC2::Route', {
    Properties: {
      DestinationCidrBlock: '10.30.0.0/16',
      VpcPeeringConnectionId: 'pcx-0a1b2c3d4e5f67890',
    },
  });
  const tables = Object.values(there).map(({ Properties }) =>
    JSON.stringify(Properties.RouteTableId),
  );
  expect(new Set(tables).size).toBe(tables.length);
  expect(tables).toHaveLength(2);
  template.hasResourceProperties('AWS::EC2::Route', {
    RouteTableId: 'rtb-0a1b2c3d4e5f67890',
    DestinationCidrBlock: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Vpc'), 'CidrBlock'] },
    VpcPeeringConnectionId: 'pcx-0a1b2c3d4e5f67890',
  });
});

test('a new source is deployed alone until it was filled', () => {
  const { template } = synthesize({ source: NEW });
  expect(checkTemplate(template.toJSON())).toEqual([]);
  template.resourceCountIs('AWS::RDS::DBCluster', 2);
  for (const family of ['aurora-postgresql16', 'aurora-postgresql17'])
    template.hasResourceProperties('AWS::RDS::DBClusterParameterGroup', {
      Family: family,
      Parameters: { 'rds.logical_replication': '1' },
    });
  for (const type of ['Subscription', 'Publication', 'SchemaCopy', 'Role'])
    template.resourceCountIs(`Custom::Pontoon${type}`, 0);
  expect(template.toJSON().Metadata.Pontoon.migrations.Migration.topology.links).toEqual([]);
});

test('a new source that was filled is replicated, with parameters that did not change', () => {
  const empty = synthesize({ source: NEW }).template;
  const { template, graph } = synthesize({ source: { ...NEW, filled: true } });
  expect(checkTemplate(template.toJSON())).toEqual([]);
  expect(graph.circles()).toEqual([]);
  template.resourceCountIs('Custom::PontoonSubscription', 1);
  const groups = 'AWS::RDS::DBClusterParameterGroup';
  expect(template.findResources(groups)).toEqual(empty.findResources(groups));
});

test('a prefix is in every name', () => {
  const { template } = synthesize({ props: { namePrefix: 'blue' } });
  const names = ['Role', 'Publication', 'LogicalSlot', 'Subscription'].flatMap((type) =>
    Object.values(template.findResources(`Custom::Pontoon${type}`)).map(
      ({ Properties }) => Properties.spec.name,
    ),
  );
  expect(names.sort()).toEqual(
    ['blue', 'blue', 'blue_reader', 'blue_reverse', 'blue_reverse', 'blue_target'].sort(),
  );
});

test('a cutover can be made of what it offers', () => {
  const { stack, vpc } = newStack();
  const migration = new AuroraMigration(stack, 'Migration', migrationProps({ stack, vpc }));
  const { forward, wayBack } = migration;
  if (forward === undefined || wayBack === undefined) throw new Error('both ways are there');
  expect(migration.replicationRoles).toEqual({
    source: ['pontoon_reader'],
    target: ['pontoon_reverse'],
  });
  const { plan } = new CutoverStateMachine(stack, 'Cutover', {
    runner: migration.runner,
    topology: migration.topology,
    bindings: [migration.source, migration.target],
    migrationName: 'pontoon',
    newWriter: 'target',
    forward,
    wayBack,
    keepRoles: migration.replicationRoles,
  });
  expect(plan).toMatchObject({
    from: 'source',
    to: 'target',
    forward: [{ subscription: 'pontoon', publication: 'pontoon', slotName: 'pontoon_target' }],
    reverse: [{ subscription: 'pontoon_reverse', publication: 'pontoon_reverse' }],
  });
  const template = Template.fromStack(stack).toJSON();
  expect(checkTemplate(template)).toEqual([]);
  expect(new ResourceGraph(template).circles()).toEqual([]);
});

test('parts are replicated by objects of their own, and switched together', () => {
  const orders = { schema: 'shop', name: 'orders' };
  const parts = [{ name: 'orders', tables: [orders] }];
  const { stack, vpc } = newStack();
  const migration = new AuroraMigration(
    stack,
    'Migration',
    migrationProps({ stack, vpc }, { replication: { parts } }),
  );
  const { forward, wayBack } = migration;
  if (forward === undefined || wayBack === undefined) throw new Error('both ways are there');
  const { plan } = new CutoverStateMachine(stack, 'Cutover', {
    runner: migration.runner,
    topology: migration.topology,
    bindings: [migration.source, migration.target],
    migrationName: 'pontoon',
    newWriter: 'target',
    forward,
    wayBack,
    keepRoles: migration.replicationRoles,
  });
  expect(plan.selection).toEqual({ schemas: ['shop'] });
  const named = (name: string, slotName: string) => ({
    subscription: name,
    publication: name,
    slotName,
  });
  expect(plan).toMatchObject({
    forward: [
      named('pontoon', 'pontoon_target'),
      { ...named('pontoon_orders', 'pontoon_target_orders'), part: 'orders' },
    ],
    reverse: [
      named('pontoon_reverse', 'pontoon_reverse'),
      { ...named('pontoon_reverse_orders', 'pontoon_reverse_orders'), part: 'orders' },
    ],
  });
  const template = Template.fromStack(stack);
  const json = template.toJSON();
  expect(checkTemplate(json)).toEqual([]);
  expect(new ResourceGraph(json).circles()).toEqual([]);
  for (const server of ['source', 'target'])
    template.hasResourceProperties('Custom::PontoonCanary', {
      server,
      spec: { parts: ['orders'] },
    });
  for (const [server, name] of [
    ['source', 'pontoon'],
    ['target', 'pontoon_reverse'],
  ] as const) {
    template.hasResourceProperties('Custom::PontoonPublication', {
      server,
      spec: {
        name,
        canary: true,
        canaryPart: Match.absent(),
        selection: { schemas: ['shop'], exclude: [orders] },
      },
    });
    template.hasResourceProperties('Custom::PontoonPublication', {
      server,
      spec: {
        name: `${name}_orders`,
        canary: true,
        canaryPart: 'orders',
        selection: { tables: [orders], schemas: Match.absent() },
      },
    });
  }
  template.hasResourceProperties('Custom::PontoonSubscription', {
    spec: {
      name: 'pontoon_orders',
      slotName: 'pontoon_target_orders',
      publications: ['pontoon_orders'],
    },
  });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Dimensions: Match.arrayWith([{ Name: 'Link', Value: 'source->target/orders' }]),
    MetricName: 'LagSeconds',
  });
});

test('parts change nothing about the objects of the rest but what they hold', () => {
  const parts = [{ name: 'orders', tables: [{ schema: 'shop', name: 'orders' }] }];
  const before = synthesize().template.toJSON().Resources;
  const after = synthesize({ replication: { parts } }).template.toJSON().Resources;
  const objects = (resources: object) =>
    Object.entries(resources).filter(([, { Type }]) => /^Custom::Pontoon/.test(Type));
  for (const [id, { Type, Properties }] of objects(before))
    expect([id, after[id]?.Type, after[id]?.Properties.spec?.name]).toEqual([
      id,
      Type,
      Properties.spec?.name,
    ]);
});
