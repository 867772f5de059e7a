import { Template } from 'aws-cdk-lib/assertions';
import {
  HybridMigration,
  type HybridReplication,
  type HybridWayBack,
  ReplicationMethod,
} from '../../../lib/aws';
import {
  DmsTransformationAction,
  DmsTransformationTarget,
  FilterOperator,
  PublisherSslMode,
} from '../../../lib/postgres';
import { ResourceGraph } from '../resource-graph';
import { type Changes, migrationProps, newStack, synthesize } from './fixture';

const wayBack: HybridWayBack = { sslRootCert: '/etc/ssl/rds.pem' };
const METHODS = [ReplicationMethod.NATIVE, ReplicationMethod.DMS];

function made(changes: Changes): { migration: HybridMigration; graph: ResourceGraph } {
  const stack = newStack();
  const migration = new HybridMigration(stack.stack, 'Migration', migrationProps(stack, changes));
  return { migration, graph: new ResourceGraph(Template.fromStack(stack.stack).toJSON()) };
}

function specOf(graph: ResourceGraph, id: string): unknown {
  return graph.resources[id]?.Properties.spec;
}

describe.each(METHODS)('a cutover with a way back, by %s', (method) => {
  const byDms = method === ReplicationMethod.DMS;
  let migration: HybridMigration;
  let graph: ResourceGraph;
  beforeAll(() => {
    ({ migration, graph } = made({
      replication: { method },
      props: { cutover: { wayBack, keepRoles: { aurora: ['metrics'] } } },
    }));
  });

  test('is told where changes travel, there and back', () => {
    expect(migration.cutover?.plan).toMatchObject({
      migration: 'pontoon',
      from: 'onPremises',
      to: 'aurora',
      forward: [
        {
          kind: byDms ? 'dms' : 'native',
          decoder: 'standby',
          slotName: 'pontoon_aurora',
          ...(byDms
            ? { writer: 'pontoon_writer' }
            : { subscription: 'pontoon', publication: 'pontoon' }),
        },
      ],
      reverse: [
        {
          kind: 'native',
          decoder: 'aurora',
          slotName: 'pontoon_reverse',
          subscription: 'pontoon_reverse',
          publication: 'pontoon_reverse',
          publisher: { sslMode: 'verify-full', sslRootCert: '/etc/ssl/rds.pem' },
        },
      ],
      keep: { onPremises: ['pontoon_reader'], aurora: ['pontoon_reverse', 'metrics'] },
    });
    expect(graph.ofType('AWS::StepFunctions::StateMachine')).toHaveLength(1);
  });

  test('has canaries on both ends, before anything is published or loaded', () => {
    const [source = '', target = ''] = ['SourceCanary', 'TargetCanary'].map((id) =>
      graph.only('Custom::PontoonCanary', id),
    );
    expect(specOf(graph, source)).toEqual({
      kind: 'canary',
      readers: ['pontoon_reader'],
      writers: [],
    });
    expect(specOf(graph, target)).toEqual({
      kind: 'canary',
      readers: ['pontoon_reverse'],
      writers: byDms ? ['pontoon_writer'] : [],
    });
    const last = graph.only(byDms ? 'Custom::PontoonDmsTask' : 'Custom::PontoonSubscription');
    for (const id of [source, target]) expect(graph.needs(last)).toContain(id);
    if (!byDms) expect(graph.needs(forwardPublication(graph))).toContain(source);
    const reverse = graph.only('Custom::PontoonPublication', 'Reverse');
    expect(graph.needs(reverse)).toContain(target);
    expect(specOf(graph, reverse)).toMatchObject({ name: 'pontoon_reverse', canary: true });
  });

  test('carries the canary', () => {
    if (!byDms) {
      expect(specOf(graph, forwardPublication(graph))).toMatchObject({ canary: true });
      return;
    }
    const task = graph.resources[graph.only('AWS::DMS::ReplicationTask')];
    expect(JSON.parse(String(task?.Properties.TableMappings)).rules).toContainEqual(
      expect.objectContaining({
        'rule-action': 'explicit',
        'object-locator': { 'schema-name': 'pontoon', 'table-name': 'canary' },
      }),
    );
  });

  test('may look at the tables of the one task', () => {
    const told = graph.ofType('AWS::IAM::Policy').filter((id) => id.includes('CutoverTask'));
    expect(told.map((id) => graph.resources[id]?.Properties.PolicyDocument)).toEqual(
      byDms
        ? [
            {
              Version: '2012-10-17',
              Statement: [
                {
                  Action: ['dms:DescribeReplicationTableStatistics', 'dms:DescribeTableStatistics'],
                  Effect: 'Allow',
                  Resource: { Ref: graph.only('AWS::DMS::ReplicationTask') },
                },
              ],
            },
          ]
        : [],
    );
  });

  test('lets the source, and only its role, into the target', () => {
    const guard = graph.only('Custom::PontoonConnectionGuard');
    expect(specOf(graph, guard)).toEqual({
      kind: 'connection-guard',
      keep: [...(byDms ? ['pontoon_writer'] : []), 'pontoon_reverse'],
    });
    expect(graph.needs(guard)).toContain(graph.only('Custom::PontoonRole', 'ReverseRole'));
    const target = graph.resources[graph.only('AWS::EC2::SecurityGroup', 'TargetSecurityGroup')];
    expect(target?.Properties.SecurityGroupIngress).toEqual([
      expect.objectContaining({
        CidrIp: '192.0.2.0/24',
        Description: 'subscription of the source, after a cutover',
        IpProtocol: 'tcp',
      }),
    ]);
  });
});

