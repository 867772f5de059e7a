import {
  type AssemblyStack,
  type CloudAssembly,
  type FileAsset,
  findStack,
  readTemplate,
  type Scope,
  type StackIdentity,
  stackIdentity,
  type Template,
} from '../assembly';
import type { CloudFormationOptions } from './cloudformation-options';
import { CustomResourceCaller } from './custom-resource-caller';
import type { CustomResourceEvent } from './custom-resource-event';
import { deleteStack } from './deletion';
import { DeployedStacks } from './deployed-stacks';
import { nestedStackDriver } from './nested-stack';
import type { OperationContext } from './operation-context';
import {
  customDriver,
  isCustomType,
  notPlayedDriver,
  playerDriver,
  type ResourceDriver,
} from './resource-driver';
import type { ResourcePlayers } from './resource-player';
import { ResponseServer } from './response-server';
import { StackOperation } from './stack-operation';
import {
  type LeftBehind,
  notPlayedIn,
  type PlayedResource,
  type StackEvent,
  type StackResult,
  type StackState,
  type StackStatus,
} from './stack-state';
import { valueScope } from './value-scope';
import { waitConditionPlayers } from './wait-conditions';

/**
 * A stand-in for CloudFormation: creates, updates, rolls back and deletes the stacks of a cloud
 * assembly on this machine, calling the functions of custom resources as CloudFormation does.
 */
export class CloudFormationStandIn {
  private readonly stacks = new DeployedStacks();
  private readonly templates = new Map<string, Template>();
  private readonly caller: CustomResourceCaller;
  private readonly nestedDriver: ResourceDriver;
  private readonly ownPlayers: ResourcePlayers;
  private assets: readonly FileAsset[] = [];
  private events: StackEvent[] = [];
  private leftBehind: LeftBehind[] = [];

  private constructor(
    private readonly options: CloudFormationOptions,
    private readonly server: ResponseServer,
  ) {
    this.caller = new CustomResourceCaller(server, options);
    this.ownPlayers = waitConditionPlayers(server);
    this.nestedDriver = nestedStackDriver({
      stateOf: (name, root) =>
        this.stacks.stateOf(stackIdentity(name, root.account, root.region), root.stackName),
      forget: (name) => this.stacks.forget(name),
      operationOn: (state, template, parameters) => this.operationOn(state, template, parameters),
      deleteStack: (state) => deleteStack(state, this.context()),
      templateOf: (key, file) => this.templateOf(key, file),
    });
  }

  /** Starts the server that receives the answers of custom resources. */
  public static async start(options: CloudFormationOptions): Promise<CloudFormationStandIn> {
    return new CloudFormationStandIn(options, await ResponseServer.start());
  }

