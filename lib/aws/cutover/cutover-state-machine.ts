import { Aws, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Rule } from 'aws-cdk-lib/aws-events';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { CutoverPlan } from '../../postgres';
import { explainWildcard } from '../explain-wildcard';
import { FIRST_STATE } from './actions';
import { cutoverStates } from './definition';
import type { EndpointTerms } from './endpoint';
import { planOf } from './plan';
import type { CutoverStateMachineProps } from './props';
import { type Told, toldText } from './told';
import { createFenceAlarm, createPassedAlarm, createWatch, createWayBackAlarms } from './watch';

/**
 * The cutover of a migration as a state machine, whose history reads like the runbook: gates, approval, preparation, one
 * task from the fence to the opening, and what follows. A deployment never starts it. Start it with the input
 * `{"action": "cutover"}`; later with `{"action": "rollback"}`, which is the same walk in the other direction, or with
 * `{"action": "finalize"}`, after which there is none; `{"action": "finalize", "back": true}` ends a migration that was
 * rolled back, with the old writer.
 *
 * Whatever fails before the opening is undone, also if the function dies: the machine asks the servers, and a schedule
 * lifts a fence whose deadline has passed. An execution that fails after the decision is redriven, so that it goes on
 * under its own name. Another one is refused with HELD, until the watch has lifted the fence of the first; it takes over
 * what cannot be redriven if its input has `"takeOver": true`, unless somebody still walks.
 *
 * @throws ValidationError with everything about the props that cannot work
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
 */
export class CutoverStateMachine extends Construct {
  /** What the cutover switches, as plain data. Its addresses are tokens. */
  public readonly plan: CutoverPlan;
  /** The state machine. */
  public readonly stateMachine: StateMachine;
  /** What looks, every minute, for a fence that was left standing. */
  public readonly watch: Rule;
  /**
   * The alarms: an execution failed, one timed out, a fence stands after its deadline, somebody gets past one; and, if there
   * is a way back, nobody carries it, it lags, its slot keeps much WAL, or is lost.
   */
  public readonly alarms: Alarm[];

  constructor(scope: Construct, id: string, props: CutoverStateMachineProps) {
    super(scope, id);
    const { runner, endpoint, forward, wayBack } = props;
    const { plan, servers } = planOf(id, props);
    this.plan = plan;
    const sides = servers.filter(({ server }) => server === plan.from || server === plan.to);
    const terms = endpoint?._terms(this, sides);
    const told: Told = { plan, servers, endpoint: terms?.spec, taskArn: forward.replicationArn };
    this.stateMachine = createMachine(this, props, told);
    allowEndpoint(this, props, terms);
    allowTask(this, props);
    const { role } = this.stateMachine;
    runner.dependOn(role, ...servers);
    if (wayBack !== undefined) role.node.addDependency(runner.allowSecret(wayBack.secret));
    this.watch = createWatch(this, runner, told);
    this.alarms = createAlarms(this, props, this.stateMachine, told);
  }
}

function createMachine(
  scope: Construct,
  { runner, approval, logRetention }: CutoverStateMachineProps,
  told: Told,
): StateMachine {
  const { plan } = told;
  const states = cutoverStates({
    plan,
    functionArn: runner.function.functionArn,
    partition: Aws.PARTITION,
    approval:
      approval === undefined
        ? undefined
        : {
            topicArn: approval.topic.topicArn,
            timeoutSeconds: (approval.timeout ?? Duration.hours(12)).toSeconds(),
          },
  });
  const machine = new StateMachine(scope, 'Resource', {
    comment: `Cutover of '${plan.migration}' from '${plan.from}' to '${plan.to}'`,
    definitionBody: DefinitionBody.fromString(definitionText(scope, states, told)),
    tracingEnabled: true,
    logs: {
      destination: new LogGroup(scope, 'Log', {
        retention: logRetention ?? RetentionDays.ONE_YEAR,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
      level: LogLevel.ALL,
      // It would hold the token with which an approval is given.
      includeExecutionData: false,
    },
  });
  machine.addToRolePolicy(
    new PolicyStatement({
      actions: ['lambda:InvokeFunction'],
      resources: [runner.function.functionArn],
    }),
  );
  approval?.topic.grantPublish(machine);
  Validations.of(machine).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason: 'AWS lets nobody name resources for the delivery of logs and for traces of X-Ray.',
  });
  return machine;
}

/** The first state holds what the function is told, once for all that follow. */
function definitionText(scope: Construct, states: object, told: Told): string {
  const first = `{"Type":"Pass","Result":${toldText(scope, told)},"ResultPath":"$.told","Next":"${FIRST_STATE}"}`;
  const members = Object.entries(states).map(
    ([name, state]) => `${JSON.stringify(name)}:${Stack.of(scope).toJsonString(state)}`,
  );
  return `{"StartAt":"Plan","States":{"Plan":${first},${members.join(',')}}}`;
}

function allowEndpoint(
  scope: Construct,
  { runner }: CutoverStateMachineProps,
  terms: EndpointTerms | undefined,
): void {
  const { role } = runner.function;
  if (terms === undefined || role === undefined) return;
  const policy = new Policy(scope, 'Endpoint', { statements: terms.statements });
  policy.attachToRole(role);
  for (const [resource, reason] of terms.wildcards) explainWildcard(policy, resource, reason);
}

/** What DMS gave up is nowhere to be seen but there. Stopping and resuming is allowed by the replication itself. */
function allowTask(scope: Construct, { runner, forward }: CutoverStateMachineProps): void {
  const { role } = runner.function;
  if (forward.replicationArn === undefined || role === undefined) return;
  const policy = new Policy(scope, 'Task', {
    statements: [
      new PolicyStatement({
        actions: ['dms:DescribeTableStatistics', 'dms:DescribeReplicationTableStatistics'],
        resources: [forward.replicationArn],
      }),
    ],
  });
  policy.attachToRole(role);
}

function createAlarms(
  scope: Construct,
  props: CutoverStateMachineProps,
  machine: StateMachine,
  told: Told,
): Alarm[] {
  const { alarmTopic } = props;
  const period = { period: Duration.minutes(1) };
  const { migration } = told.plan;
  const failed = `An execution of the cutover of '${migration}' failed: its history says at which state, and whether everything was taken back.`;
  const late = `An execution of the cutover of '${migration}' timed out.`;
  const fence = createFenceAlarm(scope, told);
  const alarms = [
    atOnce(scope, 'Failed', machine.metricFailed(period), failed),
    atOnce(scope, 'TimedOut', machine.metricTimedOut(period), late),
    fence,
    createPassedAlarm(scope, told),
    ...createWayBackAlarms(scope, props, told),
  ];
  if (alarmTopic === undefined) return alarms;
  const tell = new SnsAction(alarmTopic);
  for (const alarm of alarms) {
    alarm.addAlarmAction(tell);
    alarm.addOkAction(tell);
  }
  fence.addInsufficientDataAction(tell);
  return alarms;
}

function atOnce(scope: Construct, id: string, metric: Metric, alarmDescription: string): Alarm {
  return new Alarm(scope, id, {
    alarmDescription,
    metric,
    threshold: 0,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}
