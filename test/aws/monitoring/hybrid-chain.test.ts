import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { HybridMigrationStack } from '../../../examples/hybrid-migration';
import { HybridMigrationNativeStack } from '../../../examples/hybrid-migration-native';
import { nagFindings } from '../../templates/nag';
import { synthesize } from '../hybrid/fixture';

const EXAMPLES = [HybridMigrationStack, HybridMigrationNativeStack];

test.each(EXAMPLES)('%p is measured every minute, once the heartbeat is there', (Example) => {
  const template = Template.fromStack(new Example(new App(), 'Example'));
  const rules = Object.entries(template.findResources('AWS::Events::Rule'));
  const [[, rule] = [], ...others] = rules.filter(([id]) => !id.startsWith('MigrationCutover'));
  expect(others).toEqual([]);
  expect(rule?.Properties.ScheduleExpression).toBe('rate(1 minute)');
  expect(rule?.DependsOn).toEqual(
    expect.arrayContaining([
      'PontoonRunner',
      expect.stringContaining('SourceHeartbeat'),
      expect.stringContaining('MigrationRunnerSecurityGroupto'),
    ]),
  );
});

test('what is cut out of the certificate is found, and the input is JSON', () => {
  const template = Template.fromStack(new HybridMigrationStack(new App(), 'Example'));
  const [rule] = Object.values(template.findResources('AWS::Events::Rule'));
  const parts: unknown[] = rule?.Properties.Targets[0].Input['Fn::Join'][1];
  const input = JSON.parse(
    parts.map((part) => (typeof part === 'string' ? part : '<later>')).join(''),
  );
  expect(input).toMatchObject({
    pontoon: 'metrics',
    run: {
      namespace: 'Pontoon',
      migration: 'Example/Migration',
      beats: ['onPremises'],
      pulses: ['onPremises'],
      servers: [
        { watch: { server: 'onPremises', sends: [{ slotName: 'pontoon_standby' }] } },
        { watch: { server: 'standby', follows: { from: 'onPremises' } } },
        { connection: { caCertificate: 'aws-rds' }, watch: { server: 'aurora', disk: false } },
      ],
    },
    certificates: { standby: '<later>' },
  });
  const certificate = JSON.stringify(parts);
  expect(certificate).toContain('"Fn::Join":["\\\\n",{"Fn::Split":["\\n",');
  // An escaped quote or a doubled backslash would cut elsewhere.
  expect(certificate).not.toMatch(/"Fn::Split":\["\\\\/);
});

test('alarms know the disk and the writes, and silence is alarming where every run speaks', () => {
  const template = Template.fromStack(new HybridMigrationStack(new App(), 'Example'));
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName: 'MostRetainedWalBytes',
    Dimensions: [
      { Name: 'Migration', Value: 'Example/Migration' },
      { Name: 'Server', Value: 'standby' },
    ],
    Threshold: 50 * 1024 ** 3,
    EvaluationPeriods: 3,
    TreatMissingData: 'ignore',
    AlarmDescription:
      "Slots on 'standby' hold back more than 50 GiB of WAL, half of the 100 GiB that they may take of its 500 GiB. At 5 MiB/s the other half is full in 2.8 h; a full disk stops the server. Start the receiver again, or drop its slot.",
  });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName: 'SlotLost',
    Threshold: 0,
    ComparisonOperator: 'GreaterThanThreshold',
    EvaluationPeriods: 1,
  });
  template.hasResource('AWS::CloudWatch::Alarm', {
    Properties: { MetricName: 'ServerDown', TreatMissingData: 'breaching' },
    DependsOn: Match.arrayWith([Match.stringLikeRegexp('Replication')]),
  });
  template.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
});

test("the source's disk has a budget for WAL once its size is told", () => {
  const { template } = synthesize({ source: { diskGiB: 200 } });
  const of = (MetricName: string): object => ({
    MetricName,
    Dimensions: Match.arrayWith([{ Name: 'Server', Value: 'onPremises' }]),
  });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    ...of('MostRetainedWalBytes'),
    Threshold: 20 * 1024 ** 3,
    AlarmDescription:
      "Slots on 'onPremises' hold back more than 20 GiB of WAL, half of the 40 GiB that they may take of its 200 GiB. At 5 MiB/s the other half is full in 68.3 min; a full disk stops the server. Start the receiver again, or drop its slot.",
  });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    ...of('DataBytes'),
    Threshold: 170 * 1024 ** 3,
  });
});

test("of a source's disk that nobody described, only an hour of writes is known", () => {
  const { template } = synthesize();
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName: 'MostRetainedWalBytes',
    Dimensions: Match.arrayWith([{ Name: 'Server', Value: 'onPremises' }]),
    Threshold: 5 * 3600 * 1024 ** 2,
  });
});

test('cdk-nag has nothing to say of it', () => {
  const app = new App();
  new HybridMigrationNativeStack(app, 'Example');
  expect(nagFindings(app).filter(({ path }) => path.includes('/Monitoring/'))).toEqual([]);
});
