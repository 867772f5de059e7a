import { setTimeout as delay } from 'node:timers/promises';
import { PontoonError } from '../../postgres';
import { holds } from './choice';
import { listOf, type MachineDefinition, resourceOf, type State } from './definition';
import { History, type HistoryEvent } from './history';
import { type Data, evaluate, fillTemplate, place } from './paths';
import { isAmong, StatesError } from './states-error';
import { invokeFunction, publish, type TaskServices, type TaskTokens } from './tasks';

/** What an execution runs with. */
export interface ExecutionOptions extends TaskServices {
  readonly arn: string;
  readonly machine: MachineDefinition;
  readonly tokens: TaskTokens;
  /** Milliseconds that a second of a Retry's pause takes here. */
  readonly pauseMsPerSecond: number;
  /** Told of everything that happens, as it happens. */
  readonly onEvent: (event: HistoryEvent) => void;
}

/** How an execution ended. */
export type ExecutionOutcome =
  | { readonly status: 'SUCCEEDED'; readonly output: unknown }
  | { readonly status: 'FAILED'; readonly error: string; readonly cause: string };

interface Step {
  readonly state: string;
  readonly input: unknown;
}

/** One run of a state machine. */
export class Execution {
  private readonly log: History;
  private failed: Step | undefined;
  /** What the execution was started with, which its context says for ever. */
  private given: unknown;

  constructor(private readonly options: ExecutionOptions) {
    this.log = new History(options.onEvent);
  }

  /** What happened so far. */
  public get history(): readonly HistoryEvent[] {
    return this.log.events;
  }

  /** Runs from the first state to the end. */
  public async run(input: unknown): Promise<ExecutionOutcome> {
    this.log.add('ExecutionStarted');
    this.given = input;
    return await this.walk({ state: this.options.machine.startAt, input });
  }

  /** Goes on with the state that failed, under the same name. */
  public async redrive(): Promise<ExecutionOutcome> {
    if (this.failed === undefined) {
      throw new PontoonError(
        'EXECUTION',
        'an execution must have failed to be redriven, got one that did not; start another one',
      );
    }
    this.log.add('ExecutionRedriven');
    return await this.walk(this.failed);
  }

  private async walk(first: Step): Promise<ExecutionOutcome> {
    let at = first;
    this.failed = undefined;
    try {
      for (;;) {
        const state = this.state(at.state);
        this.log.add(`${state.type}StateEntered`, state.name);
        const done = await this.take(state, at.input);
        this.log.add(`${state.type}StateExited`, state.name);
        if (done.state === undefined) {
          this.log.add('ExecutionSucceeded');
          return { status: 'SUCCEEDED', output: done.input };
        }
        at = { state: done.state, input: done.input };
      }
    } catch (error) {
      if (!(error instanceof StatesError)) throw error;
      this.failed = at;
      this.log.add('ExecutionFailed', undefined, error);
      return { status: 'FAILED', error: error.error, cause: error.reason };
    }
  }

  private async take(
    state: State,
    input: unknown,
  ): Promise<{ readonly state: string | undefined; readonly input: unknown }> {
    const { fields } = state;
    const data = this.dataOf(input);
    switch (state.type) {
      case 'Pass': {
        const result = fields.Result ?? input;
        return { state: nextOf(state), input: place(fields.ResultPath, input, result) };
      }
      case 'Choice':
        return { state: chosen(state, data), input };
      case 'Task':
        return await this.task(state, input);
      case 'Succeed':
        return { state: undefined, input: evaluate(String(fields.OutputPath ?? '$'), data) };
      case 'Fail':
        throw new StatesError(String(fields.Error ?? ''), causeOf(state, data));
    }
  }