function forwardPublication(graph: ResourceGraph): string {
  return graph.only('Custom::PontoonPublication', 'MigrationReplicationPublication');
}

test('without a rollback nothing leads back', () => {
  const { migration, graph } = made({ props: { cutover: { noRollback: true } } });
  expect(migration.cutover?.plan.reverse).toBeUndefined();
  expect(graph.ofType('Custom::PontoonPublication')).toEqual([]);
  const target = graph.resources[graph.only('AWS::EC2::SecurityGroup', 'TargetSecurityGroup')];
  expect(target?.Properties).not.toHaveProperty('SecurityGroupIngress');
});

test('what AWS DMS renames is in the plan, and in no other', () => {
  const [transformation] = FILTERED.dms?.transformations ?? [];
  const transformations = transformation === undefined ? [] : [transformation];
  const planned = (dms: HybridReplication['dms']) =>
    made({
      replication: { method: ReplicationMethod.DMS, ...(dms === undefined ? {} : { dms }) },
      props: { cutover: { noRollback: true } },
    }).migration.cutover?.plan;
  expect(planned({ transformations })?.transformations).toEqual([
    { target: 'table', action: 'rename', schema: 'shop', table: 'orders', value: 'sales' },
  ]);
  expect(planned(undefined)).not.toHaveProperty('transformations');
  expect(planned({ transformations: [] })).not.toHaveProperty('transformations');
});

test('without a cutover the canaries are there for one that comes later', () => {
  const { migration, graph } = made({});
  expect(migration.cutover).toBeUndefined();
  expect(graph.ofType('Custom::PontoonCanary')).toHaveLength(2);
  expect(graph.ofType('AWS::StepFunctions::StateMachine')).toEqual([]);
});

test('the role that only streams may not connect to the database', () => {
  const { graph } = synthesize();
  expect(specOf(graph, graph.only('Custom::PontoonRole', 'StandbyRole'))).toMatchObject({
    database: [],
  });
});

const FILTERED: HybridReplication = {
  selection: {
    tables: [
      {
        schema: 'shop',
        name: 'orders',
        rowFilters: [{ column: 'id', operator: FilterOperator.AT_LEAST, values: ['1'] }],
      },
      { schema: 'shop', name: 'users', columns: ['id'] },
    ],
  },
  dms: {
    transformations: [
      {
        action: DmsTransformationAction.RENAME,
        target: DmsTransformationTarget.TABLE,
        schema: 'shop',
        table: 'orders',
        value: 'sales',
      },
    ],
  },
};

test.each<[string, Changes, string]>([
  [
    'changes that are applied in batches',
    {
      replication: { method: ReplicationMethod.DMS, dms: { taskSettings: { batchApply: true } } },
      props: { cutover: { noRollback: true } },
    },
    "'replication.dms.taskSettings.batchApply' cannot be true where there is a cutover, which relies on changes being applied in the order of their commits; remove it, or remove 'cutover'",
  ],
  [
    'nothing about a rollback',
    { props: { cutover: {} } },
    "'cutover' must have either 'wayBack' or 'noRollback: true', got neither; say how the source follows the target, or declare that there is no rollback",
  ],
  [
    'a way back and none',
    { props: { cutover: { wayBack, noRollback: true } } },
    "'cutover' must have either 'wayBack' or 'noRollback: true', got both; say how the source follows the target, or declare that there is no rollback",
  ],
  [
    'no roots to verify the target by',
    { props: { cutover: { wayBack: {} } } },
    "'cutover.wayBack.sslRootCert' must be the file with the roots of Amazon RDS on the source's host, got nothing; put them there and name the file, or set 'cutover.wayBack.sslMode' to PublisherSslMode.REQUIRE, which does not verify",
  ],
])('refuses %s', (_what, changes, problem) => {
  expect(() => synthesize(changes)).toThrow(new Error(`hybrid migration 'Migration': ${problem}`));
});

test('refuses to bring back what did not get there whole', () => {
  const wayOut =
    "not on the target; remove it, or declare 'cutover.noRollback: true' in place of 'cutover.wayBack'";
  const attempt = () => synthesize({ replication: FILTERED, props: { cutover: { wayBack } } });
  for (const problem of [
    `'replication.selection.tables.rowFilters' cannot be given where there is a way back, since rows that were left out are ${wayOut}`,
    `'replication.selection.tables.columns' cannot be given where there is a way back, since columns that were left out are ${wayOut}`,
    `'replication.dms.transformations' cannot be given where there is a way back, since the names of the source are ${wayOut}`,
  ])
    expect(attempt).toThrow(problem);
});

test('a target whose certificate is not verified needs no roots', () => {
  const cutover = { wayBack: { sslMode: PublisherSslMode.REQUIRE } };
  const { plan } = made({ props: { cutover } }).migration.cutover ?? {};
  expect(plan?.reverse?.[0]?.publisher).toMatchObject({ sslMode: 'require', sslRootCert: '' });
});
