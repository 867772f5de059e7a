import { stackIdentity } from '../../../lib/rehearsal/assembly';
import type { LambdaResult } from '../../../lib/rehearsal/lambda';
import {
  type ExecutionOutcome,
  type HistoryEvent,
  type PublishedMessage,
  StepFunctionsStandIn,
} from '../../../lib/rehearsal/step-functions';

/** What a function does when a task calls it. */
export type Behaviour = (payload: unknown) => Promise<Partial<LambdaResult>>;

export const LAMBDA = 'arn:aws:states:::lambda:invoke';
export const SNS = 'arn:aws:states:::sns:publish.waitForTaskToken';

/** A task that calls the function, and ends. */
export const task = (fields: object = {}): object => ({
  Type: 'Task',
  Resource: LAMBDA,
  Parameters: { FunctionName: 'fn', Payload: {} },
  End: true,
  ...fields,
});

/** A function that throws an error called `errorType`. */
export const failing =
  (errorType: string, message = 'no'): Behaviour =>
  async () => ({ error: `${errorType}: ${message}`, errorType });

/** One state machine, on its own. */
export class TestMachine {
  public readonly messages: PublishedMessage[] = [];
  public readonly calls: { readonly payload: unknown }[] = [];
  public readonly standIn: StepFunctionsStandIn;
  private arn = '';

  constructor(public behaviour: Behaviour = async () => ({ payload: null })) {
    this.standIn = new StepFunctionsStandIn({
      invoke: async (_arn, payload) => {
        this.calls.push({ payload });
        const done = {
          requestId: 'r',
          payload: undefined,
          error: undefined,
          errorType: undefined,
          milliseconds: 1,
          cold: false,
        };
        return { ...done, ...(await this.behaviour(payload)) };
      },
      onMessage: (message) => this.messages.push(message),
      pauseMsPerSecond: 10,
    });
  }

  /** Defines the machine by `states`, of which the first is the one to start at. */
  public async define(states: Readonly<Record<string, object>>, more: object = {}): Promise<void> {
    const definition = { StartAt: Object.keys(states)[0], States: states, ...more };
    await this.defineText(JSON.stringify(definition));
  }

  public async defineText(text: string): Promise<void> {
    const made = await this.standIn.players['AWS::StepFunctions::StateMachine']?.create({
      stack: stackIdentity('App', '123456789012', 'eu-central-1'),
      logicalId: 'Machine',
      type: 'AWS::StepFunctions::StateMachine',
      properties: { DefinitionString: text },
      assets: [],
    });
    this.arn = String(made?.attributes.Arn);
  }

  public start(input: unknown = {}) {
    return this.standIn.start(this.arn, input);
  }

  /** How an execution with `input` ends. */
  public async outcome(input: unknown = {}): Promise<ExecutionOutcome> {
    return await this.start(input).ended;
  }
}

/** A machine of `states`, run once. */
export async function run(
  states: Readonly<Record<string, object>>,
  input: unknown = {},
  behaviour?: Behaviour,
): Promise<ExecutionOutcome> {
  const machine = new TestMachine(behaviour);
  await machine.define(states);
  return await machine.outcome(input);
}

/** Events as short texts. */
export function brief(events: readonly HistoryEvent[]): string[] {
  return events.map(({ type, state, error }) =>
    [type, state, error].filter((part) => part !== undefined).join(' '),
  );
}
