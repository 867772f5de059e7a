import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import { deriveWatchPoints, LinkKind, primaryOf, supports, type Topology } from '../../postgres';
import { withoutLateCertificate } from '../late-certificates';
import type { ReplicationMonitoringProps } from './props';
import { ScheduleInput } from './schedule-input';

/** How metrics are named. */
export interface MetricsName {
  /** The namespace in CloudWatch. */
  readonly namespace: string;
  /** The dimension `Migration`. */
  readonly migration: string;
}

/** Has the function measure everything, again and again. */
export function createSchedule(
  scope: Construct,
  props: ReplicationMonitoringProps,
  name: MetricsName,
): Rule {
  const { runner, bindings } = props;
  for (const { secret } of bindings) runner.allowSecret(secret);
  const rule = new Rule(scope, 'Schedule', {
    description: 'Measures replication, writes the heartbeat and publishes metrics',
    schedule: Schedule.rate(props.schedule ?? Duration.minutes(1)),
    targets: [
      new LambdaFunction(runner.function, {
        event: ScheduleInput.of(
          scope,
          { pontoon: 'metrics', run: scheduleContent(props, name) },
          bindings,
        ),
        // A measurement that is late says nothing of now.
        retryAttempts: 0,
        maxEventAge: Duration.minutes(1),
      }),
    ],
  });
  runner.dependOn(rule, ...bindings);
  return rule;
}

function scheduleContent({ topology, bindings }: ReplicationMonitoringProps, name: MetricsName) {
  const points = deriveWatchPoints(topology);
  const standbys = points.filter(({ follows }) => follows !== undefined);
  const decoded = standbys.filter(
    ({ sends, majorVersion }) =>
      supports(majorVersion, 'standby-logical-decoding') &&
      sends.some(({ kind }) => kind !== LinkKind.PHYSICAL),
  );
  return {
    ...name,
    beats: primariesOf(topology, standbys),
    pulses: primariesOf(topology, decoded),
    servers: bindings.map((binding) => ({
      connection: withoutLateCertificate(binding),
      watch: points.find(({ server }) => server === binding.server),
    })),
  };
}

function primariesOf(topology: Topology, standbys: readonly { readonly server: string }[]) {
  return [...new Set(standbys.map(({ server }) => primaryOf(topology, server)))];
}
