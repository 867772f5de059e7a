import { PontoonError } from '../../postgres';
import {
  type AssemblyStack,
  type CloudAssembly,
  Evaluator,
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
import { nestedStackDriver } from './nested-stack';
import {
  customDriver,
  isCustomType,
  notPlayedDriver,
  playerDriver,
  type ResourceDriver,
} from './resource-driver';
import type { ResourcePlayers } from './resource-player';
import { ResponseServer } from './response-server';
import { type OperationContext, StackOperation } from './stack-operation';
import {
  emptyStack,
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
  private readonly stacks = new Map<string, StackState>();
  private readonly scopes = new Map<string, Scope>();
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
        this.stateOf(stackIdentity(name, root.account, root.region), root.stackName),
      forget: (name) => this.stacks.delete(name),
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
    const exists = this.stacks.has(stack.stackName);
    const scope = this.scopes.get(stack.stackName);
    const state = this.stateOf(this.identityOf(stack));
    const values = new Map(Object.entries({ ...stack.parameters, ...parameters }));
    const operation = this.operationOn(state, stack.template, values);
    const reason = await operation.execute();
    if (reason === undefined) {
      await operation.cleanUp();
      return this.result(state, exists ? 'UPDATE_COMPLETE' : 'CREATE_COMPLETE', undefined);
    }
    const failures = await operation.rollBack();
    if (scope !== undefined) this.scopes.set(stack.stackName, scope);
    const outcome = failures.length === 0 ? 'COMPLETE' : 'FAILED';
    if (!exists && failures.length === 0) this.stacks.delete(stack.stackName);
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
    const state = this.stacks.get(stackName);
    if (state === undefined) throw notDeployed(stackName);
    this.requireUnused(state);
    this.begin(this.assets);
    const failures = await deleteStack(state, this.context());
    if (failures.length > 0) return this.result(state, 'DELETE_FAILED', failures.join('; '));
    this.stacks.delete(stackName);
    return this.result(state, 'DELETE_COMPLETE', undefined);
  }

  /** The resources of a stack, by logical id; undefined if there is no such stack. */
  public resources(stackName: string): ReadonlyMap<string, PlayedResource> | undefined {
    return this.stacks.get(stackName)?.resources;
  }

  /**
   * The value of an expression of a stack's template, such as one of its metadata, by what the
   * stack holds now; `at` is where it stands.
   *
   * @throws ValidationError for what has no value; PontoonError if there is no such stack.
   */
  public evaluate(stackName: string, expression: unknown, at: string): unknown {
    const scope = this.scopes.get(stackName);
    if (scope === undefined || !this.stacks.has(stackName)) throw notDeployed(stackName);
    return new Evaluator(scope).evaluate(expression, at);
  }

  /** Names of the stacks that exist, nested ones included. */
  public stackNames(): readonly string[] {
    return [...this.stacks.keys()];
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

  private stateOf(identity: StackIdentity, parent?: string): StackState {
    return this.stacks.get(identity.stackName) ?? emptyStack(identity, parent);
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
      stacks: this.stacks,
      imported: (name) => imports.add(name),
    });
    const operation = new StackOperation({ ...this.context(), imports }, state, scope);
    this.scopes.set(state.identity.stackName, scope);
    // Only now, since a template that cannot be played makes no stack.
    this.stacks.set(state.identity.stackName, state);
    return operation;
  }

  private context(): OperationContext {
    return {
      imports: new Set(),
      usersOf: (name) => this.usersOf(name),
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

  private usersOf(exportName: string): readonly string[] {
    return [...this.stacks.values()]
      .filter(({ imports }) => imports.has(exportName))
      .map(({ identity }) => `"${identity.stackName}"`);
  }

  private requireUnused(state: StackState): void {
    for (const name of state.exports.keys()) {
      const users = this.usersOf(name);
      if (users.length === 0) continue;
      throw new PontoonError(
        'STACK',
        `stack "${state.identity.stackName}" cannot be deleted while its export "${name}" is used by ${users.join(', ')}; delete what uses it first`,
      );
    }
  }

  private result(state: StackState, status: StackStatus, reason: string | undefined): StackResult {
    return {
      stackName: state.identity.stackName,
      status,
      reason,
      events: this.events,
      notPlayed: notPlayedIn(state, this.stacks),
      outputs: Object.fromEntries(state.outputs),
      leftBehind: this.leftBehind,
    };
  }
}

function notDeployed(stackName: string): PontoonError {
  return new PontoonError(
    'STACK',
    `stack "${stackName}" must be deployed, got no such stack; deploy it first`,
  );
}
