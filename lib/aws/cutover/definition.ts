import { CUTOVER_STEPS, type CutoverPlan } from '../../postgres';

/** One state, in the Amazon States Language. */
export type State = Readonly<Record<string, unknown>>;

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

/** What the input of an execution may ask for. */
export const CUTOVER_ACTIONS = ['cutover', 'rollback', 'finalize'] as const;

/** Where {@link cutoverStates} begin. */
export const FIRST_STATE = 'Action';

/** A minute more than the function may run, so that its own reason arrives first. */
const TASK_SECONDS = 960;

/** What a walk may take beyond its budget, to connect and to take everything back. */
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
      ResultSelector: { 'dropped.$': '$.Payload.dropped' },
      ResultPath: '$.outcome',
      Next: 'Done',
    },
    Done: { Type: 'Succeed', OutputPath: '$.outcome' },
  };
}

function choosing({ from, to, reverse }: CutoverPlan): Record<string, State> {
  const actions = CUTOVER_ACTIONS.filter(
    (action) => action !== 'rollback' || reverse !== undefined,
  );
  return {
    [FIRST_STATE]: {
      Type: 'Choice',
      Choices: actions.map((action) => ({
        And: [
          { Variable: '$.action', IsPresent: true },
          { Variable: '$.action', StringEquals: action },
        ],
        Next: `${action[0]?.toUpperCase()}${action.slice(1)}${action === 'finalize' ? 'From' : ''}`,
      })),
      Default: 'UnknownAction',
    },
    UnknownAction: {
      Type: 'Fail',
      Error: 'UNKNOWN_ACTION',
      Cause: `'action' must be one of ${actions.join(', ')} in the input of the execution; start it again`,
    },
    Cutover: direction(`From '${from}' to '${to}'.`, false, 'Verify'),
    ...(reverse === undefined
      ? {}
      : { Rollback: direction(`Back from '${to}' to '${from}'.`, true, 'Verify') }),
    FinalizeFrom: direction(`'${to}' is open, and stays the writer.`, false, 'Finalize'),
  };
}

function direction(Comment: string, back: boolean, Next: string): State {
  return { Type: 'Pass', Comment, Result: { back }, ResultPath: '$.direction', Next };
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
  const seconds = Math.ceil(parts.plan.limits.budgetMs / 1000) + UNDO_SECONDS;
  const opened = {
    ResultSelector: { 'result.$': '$.Payload.result', 'closedMs.$': '$.Payload.closedMs' },
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
      ...walking(parts, 'switch', seconds),
      Comment: 'The decision has fallen: go on until the new writer is open.',
      Retry: [retry(['States.ALL'], 5, 20)],
      ...opened,
    },
    Undone: { Type: 'Fail', Error: 'UNDONE', CausePath: 'States.JsonToString($.failure)' },
    Held: { Type: 'Fail', Error: 'HELD', CausePath: 'States.JsonToString($.failure)' },
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
