import * as timers from 'node:timers/promises';
import { stackIdentity } from '../../../lib/rehearsal/assembly';
import { LambdaStandIn } from '../../../lib/rehearsal/lambda';
import { StepFunctionsStandIn } from '../../../lib/rehearsal/step-functions';
import { brief, failing, LAMBDA, run, SNS, TestMachine, task } from './machine';

// Pauses are real, and what was asked for is known: how long one lasted depends on what else this machine does.
jest.mock('node:timers/promises', () => {
  const actual = jest.requireActual<typeof timers>('node:timers/promises');
  return { ...actual, setTimeout: jest.fn(actual.setTimeout) };
});
beforeEach(() => jest.mocked(timers.setTimeout).mockClear());

const ended = { Type: 'Succeed' };

test('what AWS would refuse in a definition, and what is not played, is refused at once, all of it', async () => {
  const machine = new TestMachine();
  await expect(machine.defineText('{')).rejects.toThrow(/'DefinitionString' must be JSON/);
  await expect(
    machine.define(
      {
        One: { Type: 'Wait', Seconds: 1, Next: 'Two' },
        Two: { Type: 'Pass', InputPath: '$.a', ResultPath: '$.a[0]' },
        Three: { Type: 'Choice', Choices: [{ Variable: '$.a', NumericLessThan: 1, Next: 'Nine' }] },
        Four: task({
          Resource: 'arn:aws:states:::sqs:sendMessage',
          TimeoutSeconds: 0,
          Parameters: { 'a.$': 'States.UUID()' },
          Next: 'Two',
        }),
        Five: { Type: 'Fail', CausePath: 'cause' },
      },
      { QueryLanguage: 'JSONata' },
    ),
  ).rejects.toThrow(
    [
      'state machine "Machine" has 13 problems:',
      "- 'QueryLanguage' is not played here; remove it from the definition",
      `- 'One.Type' must be one of Pass, Choice, Task, Succeed, Fail, got "Wait"; nothing else is played here`,
      "- 'Two.InputPath' is not played here; remove it from the definition",
      "- 'Two' must have either 'Next' or 'End', got both or none; say where it goes on",
      `- 'Two.ResultPath' must be a path of names, got "$.a[0]"; correct it`,
      "- 'Three.Choices[0]' must compare by one of IsPresent, StringEquals, BooleanEquals, NumericGreaterThan, got NumericLessThan; nothing else is played here",
      "- 'Four' must have either 'Next' or 'End', got both or none; say where it goes on",
      `- 'Four.Parameters.a.$' must be a path of names, got "States.UUID()"; nothing else is played here`,
      `- 'Four.Resource' must end with one of lambda:invoke, sns:publish.waitForTaskToken, got "arn:aws:states:::sqs:sendMessage"; nothing else is played here`,
      "- 'Four.TimeoutSeconds' must be a whole number above 0, got 0; correct it",
      `- 'Five.CausePath' must be a path of names, got "cause"; correct it`,
      `- 'StartAt' must name a state, got "One"; correct it`,
      `- 'Three.Choices[0].Next' must name a state, got "Nine"; correct it`,
    ].join('\n'),
  );
});

test('Pass puts its result where it is told, and Succeed gives what it is told', async () => {
  const pass = (fields: object) =>
    run({ Pass: { Type: 'Pass', Next: 'End', ...fields }, End: ended }, { a: 1 });
  expect(await pass({})).toEqual({ status: 'SUCCEEDED', output: { a: 1 } });
  expect(await pass({ Result: { b: 2 } })).toMatchObject({ output: { b: 2 } });
  expect(await pass({ Result: 2, ResultPath: '$.b.c' })).toMatchObject({
    output: { a: 1, b: { c: 2 } },
  });
  expect(await pass({ Result: 2, ResultPath: null })).toMatchObject({ output: { a: 1 } });
  expect(
    await run({ End: { Type: 'Succeed', OutputPath: '$.a' } }, { a: { b: 1 }, c: 2 }),
  ).toMatchObject({ output: { b: 1 } });
  expect(
    await run({ Pass: { Type: 'Pass', Result: 1, ResultPath: '$.a.b', End: true } }, { a: 1 }),
  ).toMatchObject({ status: 'FAILED', error: 'States.ResultPathMatchFailure' });
});

