import { Duration, Stack } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import {
  deriveWatchPoints,
  LinkKind,
  PontoonError,
  primaryOf,
  supports,
  type Topology,
} from '../../postgres';
import type { ServerBinding } from '../server-binding';
import type { ReplicationMonitoringProps } from './props';

/** EventBridge's limit on a target's input, in characters. */
const MOST_INPUT = 8192;

/** What a certificate, an address or an ARN that is known only at deployment may take of it. */
const MOST_OF_A_TOKEN = 200;
const MOST_OF_A_CERTIFICATE = 2000;

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
  const input = scheduleInput(props, name);
  requireRoom(scope, input);
  const rule = new Rule(scope, 'Schedule', {
    description: 'Measures replication, writes the heartbeat and publishes metrics',
    schedule: Schedule.rate(props.schedule ?? Duration.minutes(1)),
    targets: [
      new LambdaFunction(runner.function, {
        event: RuleTargetInput.fromObject(input),
        // A measurement that is late says nothing of now.
        retryAttempts: 0,
        maxEventAge: Duration.minutes(1),
      }),
    ],
  });
  runner.dependOn(rule, ...bindings);
  return rule;
}

function scheduleInput({ topology, bindings }: ReplicationMonitoringProps, name: MetricsName) {
  const points = deriveWatchPoints(topology);
  const watchFor = ({ server }: ServerBinding) => points.find((point) => point.server === server);
  const standbys = points.filter(({ follows }) => follows !== undefined);
  const decoded = standbys.filter(
    ({ sends, majorVersion }) =>
      supports(majorVersion, 'standby-logical-decoding') &&
      sends.some(({ kind }) => kind !== LinkKind.PHYSICAL),
  );
  return {
    pontoon: 'metrics',
    ...name,
    beats: primariesOf(topology, standbys),
    pulses: primariesOf(topology, decoded),
    servers: bindings.map((binding) => ({
      connection: binding.toConnection(),
      watch: watchFor(binding),
    })),
  };
}

function primariesOf(topology: Topology, standbys: readonly { readonly server: string }[]) {
  return [...new Set(standbys.map(({ server }) => primaryOf(topology, server)))];
}

/** EventBridge refuses a longer input, but only while it is deployed. */
function requireRoom(scope: Construct, input: ReturnType<typeof scheduleInput>): void {
  const resolved: unknown = Stack.of(scope).resolve(input);
  const length = roomFor(resolved, '');
  if (length <= MOST_INPUT) return;
  throw new PontoonError(
    'INVALID',
    `the input of the schedule must fit into ${MOST_INPUT} characters, got about ${length}; give 'caCertificate' only the certificate that signed the server's, or watch fewer servers`,
  );
}

function roomFor(value: unknown, key: string): number {
  if (typeof value !== 'object' || value === null) return (JSON.stringify(value) ?? '').length + 1;
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + roomFor(item, ''), 3);
  const entries = Object.entries(value);
  if (entries.length === 1 && /^(Ref|Fn::)/.test(entries[0]?.[0] ?? ''))
    return key === 'caCertificate' ? MOST_OF_A_CERTIFICATE : MOST_OF_A_TOKEN;
  return entries.reduce((sum, [name, item]) => sum + name.length + 4 + roomFor(item, name), 3);
}
