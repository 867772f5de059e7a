import { CUTOVER_STEPS, type CutoverPlan } from '../../postgres';
import { choosing } from './actions';
import type { State } from './state';

/** What the states of a cutover are made of. */
export interface MachineParts {
  readonly plan: CutoverPlan;
  /** The ARN of the function that walks. */
  readonly functionArn: string;
  /** The partition of AWS. */
  readonly partition: string;
  /** Who is asked before anything happens; undefined if nobody is. */
  readonly approval: { readonly topicArn: string; readonly timeoutSeconds: number } | undefined;
}

/** A minute more than the function may run, so that its own reason arrives first. */
const TASK_SECONDS = 960;

/** What a walk may take beyond its budget, and as much once more, to connect and to take everything back. */
const UNDO_SECONDS = 120;

/** The service failed, and the function did not run or did nothing that a second run would not find. */
const SERVICE_ERRORS = [
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
];

/**
 * The states of a cutover, but for the one that holds its input. They find that under `$.told`.
 *
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
 */
export function cutoverStates(parts: MachineParts): Readonly<Record<string, State>> {
  const { plan, approval } = parts;
  return {
    ...choosing(plan),
    Verify: {
      ...walking(parts, 'verify', TASK_SECONDS),
      Comment:
        'Compare every selected table while applications write; what is left, the next round compares.',
      Retry: [retry(SERVICE_ERRORS, 2, 6)],
      ResultSelector: { 'same.$': '$.Payload.same', 'left.$': '$.Payload.left' },
      ResultPath: '$.rows',
      Next: 'Verified',
    },
    Verified: {
      Type: 'Choice',
      Choices: [{ Variable: '$.rows.left', NumericGreaterThan: 0, Next: 'Verify' }],
      Default: 'Gates',
    },
    Gates: {
      ...walking(parts, 'gates', TASK_SECONDS),
      Comment: commentOf('gates'),
      Retry: [retry(SERVICE_ERRORS, 2, 6)],
      ResultSelector: { 'gates.$': '$.Payload.gates' },
      ResultPath: '$.looked',
      Next: approval === undefined ? 'Prepare' : 'Approval',
    },
    ...(approval === undefined ? {} : asking(parts, approval)),
    Prepare: {
      ...walking(parts, 'prepare', TASK_SECONDS),
      Comment: `${commentOf('gates')} ${commentOf('prepare')}`,
      Retry: [retry(SERVICE_ERRORS, 2, 6)],
      ResultPath: null,
      Catch: [failing(['HELD'], 'Held')],
      Next: 'FencedToOpen',
    },
    ...switching(parts),
    Settle: {
      ...walking(parts, 'settle', TASK_SECONDS),
      Comment: commentOf('settle'),
      Retry: [retry(['States.ALL'], 10, 3)],
      ResultPath: null,
      Next: 'Done',
    },
    Finalize: {
      ...walking(parts, 'finalize', TASK_SECONDS),
      Comment:
        'Drop everything that the migration made between the servers. No rollback from here.',
      Retry: [retry(SERVICE_ERRORS, 2, 6)],
      ResultSelector: {
        'past.$': '$.Payload.past',
        'dropped.$': '$.Payload.dropped',
        'rotate.$': '$.Payload.rotate',
      },
      ResultPath: '$.outcome',
      Catch: [failing(['HELD'], 'Held')],
      Next: 'Done',
    },
    Done: { Type: 'Succeed', OutputPath: '$.outcome' },
  };
}

function asking(
  { plan, partition }: MachineParts,
  { topicArn, timeoutSeconds }: NonNullable<MachineParts['approval']>,
): Record<string, State> {
  return {
    Approval: {
      Type: 'Task',
      Comment: 'Wait for a human, before anything is changed.',
      Resource: `arn:${partition}:states:::sns:publish.waitForTaskToken`,
      Parameters: {
        TopicArn: topicArn,
        Subject: 'A cutover waits for your approval',
        Message: {
          migration: plan.migration,
          servers: [plan.from, plan.to],
          'back.$': '$.direction.back',
          'gates.$': '$.looked.gates',
          'execution.$': '$$.Execution.Id',
          approve:
            'aws stepfunctions send-task-success --task-output true --task-token <taskToken>',
          refuse: 'aws stepfunctions send-task-failure --error REFUSED --task-token <taskToken>',
          'taskToken.$': '$$.Task.Token',
        },
      },
      TimeoutSeconds: timeoutSeconds,
      ResultPath: null,
      Catch: [failing(['States.ALL'], 'NotApproved')],
      Next: 'Prepare',
    },
    NotApproved: {
      Type: 'Fail',
      Error: 'NOT_APPROVED',
      CausePath: 'States.JsonToString($.failure)',
    },
  };
}