test('Choice takes the first rule that holds, its default otherwise, and fails without one', async () => {
  const rules = [
    {
      And: [
        { Variable: '$.a', IsPresent: true },
        { Variable: '$.a', StringEquals: 'x' },
      ],
      Next: 'X',
    },
    { Variable: '$.flag', IsPresent: false, Next: 'Flagless' },
    { Variable: '$.flag', BooleanEquals: true, Next: 'Flagged' },
    { Variable: '$.flag', NumericGreaterThan: 0, Next: 'Flagless' },
  ];
  const named = (name: string) => ({ Type: 'Pass', Result: name, End: true });
  const states = {
    Choice: { Type: 'Choice', Choices: rules, Default: 'Other' },
    X: named('X'),
    Flagless: named('Flagless'),
    Flagged: named('Flagged'),
    Other: named('Other'),
  };
  const chosen = async (input: unknown) => await run(states, input);
  expect(await chosen({ a: 'x', flag: true })).toMatchObject({ output: 'X' });
  expect(await chosen({})).toMatchObject({ output: 'Flagless' });
  expect(await chosen({ a: 'y', flag: true })).toMatchObject({ output: 'Flagged' });
  expect(await chosen({ flag: 1 })).toMatchObject({ output: 'Flagless' });
  expect(await chosen({ flag: 0 })).toMatchObject({ output: 'Other' });
  expect(await chosen({ flag: false })).toMatchObject({ output: 'Other' });
  const { Default: _none, ...choice } = states.Choice;
  expect(await run({ ...states, Choice: choice }, { flag: false })).toEqual({
    status: 'FAILED',
    error: 'States.NoChoiceMatched',
    cause: "no rule of 'Choice' holds",
  });
});

test('a task gets its parameters filled in, and what it returns is selected and put where it is told', async () => {
  const machine = new TestMachine(async (payload) => ({ payload: { got: payload, more: 1 } }));
  await machine.define({
    Task: task({
      Parameters: {
        FunctionName: 'fn',
        Payload: {
          text: 'as it is',
          'deep.$': '$.a.b',
          list: [{ 'whole.$': '$' }],
          'owner.$': '$$.Execution.Id',
        },
      },
      ResultSelector: { 'got.$': '$.Payload.got', 'code.$': '$.StatusCode' },
      ResultPath: '$.done',
    }),
  });
  const { arn, ended: end } = machine.start({ a: { b: [1] } });
  const got = { text: 'as it is', deep: [1], list: [{ whole: { a: { b: [1] } } }], owner: arn };
  expect(await end).toEqual({
    status: 'SUCCEEDED',
    output: { a: { b: [1] }, done: { got, code: 200 } },
  });
  expect(arn).toMatch(
    /^arn:aws:states:eu-central-1:123456789012:execution:App-Machine:[0-9a-f-]{36}$/,
  );
});

test('a path that leads nowhere fails the execution, whatever is caught', async () => {
  const lost = {
    Retry: [{ ErrorEquals: ['States.ALL'] }],
    Catch: [{ ErrorEquals: ['States.ALL'], Next: 'End' }],
  };
  for (const fields of [
    { Parameters: { FunctionName: 'fn', 'Payload.$': '$.lost' } },
    { ResultSelector: { 'a.$': '$.Payload.lost' } },
  ])
    expect(await run({ Task: task({ ...lost, ...fields }), End: ended })).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause: expect.stringMatching(/^The JSONPath '.*lost' could not be found in the input/),
    });
});

test('what a function throws is known by its name, and its message is the cause', async () => {
  expect(await run({ Task: task() }, {}, failing('UNDONE', 'too late'))).toEqual({
    status: 'FAILED',
    error: 'UNDONE',
    cause: '{"errorType":"UNDONE","errorMessage":"too late"}',
  });
});

