import { PontoonError } from '../../postgres';
import { Evaluator, type Scope, type StackIdentity } from '../assembly';
import { emptyStack, type StackState } from './stack-state';

/** The stacks that exist, nested ones included, and what their expressions mean. */
export class DeployedStacks {
  private readonly states = new Map<string, StackState>();
  private readonly scopes = new Map<string, Scope>();

  /** Every stack by its name. */
  public get all(): ReadonlyMap<string, StackState> {
    return this.states;
  }

  /** The state of a stack, a new and empty one if there is none. */
  public stateOf(identity: StackIdentity, parent?: string): StackState {
    return this.states.get(identity.stackName) ?? emptyStack(identity, parent);
  }

  /** @throws PontoonError if there is no such stack. */
  public require(stackName: string): StackState {
    const state = this.states.get(stackName);
    if (state === undefined) throw notDeployed(stackName);
    return state;
  }

  /** Has a stack exist. */
  public add(state: StackState, scope: Scope): void {
    this.states.set(state.identity.stackName, state);
    this.scopes.set(state.identity.stackName, scope);
  }

  /** Has a stack no longer exist. */
  public forget(stackName: string): void {
    this.states.delete(stackName);
  }

  /** Keeps what expressions of a stack mean now; the function returned brings it back. */
  public rememberScope(stackName: string): () => void {
    const scope = this.scopes.get(stackName);
    return () => {
      if (scope !== undefined) this.scopes.set(stackName, scope);
    };
  }

  /** @throws ValidationError for what has no value; PontoonError if there is no such stack. */
  public evaluate(stackName: string, expression: unknown, at: string): unknown {
    const scope = this.scopes.get(stackName);
    if (scope === undefined || !this.states.has(stackName)) throw notDeployed(stackName);
    return new Evaluator(scope).evaluate(expression, at);
  }

  /** Names of the stacks that use an export, quoted. */
  public usersOf(exportName: string): readonly string[] {
    return [...this.states.values()]
      .filter(({ imports }) => imports.has(exportName))
      .map(({ identity }) => `"${identity.stackName}"`);
  }

  /** @throws PontoonError if another stack uses an export of this one. */
  public requireUnused(state: StackState): void {
    for (const name of state.exports.keys()) {
      const users = this.usersOf(name);
      if (users.length === 0) continue;
      throw new PontoonError(
        'STACK',
        `stack "${state.identity.stackName}" cannot be deleted while its export "${name}" is used by ${users.join(', ')}; delete what uses it first`,
      );
    }
  }
}

function notDeployed(stackName: string): PontoonError {
  return new PontoonError(
    'STACK',
    `stack "${stackName}" must be deployed, got no such stack; deploy it first`,
  );
}