  /**
   * Creates a stack of the assembly, or updates it if it is there; rolls back on failure.
   *
   * @throws ValidationError or PontoonError if the template cannot be played at all; what fails
   * while playing is in the result.
   */
  public async deploy(
    assembly: CloudAssembly,
    stackName: string,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<StackResult> {
    const stack = findStack(assembly, stackName);
    this.begin([...assembly.assets, ...this.assets]);
    const exists = this.stacks.all.has(stack.stackName);
    const restoreScope = this.stacks.rememberScope(stack.stackName);
    const state = this.stacks.stateOf(this.identityOf(stack));
    const values = new Map(Object.entries({ ...stack.parameters, ...parameters }));
    const operation = this.operationOn(state, stack.template, values);
    const reason = await operation.execute();
    if (reason === undefined) {
      await operation.cleanUp();
      return this.result(state, exists ? 'UPDATE_COMPLETE' : 'CREATE_COMPLETE', undefined);
    }
    const failures = await operation.rollBack();
    restoreScope();
    const outcome = failures.length === 0 ? 'COMPLETE' : 'FAILED';
    if (!exists && failures.length === 0) this.stacks.forget(stack.stackName);
    return this.result(
      state,
      exists ? `UPDATE_ROLLBACK_${outcome}` : `ROLLBACK_${outcome}`,
      [reason, ...failures].join('; '),
    );
  }

  /**
   * Deletes a stack. What could not be deleted stays in it, so that it can be tried again.
   *
   * @throws PontoonError if there is no such stack or another one uses its exports.
   */
  public async destroy(stackName: string): Promise<StackResult> {
    const state = this.stacks.require(stackName);
    this.stacks.requireUnused(state);
    this.begin(this.assets);
    const failures = await deleteStack(state, this.context());
    if (failures.length > 0) return this.result(state, 'DELETE_FAILED', failures.join('; '));
    this.stacks.forget(stackName);
    return this.result(state, 'DELETE_COMPLETE', undefined);
  }

  /** The resources of a stack, by logical id; undefined if there is no such stack. */
  public resources(stackName: string): ReadonlyMap<string, PlayedResource> | undefined {
    return this.stacks.all.get(stackName)?.resources;
  }

  /**
   * The value of an expression of a stack's template, such as one of its metadata, by what the
   * stack holds now; `at` is where it stands.
   *
   * @throws ValidationError for what has no value; PontoonError if there is no such stack.
   */
  public evaluate(stackName: string, expression: unknown, at: string): unknown {
    return this.stacks.evaluate(stackName, expression, at);
  }

  /** Names of the stacks that exist, nested ones included. */
  public stackNames(): readonly string[] {
    return [...this.stacks.all.keys()];
  }

  /** Delivers the duplicates that were held back by the fault `late-duplicate`. */
  public async deliverLate(): Promise<readonly CustomResourceEvent[]> {
    return this.caller.deliverLate();
  }

  /** Waits for functions that still run, and stops listening. */
  public async close(): Promise<void> {
    await this.caller.settle();
    await this.server.close();
  }

  private begin(assets: readonly FileAsset[]): void {
    this.assets = assets;
    this.events = [];
    this.leftBehind = [];
  }

  private identityOf(stack: AssemblyStack): StackIdentity {
    const account = stack.account ?? this.options.account ?? '111111111111';
    const region = stack.region ?? this.options.region ?? 'us-east-1';
    return stackIdentity(stack.stackName, account, region);
  }

  private operationOn(
    state: StackState,
    template: Template,
    parameters: ReadonlyMap<string, unknown>,
  ): StackOperation {
    const imports = new Set<string>();
    const scope: Scope = valueScope({
      options: this.options,
      state,
      template,
      parameters,
      stacks: this.stacks.all,
      imported: (name) => imports.add(name),
    });
    const operation = new StackOperation({ ...this.context(), imports }, state, scope);
    // Only now, since a template that cannot be played makes no stack.
    this.stacks.add(state, scope);
    return operation;
  }

  private context(): OperationContext {
    return {
      imports: new Set(),
      usersOf: (name) => this.stacks.usersOf(name),
      driverOf: (type) => this.driverOf(type),
      assets: this.assets,
      concurrency: this.options.concurrency ?? 1,
      emit: (event) => {
        this.events.push(event);
        this.options.onEvent?.(event);
      },
      leaveBehind: (left) => this.leftBehind.push(left),
    };
  }

  private driverOf(type: string): ResourceDriver {
    const player = this.options.players?.[type] ?? this.ownPlayers[type];
    if (player !== undefined) return playerDriver(player);
    const { playsCustom = () => true } = this.options;
    if (isCustomType(type)) return playsCustom(type) ? customDriver(this.caller) : notPlayedDriver;
    return type === 'AWS::CloudFormation::Stack' ? this.nestedDriver : notPlayedDriver;
  }

  private templateOf(key: string, file: string): Template {
    const template = this.templates.get(key) ?? readTemplate(file);
    this.templates.set(key, template);
    return template;
  }

  private result(state: StackState, status: StackStatus, reason: string | undefined): StackResult {
    return {
      stackName: state.identity.stackName,
      status,
      reason,
      events: this.events,
      notPlayed: notPlayedIn(state, this.stacks.all),
      outputs: Object.fromEntries(state.outputs),
      leftBehind: this.leftBehind,
    };
  }
}