test('a function that dies, or takes longer than its own limit, is an error with a name', async () => {
  const functions = new LambdaStandIn();
  const make = async (logicalId: string, timeout: number, body: string) => {
    const made = await functions.players['AWS::Lambda::Function']?.create({
      stack: stackIdentity('App', '123456789012', 'eu-central-1'),
      logicalId,
      type: 'AWS::Lambda::Function',
      properties: {
        Runtime: 'nodejs22.x',
        Handler: 'index.handler',
        Timeout: timeout,
        Code: { ZipFile: `exports.handler = async () => { ${body} }` },
      },
      assets: [],
    });
    return String(made?.attributes.Arn);
  };
  const dies = await make('Dies', 60, "process.kill(process.pid, 'SIGKILL')");
  const hangs = await make('Hangs', 1, 'await new Promise(() => setInterval(() => {}, 1000))');
  const standIn = new StepFunctionsStandIn({
    invoke: (arn, payload) => functions.invoke(arn, payload),
    onMessage: () => undefined,
  });
  const machine = await standIn.players['AWS::StepFunctions::StateMachine']?.create({
    stack: stackIdentity('App', '123456789012', 'eu-central-1'),
    logicalId: 'Machine',
    type: 'AWS::StepFunctions::StateMachine',
    properties: {
      DefinitionString: JSON.stringify({
        StartAt: 'Which',
        States: {
          Which: {
            Type: 'Choice',
            Choices: [{ Variable: '$.die', IsPresent: true, Next: 'Dies' }],
            Default: 'Hangs',
          },
          Dies: task({ Parameters: { FunctionName: dies, Payload: {} } }),
          Hangs: task({ Parameters: { FunctionName: hangs, Payload: {} } }),
        },
      }),
    },
    assets: [],
  });
  const outcome = async (input: unknown) =>
    await standIn.start(String(machine?.attributes.Arn), input).ended;
  expect(await outcome({ die: true })).toMatchObject({ error: 'Runtime.ExitError' });
  expect(await outcome({})).toMatchObject({ error: 'Sandbox.Timedout' });
  await functions.close();
});

test('Retry tries again after growing pauses, as often as it is told, for the errors that it names', async () => {
  const machine = new TestMachine(failing('BUSY'));
  const retry = { IntervalSeconds: 2, BackoffRate: 3, MaxDelaySeconds: 5, MaxAttempts: 3 };
  await machine.define({ Task: task({ Retry: [{ ErrorEquals: ['BUSY'], ...retry }] }) });
  expect(await machine.outcome()).toMatchObject({ status: 'FAILED', error: 'BUSY' });
  expect(machine.calls).toHaveLength(4);
  expect(jest.mocked(timers.setTimeout).mock.calls).toEqual([[20], [50], [50]]);
  machine.calls.length = 0;
  machine.behaviour = failing('OTHER');
  expect(await machine.outcome()).toMatchObject({ error: 'OTHER' });
  expect(machine.calls).toHaveLength(1);
  machine.behaviour = async () =>
    machine.calls.length < 3 ? failing('BUSY')(undefined) : { payload: 'done' };
  machine.calls.length = 0;
  expect(await machine.outcome()).toMatchObject({ output: { Payload: 'done' } });
});

test('Catch takes the first that fits, and keeps the error where it is told', async () => {
  const states = {
    Task: task({
      Catch: [
        { ErrorEquals: ['ONE'], ResultPath: '$.failure', Next: 'One' },
        { ErrorEquals: ['States.TaskFailed'], ResultPath: null, Next: 'Any' },
      ],
    }),
    One: { Type: 'Pass', End: true },
    Any: { Type: 'Pass', End: true },
  };
  expect(await run(states, { a: 1 }, failing('ONE', 'why'))).toEqual({
    status: 'SUCCEEDED',
    output: {
      a: 1,
      failure: { Error: 'ONE', Cause: '{"errorType":"ONE","errorMessage":"why"}' },
    },
  });
  expect(await run(states, { a: 1 }, failing('TWO'))).toMatchObject({ output: { a: 1 } });
});

test('a task that takes longer than its timeout ends with States.Timeout, while its function goes on', async () => {
  let finished = false;
  let goOn = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const machine = new TestMachine(async () => {
    await released;
    finished = true;
    return { payload: null };
  });
  await machine.define({
    Task: task({
      TimeoutSeconds: 1,
      Catch: [{ ErrorEquals: ['States.TaskFailed'], Next: 'End' }],
    }),
    End: ended,
  });
  const { execution, ended: end } = machine.start();
  expect(await end).toEqual({ status: 'FAILED', error: 'States.Timeout', cause: '' });
  expect(brief(execution.history)).toContain('TaskTimedOut Task States.Timeout');
  expect(finished).toBe(false);
  goOn();
  await released;
  expect(finished).toBe(true);
});

