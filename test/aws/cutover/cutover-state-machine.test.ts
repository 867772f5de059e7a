import { App, Duration } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { CutoverEndpoint } from '../../../lib/aws';
import { createTopology } from '../../../lib/postgres';
import { checkTemplate } from '../../templates/cloudformation-schema';
import { nagFindings } from '../../templates/nag';
import { refusal } from '../objects/fixture';
import { definitionIn, machine, TOPOLOGY } from './fixture';

test('the definition is what it was, and small', () => {
  const { small } = machine(({ stack }) => ({
    approval: { topic: new Topic(stack, 'Operators'), timeout: Duration.hours(2) },
  }));
  const definition = definitionIn(small.stack, Template.fromStack(small.stack).toJSON());
  expect(definition).toMatchSnapshot();
  expect(JSON.stringify(definition).length).toBeLessThan(16_384);
});

test('the template is as CloudFormation wants it', () => {
  const { small } = machine();
  expect(checkTemplate(Template.fromStack(small.stack).toJSON())).toEqual([]);
});

test('cdk-nag finds nothing in it', () => {
  const { small, cutover } = machine();
  const app = small.stack.node.root;
  if (!(app instanceof App)) throw new Error('a stack belongs to an app');
  const own = nagFindings(app).filter(({ path }) => path.startsWith(cutover.node.path));
  expect(own).toEqual([]);
});

test('no deployment starts it: nothing in the template runs an execution', () => {
  const { small } = machine();
  expect(JSON.stringify(Template.fromStack(small.stack).toJSON())).not.toContain('StartExecution');
});

test('may call the one function, and the function may change the one record', () => {
  const { small } = machine();
  const template = Template.fromStack(small.stack);
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        {
          Action: 'lambda:InvokeFunction',
          Effect: 'Allow',
          Resource: { 'Fn::GetAtt': ['PontoonRunner', 'Arn'] },
        },
      ]),
    },
  });
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        {
          Action: 'route53:ChangeResourceRecordSets',
          Effect: 'Allow',
          Resource: {
            'Fn::Join': [
              '',
              ['arn:', { Ref: 'AWS::Partition' }, ':route53:::hostedzone/Z0123456789ABCDEFGHIJ'],
            ],
          },
          Condition: {
            'ForAllValues:StringEquals': {
              'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['db.shop.internal'],
              'route53:ChangeResourceRecordSetsRecordTypes': ['CNAME'],
            },
          },
        },
      ]),
    },
  });
});

test('its log has no token that approves', () => {
  const { small } = machine();
  Template.fromStack(small.stack).hasResourceProperties('AWS::StepFunctions::StateMachine', {
    LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
    TracingConfiguration: { Enabled: true },
  });
});

test('alarms on executions and on fences go to the topic', () => {
  const { small, cutover } = machine(({ stack }) => ({ alarmTopic: new Topic(stack, 'Alarms') }));
  expect(cutover.alarms).toHaveLength(8);
  const template = Template.fromStack(small.stack);
  template.allResourcesProperties('AWS::CloudWatch::Alarm', {
    AlarmActions: [{ Ref: Match.stringLikeRegexp('^Alarms') }],
  });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'Pontoon',
    MetricName: 'FenceOverdue',
    Dimensions: [{ Name: 'Migration', Value: 'Test' }],
    TreatMissingData: 'missing',
    InsufficientDataActions: [{ Ref: Match.stringLikeRegexp('^Alarms') }],
  });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'Pontoon',
    MetricName: 'FencePassed',
    Dimensions: [{ Name: 'Migration', Value: 'Test' }],
    AlarmActions: [{ Ref: Match.stringLikeRegexp('^Alarms') }],
  });
});

/** The alarms on the way back: metric, threshold and runs. */
function wayBackAlarms(changes: Parameters<typeof machine>[0]): unknown[] {
  const alarms = Template.fromStack(machine(changes).small.stack).findResources(
    'AWS::CloudWatch::Alarm',
    { Properties: { MetricName: Match.stringLikeRegexp('^WayBack') } },
  );
  return Object.values(alarms).map(({ Properties }) => [
    Properties.MetricName,
    Properties.Threshold,
    Properties.EvaluationPeriods,
    Properties.TreatMissingData,
  ]);
}

test('the way back is alarmed on by the rate of writes, and before its slot is given up', () => {
  const mib = 1024 * 1024;
  const alarms = (lagMiB: number, keptMiB: number): unknown[] => [
    ['WayBackDown', 0, 3, 'notBreaching'],
    ['WayBackLagBytes', lagMiB * mib, 3, 'notBreaching'],
    ['WayBackRetainedWalBytes', keptMiB * mib, 3, 'notBreaching'],
    ['WayBackSlotLost', 0, 1, 'notBreaching'],
  ];
  expect(wayBackAlarms(undefined)).toEqual(alarms(300 * 5, 3600 * 5));
  const rate = { writeRateMiBPerSecond: 2, maxLag: Duration.minutes(1) };
  expect(wayBackAlarms(() => rate)).toEqual(alarms(60 * 2, 3600 * 2));
  const { servers, links } = TOPOLOGY;
  const { primary, target } = servers;
  const limited = (change: object) =>
    createTopology({ servers: { primary, target, ...change } as typeof servers, links });
  for (const change of [
    { target: { ...target, maxSlotWalKeepMiB: 4096 } },
    { primary: { ...primary, maxSlotWalKeepMiB: 4096 } },
  ])
    expect(wayBackAlarms(() => ({ topology: limited(change) }))).toEqual(alarms(300 * 5, 2048));
  expect(wayBackAlarms(() => ({ wayBack: undefined }))).toEqual([]);
  expect(() => machine(() => ({ writeRateMiBPerSecond: 0 }))).toThrow(
    "'writeRateMiBPerSecond' must be above 0, got 0; measure it on the source with pg_current_wal_lsn()",
  );
});

