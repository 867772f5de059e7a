import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { ReplicationMonitoring, RunnerFunction, ServerBinding } from '../../../lib/aws';
import { createTopology, LinkKind, Platform } from '../../../lib/postgres';

const TOPOLOGY = createTopology({
  servers: {
    blue: { platform: Platform.RDS, majorVersion: 16, database: 'shop' },
    green: { platform: Platform.RDS, majorVersion: 17, database: 'shop' },
  },
  links: [{ kind: LinkKind.NATIVE, from: 'blue', to: 'green', selection: { schemas: ['shop'] } }],
});

function makeStack() {
  const stack = new Stack(new App(), 'Test');
  const runner = new RunnerFunction(stack, 'Runner', { vpc: new Vpc(stack, 'Vpc') });
  const bind = (server: string, caCertificate = 'aws-rds') =>
    new ServerBinding({
      server,
      host: `${server}.example`,
      database: 'shop',
      secret: Secret.fromSecretNameV2(stack, server, server),
      caCertificate,
    });
  return { stack, bind, props: { runner, topology: TOPOLOGY } };
}

test('any topology can be watched, and a topic told', () => {
  const { stack, bind, props } = makeStack();
  const monitoring = new ReplicationMonitoring(stack, 'Monitoring', {
    ...props,
    bindings: [bind('blue'), bind('green')],
    alarmTopic: new Topic(stack, 'Topic'),
    schedule: Duration.minutes(2),
    migrationName: 'blue-green',
  });
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(2 minutes)' });
  template.resourcePropertiesCountIs(
    'AWS::CloudWatch::Alarm',
    { AlarmActions: [{ Ref: 'TopicBFC7AF6E' }], OKActions: [{ Ref: 'TopicBFC7AF6E' }] },
    monitoring.alarms.length,
  );
  // The count of errors never falls, so that only its growth tells of an error now.
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Threshold: 0,
    Metrics: [
      { Expression: 'DIFF(total)', Id: 'expr_1' },
      {
        Id: 'total',
        ReturnData: false,
        MetricStat: {
          Stat: 'Maximum',
          Period: 120,
          Metric: {
            Namespace: 'Pontoon',
            MetricName: 'SubscriptionErrors',
            Dimensions: [
              { Name: 'Link', Value: 'blue->green' },
              { Name: 'Migration', Value: 'blue-green' },
            ],
          },
        },
      },
    ],
  });
});

test('what cannot be watched is refused at once', () => {
  const { stack, bind, props } = makeStack();
  expect(
    () =>
      new ReplicationMonitoring(stack, 'Monitoring', {
        ...props,
        bindings: [bind('blue'), bind('red')],
        schedule: Duration.seconds(90),
      }),
  ).toThrow(
    [
      "monitoring 'Monitoring' has 3 problems:",
      "- 'bindings' must name every server that changes flow to or from, got none for 'green'; add its ServerBinding",
      "- 'bindings' must name servers that changes flow to or from, got 'red'; remove it or correct its name",
      "- 'schedule' must be whole minutes, got 90 s; EventBridge counts in minutes",
    ].join('\n'),
  );
});

test('an input that EventBridge would refuse is refused at synthesis', () => {
  const { stack, bind, props } = makeStack();
  const bundle = `-----BEGIN CERTIFICATE-----\n${'A'.repeat(8000)}\n-----END CERTIFICATE-----\n`;
  expect(
    () =>
      new ReplicationMonitoring(stack, 'Monitoring', {
        ...props,
        bindings: [bind('blue', bundle), bind('green')],
      }),
  ).toThrow(
    /^the input of the schedule must fit into 8192 characters, got about \d+; give 'caCertificate' only the certificate that signed the server's, or watch fewer servers$/,
  );
});