function switching(parts: MachineParts): Record<string, State> {
  const { budgetMs } = parts.plan.limits;
  const seconds = Math.min(Math.ceil((2 * budgetMs) / 1000) + UNDO_SECONDS, TASK_SECONDS);
  const opened = {
    ResultSelector: {
      'result.$': '$.Payload.result',
      'closedMs.$': '$.Payload.closedMs',
      'compared.$': '$.Payload.compared',
    },
    ResultPath: '$.outcome',
    Next: 'Settle',
  };
  return {
    FencedToOpen: {
      ...walking(parts, 'switch', seconds),
      Comment: 'The outage: fence, catch up, sequences, verify, way back, switch, open; or undo.',
      // Only what says that the function never ran: whatever else happened, the servers are asked first.
      Retry: [retry(['Lambda.TooManyRequestsException'], 1, 5)],
      Catch: [
        failing(['UNDONE'], 'Undone'),
        failing(['HELD'], 'Held'),
        failing(['States.ALL'], 'Undo'),
      ],
      ...opened,
    },
    // Without a Catch: who could not ask the old writer, or not take everything back, knows neither that it works as
    // before, as 'Undone' says, nor that it is to be left, as 'Finish' does. The execution fails by the name of that,
    // and goes on here when it is redriven.
    Undo: {
      ...walking(parts, 'abandon', TASK_SECONDS),
      Comment: 'Lift the fence of a walk that died, unless its decision has fallen.',
      Retry: [retry(['States.ALL'], 2, 20)],
      ResultSelector: { 'undone.$': '$.Payload.undone', 'decided.$': '$.Payload.decided' },
      ResultPath: '$.undo',
      Next: 'Decided',
    },
    Decided: {
      Type: 'Choice',
      Choices: [{ Variable: '$.undo.decided', BooleanEquals: true, Next: 'Finish' }],
      Default: 'Undone',
    },
    // Without a Catch: redriven, the execution goes on here, under the name that the journal knows.
    Finish: {
      ...walking(parts, 'finish', seconds),
      Comment: 'The decision has fallen: go on until the new writer is open.',
      Retry: [retry(['States.ALL'], 5, 20)],
      ...opened,
    },
    Undone: { Type: 'Fail', Error: 'UNDONE', CausePath: 'States.JsonToString($.failure)' },
    Held: {
      Type: 'Fail',
      Comment:
        'Another execution or operator walks, or began and was cut off; the cause says what to do.',
      Error: 'HELD',
      CausePath: 'States.JsonToString($.failure)',
    },
  };
}

function walking({ functionArn, partition }: MachineParts, action: string, seconds: number): State {
  return {
    Type: 'Task',
    Resource: `arn:${partition}:states:::lambda:invoke`,
    Parameters: {
      FunctionName: functionArn,
      Payload: {
        pontoon: 'cutover',
        action,
        'input.$': '$.told.input',
        'certificates.$': '$.told.certificates',
        'back.$': '$.direction.back',
        'owner.$': '$$.Execution.Id',
        'asked.$': '$$.Execution.Input',
      },
    },
    TimeoutSeconds: seconds,
  };
}

function retry(
  ErrorEquals: readonly string[],
  IntervalSeconds: number,
  MaxAttempts: number,
): State {
  return { ErrorEquals, IntervalSeconds, MaxAttempts, BackoffRate: 1.5, MaxDelaySeconds: 60 };
}

function failing(ErrorEquals: readonly string[], Next: string): State {
  return { ErrorEquals, ResultPath: '$.failure', Next };
}

function commentOf(id: 'gates' | 'prepare' | 'settle'): string {
  const step = CUTOVER_STEPS.find((one) => one.id === id);
  return `${step?.title ?? id}.`;
}
