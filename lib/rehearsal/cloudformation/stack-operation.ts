import { PontoonError } from '../../postgres';
import {
  creationOrder,
  type DependencyGraph,
  dependencyGraph,
  Evaluator,
  type Scope,
  type Template,
} from '../assembly';
import { type Doomed, deleteResources } from './deletion';
import { walkGraph } from './dependency-walk';
import type { OperationContext } from './operation-context';
import { idOf, ResourceChanges } from './resource-changes';
import { requireUsedExports, stackOutputs } from './stack-outputs';
import type { PlayedResource, StackState } from './stack-state';

/**
 * Creates or updates one stack: `execute`, then `cleanUp` or `rollBack`. They are apart because a
 * nested stack is cleaned up or rolled back only when its root is.
 */
export class StackOperation {
  private readonly before: ReadonlyMap<string, PlayedResource>;
  private readonly published: Pick<StackState, 'outputs' | 'exports' | 'imports'>;
  private readonly template: Template;
  private readonly evaluator: Evaluator;
  private readonly changes: ResourceChanges;
  private readonly graph: DependencyGraph;

  /** @throws ValidationError or PontoonError for a template that cannot be played at all. */
  constructor(
    private readonly context: OperationContext,
    private readonly state: StackState,
    private readonly scope: Scope,
  ) {
    this.before = new Map(state.resources);
    const { outputs, exports, imports } = state;
    this.published = { outputs, exports, imports };
    this.template = scope.template;
    this.evaluator = new Evaluator(scope);
    this.changes = new ResourceChanges(context, state, scope, this.evaluator);
    const graph = dependencyGraph(this.evaluator);
    this.graph = new Map(creationOrder(graph).map((id) => [id, graph.get(id) ?? new Set()]));
  }

  /** Makes and updates resources; gives the reason of the first failure. */
  public async execute(): Promise<string | undefined> {
    const { concurrency } = this.context;
    const walk = await walkGraph(this.graph, (id) => this.play(id), {
      concurrency,
      afterFailure: 'stop',
    });
    const [failure] = walk.failures;
    if (failure !== undefined) return `${failure[0]}: ${messageOf(failure[1])}`;
    try {
      const { usersOf, imports } = this.context;
      const published = { ...stackOutputs(this.evaluator), imports };
      requireUsedExports(this.state.exports, published.exports, usersOf);
      Object.assign(this.state, published);
    } catch (error) {
      return messageOf(error);
    }
    return undefined;
  }

  /** Deletes what was replaced and what the template no longer holds. */
  public async cleanUp(): Promise<void> {
    const doomed: Doomed[] = [];
    for (const { before, after } of this.changes.journal) {
      if (after.outcome !== undefined) {
        await this.context.driverOf(after.resource.type).commit?.(after.outcome);
      }
      if (before !== undefined && idOf(before) !== idOf(after)) {
        doomed.push({ played: before, retain: after.resource.updateReplacePolicy === 'Retain' });
      }
    }
    for (const [id, played] of this.before) {
      if (this.graph.has(id)) continue;
      this.state.resources.delete(id);
      doomed.push({ played, retain: played.resource.deletionPolicy.startsWith('Retain') });
    }
    await deleteResources(doomed, this.context, this.scope.identity);
  }

  /** Brings everything back; gives the reasons of what could not be. */
  public async rollBack(): Promise<readonly string[]> {
    const failures: string[] = [];
    const doomed: Doomed[] = [];
    for (const change of this.changes.journal) {
      const { before, after } = change;
      if (before === undefined) {
        this.state.resources.delete(after.resource.logicalId);
        doomed.push({ played: after, retain: after.resource.deletionPolicy === 'Retain' });
        continue;
      }
      try {
        doomed.push(...(await this.changes.revert(before, after)));
      } catch (error) {
        failures.push(`${before.resource.logicalId}: ${messageOf(error)}`);
      }
    }
    const changed = new Set(this.changes.journal.map(({ after }) => after.resource.logicalId));
    for (const [id, played] of this.before) {
      if (!changed.has(id)) this.state.resources.set(id, played);
    }
    Object.assign(this.state, this.published);
    if (failures.length > 0) {
      this.keep(doomed, 'not deleted, since the rollback failed');
      return failures;
    }
    const undeleted = await deleteResources(doomed, this.context, this.scope.identity);
    return undeleted.map(({ reason }) => reason);
  }

  private async play(id: string): Promise<void> {
    const resource = this.template.resources.get(id);
    if (resource === undefined) throw new PontoonError('TEMPLATE', `resource "${id}" is gone`);
    await this.changes.play(resource, this.graph.get(id) ?? new Set(), this.before.get(id));
  }

  private keep(doomed: readonly Doomed[], reason: string): void {
    for (const { resource, outcome } of doomed.map(({ played }) => played)) {
      if (outcome === undefined) continue;
      const { logicalId, type } = resource;
      this.context.leaveBehind({ logicalId, type, physicalId: outcome.physicalId, reason });
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