  private async task(
    state: State,
    input: unknown,
  ): Promise<Step | { state: undefined; input: unknown }> {
    const retries = listOf(state.fields.Retry).map((retrier) => ({ retrier, used: 0 }));
    for (;;) {
      try {
        const result = await this.attempt(state, input);
        return { state: nextOf(state), input: place(state.fields.ResultPath, input, result) };
      } catch (error) {
        if (!(error instanceof StatesError)) throw error;
        const found = retries.find(({ retrier }) => isAmong(error.error, namesOf(retrier)));
        if (found === undefined || found.used >= Number(found.retrier.MaxAttempts ?? 3))
          return caught(state, input, error);
        await delay(pauseSeconds(found.retrier, found.used) * this.options.pauseMsPerSecond);
        found.used += 1;
      }
    }
  }

  private async attempt(state: State, input: unknown): Promise<unknown> {
    const { name, fields } = state;
    const { token, answer } = this.options.tokens.create();
    const data = this.dataOf(input, { Task: { Token: token } });
    const parameters = fillTemplate(fields.Parameters ?? input, data);
    this.log.add('TaskScheduled', name);
    this.log.add('TaskStarted', name);
    try {
      const seconds = fields.TimeoutSeconds;
      const work = this.call(state, parameters, answer);
      const result = await (seconds === undefined ? work : inTime(work, Number(seconds)));
      this.log.add('TaskSucceeded', name);
      if (fields.ResultSelector === undefined) return result;
      return fillTemplate(fields.ResultSelector, { ...data, input: result });
    } catch (error) {
      if (error instanceof StatesError)
        this.log.add(error.error === 'States.Timeout' ? 'TaskTimedOut' : 'TaskFailed', name, error);
      throw error;
    } finally {
      this.options.tokens.forget(token);
    }
  }

  private async call(
    { name, fields }: State,
    parameters: unknown,
    answer: Promise<unknown>,
  ): Promise<unknown> {
    if (resourceOf(fields) === 'lambda:invoke')
      return await invokeFunction(parameters, this.options);
    publish(parameters, this.options);
    this.log.add('TaskSubmitted', name);
    return await answer;
  }

  private dataOf(input: unknown, more: object = {}): Data {
    return {
      input,
      context: { Execution: { Id: this.options.arn, Input: this.given }, ...more },
    };
  }

  private state(name: string): State {
    const found = this.options.machine.states.get(name);
    if (found !== undefined) return found;
    throw new RangeError(`no state is called ${name}`);
  }
}

function nextOf({ fields }: State): string | undefined {
  return typeof fields.Next === 'string' ? fields.Next : undefined;
}

function chosen({ name, fields }: State, data: Data): string {
  const next = listOf(fields.Choices).find((rule) => holds(rule, data))?.Next ?? fields.Default;
  if (typeof next === 'string') return next;
  throw new StatesError('States.NoChoiceMatched', `no rule of '${name}' holds`);
}

function causeOf({ fields }: State, data: Data): string {
  if (typeof fields.CausePath === 'string') return String(evaluate(fields.CausePath, data));
  return String(fields.Cause ?? '');
}

/** Where the first Catch that fits leads. Throws the error if none does. */
function caught({ fields }: State, input: unknown, error: StatesError): Step {
  const found = listOf(fields.Catch).find((catcher) => isAmong(error.error, namesOf(catcher)));
  if (found === undefined) throw error;
  return { state: String(found.Next), input: place(found.ResultPath, input, error.output) };
}

function namesOf({ ErrorEquals: names }: Readonly<Record<string, unknown>>): string[] {
  return Array.isArray(names) ? names.map(String) : [];
}

function pauseSeconds(retrier: Readonly<Record<string, unknown>>, used: number): number {
  const { IntervalSeconds: first = 1, BackoffRate: rate = 2, MaxDelaySeconds: most } = retrier;
  const seconds = Number(first) * Number(rate) ** used;
  return most === undefined ? seconds : Math.min(seconds, Number(most));
}

/** What was called goes on by itself, as a function does whose task has timed out. */
async function inTime(work: Promise<unknown>, seconds: number): Promise<unknown> {
  const timer = new AbortController();
  work.catch(() => undefined);
  const late = delay(seconds * 1000, undefined, { signal: timer.signal }).then(() => {
    throw new StatesError('States.Timeout', '');
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
    late.catch(() => undefined);
  }
}