test('fences are watched in both directions, or in one without a way back', () => {
  const directions = (changes: Parameters<typeof machine>[0]): unknown[] => {
    const rules = Template.fromStack(machine(changes).small.stack).findResources(
      'AWS::Events::Rule',
    );
    return Object.values(rules).flatMap(({ Properties: { Targets, ScheduleExpression } }) =>
      (Targets as { Input: unknown }[]).map(({ Input }) => [
        ScheduleExpression,
        /\\"action\\":\\"watch\\",\\"owner\\":\\"watch\\",\\"back\\":(\w+)/.exec(
          JSON.stringify(Input),
        )?.[1],
      ]),
    );
  };
  expect(directions(undefined)).toEqual([
    ['rate(1 minute)', 'false'],
    ['rate(1 minute)', 'true'],
  ]);
  expect(directions(() => ({ wayBack: undefined }))).toEqual([['rate(1 minute)', 'false']]);
});

test('is told of logins that have another name on the new writer', () => {
  const { small } = machine(() => ({ logins: { app: 'app_green' } }));
  expect(
    JSON.stringify(definitionIn(small.stack, Template.fromStack(small.stack).toJSON())),
  ).toContain('"logins":{"app":"app_green"}');
});

test('without a way back nobody can ask for one', () => {
  const { small } = machine(() => ({ wayBack: undefined }));
  const { States } = definitionIn(small.stack, Template.fromStack(small.stack).toJSON()) as {
    States: Record<string, Record<string, unknown>>;
  };
  expect(Object.keys(States)).not.toContain('Rollback');
  expect(States.UnknownAction?.Cause).toBe(
    "'action' must be one of cutover, finalize in the input of the execution; start it again",
  );
});

test('says everything that cannot work, at once', () => {
  expect(
    refusal(() =>
      machine(() => ({
        migrationName: '',
        newWriter: 'primary',
        forward: { replicationName: 'pontoon', writerRole: 'writer' },
        bounds: { budget: Duration.minutes(20), maxLagMiB: 0, sequenceMargin: 1.5 },
      })),
    ),
  ).toBe(
    [
      "cutover 'Cutover' has 7 problems:",
      "- 'bounds.budget' must be from 1 to 600 seconds, got 1200; the function that walks ends after 15 minutes",
      "- 'bounds.maxLagMiB' must be above 0, got 0; a stream is never entirely even",
      "- 'bounds.sequenceMargin' must be a whole number of at least 0, got 1.5; correct it",
      "- 'forward' must have either 'replicationName', or 'writerRole' and 'replicationArn' of AWS DMS, got both; say which of them replicates",
      "- 'migrationName' must be a name, got nothing; use the prefix of the migration's names",
      "- 'newWriter' must be a server with one logical link into it, or native ones from one server, got 'primary' with 0; name the target of the migration",
      "- 'newWriter' must be the end of its chain, got 'primary', which replicates to 'target'; cut over the last server",
    ].join('\n'),
  );
});

test('refuses a selection of rows where there is a way back', () => {
  const [link] = TOPOLOGY.links;
  const topology = {
    ...TOPOLOGY,
    links: [
      {
        ...(link ?? { kind: 'native', from: '', to: '' }),
        selection: {
          tables: [
            {
              schema: 'shop',
              name: 'orders',
              rowFilters: [{ column: 'id', operator: 'gte', values: ['1'] }],
            },
          ],
        },
      },
    ],
  } as typeof TOPOLOGY;
  expect(refusal(() => machine(() => ({ topology })))).toBe(
    "cutover 'Cutover': 'selection.tables.rowFilters' cannot be given where there is a way back, since rows that were left out are not on the new writer; remove it, or declare that there is no rollback",
  );
});

test('refuses servers without a binding', () => {
  expect(
    refusal(() => machine(({ primary }) => ({ bindings: [primary], wayBack: undefined }))),
  ).toBe(
    "cutover 'Cutover': 'bindings' must have every server that the cutover works on, got none for 'target'; add its ServerBinding",
  );
});

test('refuses a proxy that does not know both clusters', () => {
  expect(
    refusal(() => machine(() => ({ endpoint: CutoverEndpoint.rdsProxy({} as never, {}) }))),
  ).toBe(
    "'endpoint.clusters' must name the cluster of 'primary', got none; add it, or use another endpoint",
  );
});