test('a task with a token waits until it is answered, and a token is worth something once', async () => {
  const machine = new TestMachine();
  await machine.define({
    Ask: {
      Type: 'Task',
      Resource: SNS,
      Parameters: {
        TopicArn: 'topic',
        Subject: 'please',
        Message: { 'token.$': '$$.Task.Token', 'of.$': '$.who' },
      },
      End: true,
    },
  });
  const token = (): string => JSON.parse(machine.messages.at(-1)?.message ?? '{}').token;
  const first = machine.start({ who: 'me' });
  expect(machine.messages).toEqual([
    { topicArn: 'topic', subject: 'please', message: expect.stringContaining('"of":"me"') },
  ]);
  expect(brief(first.execution.history).at(-1)).toBe('TaskSubmitted Ask');
  machine.standIn.sendTaskSuccess(token(), 'true');
  expect(await first.ended).toEqual({ status: 'SUCCEEDED', output: true });
  expect(() => machine.standIn.sendTaskSuccess(token(), 'true')).toThrow(
    'Task Timed Out: the provided task does not exist anymore',
  );
  const second = machine.start({ who: 'me' });
  machine.standIn.sendTaskFailure(token(), 'REFUSED', 'not today');
  expect(await second.ended).toEqual({ status: 'FAILED', error: 'REFUSED', cause: 'not today' });
});

test('Fail ends the execution with its error and its cause, which may come out of the input', async () => {
  expect(await run({ Fail: { Type: 'Fail', Error: 'E', Cause: 'because' } })).toEqual({
    status: 'FAILED',
    error: 'E',
    cause: 'because',
  });
  const stated = (CausePath: string) =>
    run({ Fail: { Type: 'Fail', CausePath } }, { why: { a: 1 } });
  expect(await stated('$.why.a')).toMatchObject({ error: '', cause: '1' });
  expect(await stated('States.JsonToString($.why)')).toMatchObject({ cause: '{"a":1}' });
});

test('the history tells of every state and of every try of a task, in order', async () => {
  const machine = new TestMachine();
  machine.behaviour = async () =>
    machine.calls.length < 2 ? failing('BUSY')(undefined) : { payload: null };
  await machine.define({
    Pass: { Type: 'Pass', Next: 'Task' },
    Task: task({
      Resource: LAMBDA,
      End: undefined,
      Retry: [{ ErrorEquals: ['BUSY'], IntervalSeconds: 1 }],
      Next: 'End',
    }),
    End: ended,
  });
  const { execution, ended: end } = machine.start();
  await end;
  expect(brief(execution.history)).toEqual([
    'ExecutionStarted',
    'PassStateEntered Pass',
    'PassStateExited Pass',
    'TaskStateEntered Task',
    'TaskScheduled Task',
    'TaskStarted Task',
    'TaskFailed Task BUSY',
    'TaskScheduled Task',
    'TaskStarted Task',
    'TaskSucceeded Task',
    'TaskStateExited Task',
    'SucceedStateEntered End',
    'SucceedStateExited End',
    'ExecutionSucceeded',
  ]);
  expect(execution.history.map(({ id }) => id)).toEqual(execution.history.map((_, i) => i + 1));
});

test('an execution that failed is redriven from the state that failed, under its name', async () => {
  const machine = new TestMachine(failing('DOWN'));
  await machine.define({
    Pass: { Type: 'Pass', Result: 1, ResultPath: '$.kept', Next: 'Task' },
    Task: task({
      Parameters: { FunctionName: 'fn', Payload: { 'owner.$': '$$.Execution.Id' } },
      ResultPath: null,
    }),
  });
  const { arn, execution, ended: end } = machine.start({});
  expect(await end).toMatchObject({ status: 'FAILED' });
  machine.behaviour = async () => ({ payload: null });
  expect(await execution.redrive()).toEqual({ status: 'SUCCEEDED', output: { kept: 1 } });
  expect(machine.calls.map(({ payload }) => payload)).toEqual([{ owner: arn }, { owner: arn }]);
  expect(brief(execution.history).slice(-8)).toEqual([
    'ExecutionFailed DOWN',
    'ExecutionRedriven',
    'TaskStateEntered Task',
    'TaskScheduled Task',
    'TaskStarted Task',
    'TaskSucceeded Task',
    'TaskStateExited Task',
    'ExecutionSucceeded',
  ]);
  await expect(execution.redrive()).rejects.toThrow(
    'an execution must have failed to be redriven, got one that did not; start another one',
  );
});

test('a machine that no stack made cannot be started', () => {
  expect(() => new TestMachine().standIn.start('arn:none', {})).toThrow(
    'state machine "arn:none" must be made by a stack before it is started, got no state machines',
  );
});
