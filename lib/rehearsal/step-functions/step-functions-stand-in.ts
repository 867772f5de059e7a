import { randomUUID } from 'node:crypto';
import { PontoonError } from '../../postgres';
import type { ResourceOutcome, ResourcePlayers, ResourceRequest } from '../cloudformation';
import { type MachineDefinition, readDefinition } from './definition';
import { Execution, type ExecutionOutcome } from './execution';
import type { HistoryEvent } from './history';
import { type TaskServices, TaskTokens } from './tasks';

/** What state machines work with here. */
export interface StepFunctionsOptions extends TaskServices {
  /**
   * Milliseconds that a second of a Retry's pause takes.
   *
   * @default 1000
   */
  readonly pauseMsPerSecond?: number;
  /** Told of everything that happens in any execution. */
  readonly onEvent?: (event: HistoryEvent) => void;
}

/** An execution that was started. */
export interface StartedExecution {
  readonly arn: string;
  readonly execution: Execution;
  /** How it ended. */
  readonly ended: Promise<ExecutionOutcome>;
}

/** A stand-in for AWS Step Functions: runs the very definitions that templates hold. */
export class StepFunctionsStandIn {
  /** Whether there was any machine. */
  public used = false;
  private readonly machines = new Map<string, MachineDefinition>();
  private readonly tokens = new TaskTokens();

  constructor(private readonly options: StepFunctionsOptions) {}

  /** Plays `AWS::StepFunctions::StateMachine`. */
  public readonly players: ResourcePlayers = {
    'AWS::StepFunctions::StateMachine': {
      uses: ['DefinitionString'],
      create: async (request) => this.define(request),
      update: async (request) => this.define(request),
      delete: async (_request, { physicalId }) => {
        this.machines.delete(physicalId);
      },
    },
  };

  /** The machines that there are. */
  public get machineArns(): readonly string[] {
    return [...this.machines.keys()];
  }

  /** The definition of a machine. */
  public definition(machineArn: string): MachineDefinition {
    const machine = this.machines.get(machineArn);
    if (machine !== undefined) return machine;
    throw new PontoonError(
      'STATE_MACHINE',
      `state machine "${machineArn}" must be made by a stack before it is started, got ${this.machineArns.join(', ') || 'no state machines'}`,
    );
  }

  /** Starts an execution. */
  public start(machineArn: string, input: unknown): StartedExecution {
    const machine = this.definition(machineArn);
    const arn = `${machineArn.replace(':stateMachine:', ':execution:')}:${randomUUID()}`;
    const { invoke, onMessage, onEvent, pauseMsPerSecond } = this.options;
    const execution = new Execution({
      arn,
      machine,
      invoke,
      onMessage,
      tokens: this.tokens,
      pauseMsPerSecond: pauseMsPerSecond ?? 1000,
      onEvent: (event) => onEvent?.(event),
    });
    return { arn, execution, ended: execution.run(input) };
  }

  /** Ends the task that waits for `token` well; `output` is JSON. */
  public sendTaskSuccess(token: string, output: string): void {
    this.tokens.succeed(token, output);
  }

  /** Ends the task that waits for `token` with an error. */
  public sendTaskFailure(token: string, error: string, cause = ''): void {
    this.tokens.fail(token, error, cause);
  }

  private define({ stack, logicalId, properties }: ResourceRequest): ResourceOutcome {
    const { partition, region, account } = stack;
    const name = `${stack.stackName}-${logicalId}`;
    const arn = `arn:${partition}:states:${region}:${account}:stateMachine:${name}`;
    const text = String(properties.DefinitionString ?? '');
    this.used = true;
    this.machines.set(arn, readDefinition(text, `state machine "${logicalId}"`));
    return { physicalId: arn, attributes: { Arn: arn, Name: name } };
  }
}
