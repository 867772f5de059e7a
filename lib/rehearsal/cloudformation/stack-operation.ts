import { isDeepStrictEqual } from 'node:util';
import { PontoonError } from '../../postgres';
import {
  creationOrder,
  type DependencyGraph,
  dependencyGraph,
  Evaluator,
  type FileAsset,
  type PlainRecord,
  recordOf,
  type Scope,
  type Template,
  type TemplateResource,
} from '../assembly';
import { type Doomed, deleteResources } from './deletion';
import { walkGraph } from './dependency-walk';
import { type ResourceDriver, requireReplaceable } from './resource-driver';
import { ResourceFailure } from './resource-failure';
import type { ResourceOutcome, ResourceRequest } from './resource-player';
import { requireUsedExports, stackOutputs } from './stack-outputs';
import type { LeftBehind, PlayedResource, StackEvent, StackState } from './stack-state';
import { timed } from './timed-event';

/** What every operation needs from the rehearsal around it. */
export interface OperationContext {
  readonly driverOf: (type: string) => ResourceDriver;
  readonly assets: readonly FileAsset[];
  /** How many resources are played at once. */
  readonly concurrency: number;
  readonly emit: (event: StackEvent) => void;
  readonly leaveBehind: (left: LeftBehind) => void;
  /** Exports of other stacks that the operation used. */
  readonly imports: ReadonlySet<string>;
  /** Names of the stacks that use an export. */
  readonly usersOf: (exportName: string) => readonly string[];
}

interface Change {
  readonly before: PlayedResource | undefined;
  readonly after: PlayedResource;
}

/**
 * Creates or updates one stack: `execute`, then `cleanUp` or `rollBack`. They are apart because a
 * nested stack is cleaned up or rolled back only when its root is.
 */
export class StackOperation {
  private readonly journal: Change[] = [];
  private readonly before: ReadonlyMap<string, PlayedResource>;
  private readonly published: Pick<StackState, 'outputs' | 'exports' | 'imports'>;
  private readonly template: Template;
  private readonly evaluator: Evaluator;
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
    for (const { before, after } of this.journal) {
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
    for (const change of this.journal) {
      const { before, after } = change;
      if (before === undefined) {
        this.state.resources.delete(after.resource.logicalId);
        doomed.push({ played: after, retain: after.resource.deletionPolicy === 'Retain' });
        continue;
      }
      try {
        doomed.push(...(await this.revert(before, after)));
      } catch (error) {
        failures.push(`${before.resource.logicalId}: ${messageOf(error)}`);
      }
    }
    const changed = new Set(this.journal.map(({ after }) => after.resource.logicalId));
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
    const driver = this.context.driverOf(resource.type);
    const properties = this.evaluate(resource, driver);
    const dependencies = this.graph.get(id) ?? new Set<string>();
    const before = this.before.get(id);
    const request = this.request(resource, properties);
    const outcome = before?.outcome;
    if (before === undefined || outcome === undefined) {
      await this.make({ resource, properties, dependencies }, undefined, driver, request);
    } else if (before.resource.type !== resource.type) {
      requireReplaceable(before.resource, resource);
      await this.make({ resource, properties, dependencies }, before, driver, request);
    } else if (isDeepStrictEqual(before.properties, properties)) {
      this.state.resources.set(id, { ...before, resource, dependencies });
    } else {
      driver.requireUpdatable?.(request, before.properties);
      const change = () => driver.update(request, { properties: before.properties, outcome });
      await this.change({ resource, properties, dependencies }, before, change);
    }
  }

  private async make(
    played: Omit<PlayedResource, 'outcome' | 'noEcho'>,
    before: PlayedResource | undefined,
    driver: ResourceDriver,
    request: ResourceRequest,
  ): Promise<void> {
    await this.change(played, before, () => driver.create(request), 'CREATE');
  }

  private async change(
    played: Omit<PlayedResource, 'outcome' | 'noEcho'>,
    before: PlayedResource | undefined,
    run: () => ReturnType<ResourceDriver['create']>,
    action: 'CREATE' | 'UPDATE' = 'UPDATE',
  ): Promise<void> {
    const { logicalId } = played.resource;
    const keep = (outcome: ResourceOutcome | undefined, noEcho: boolean): void => {
      const after = { ...played, outcome, noEcho };
      this.journal.push({ before, after });
      this.state.resources.set(logicalId, after);
    };
    const event = { stackName: this.scope.identity.stackName, resource: played.resource, action };
    try {
      const { outcome, noEcho } = await timed(this.context.emit, event, before?.outcome, run);
      keep(outcome, noEcho);
    } catch (error) {
      const physicalId = error instanceof ResourceFailure ? error.physicalId : undefined;
      const known = physicalId ?? (action === 'UPDATE' ? before?.outcome?.physicalId : undefined);
      if (known !== undefined) keep({ physicalId: known, attributes: {} }, false);
      throw error;
    }
  }

  private keep(doomed: readonly Doomed[], reason: string): void {
    for (const { resource, outcome } of doomed.map(({ played }) => played)) {
      if (outcome === undefined) continue;
      const { logicalId, type } = resource;
      this.context.leaveBehind({ logicalId, type, physicalId: outcome.physicalId, reason });
    }
  }

  /** Gives what is to be deleted once everything else is back. */
  private async revert(before: PlayedResource, after: PlayedResource): Promise<readonly Doomed[]> {
    const { resource } = before;
    const driver = this.context.driverOf(resource.type);
    const current = after.outcome;
    const replacedType = resource.type !== after.resource.type;
    this.state.resources.set(resource.logicalId, before);
    if (current === undefined || before.outcome === undefined) return [];
    if (driver.revertsByKeeping || replacedType) {
      return idOf(before) === idOf(after) ? [] : [{ played: after, retain: false }];
    }
    const request = this.request(resource, before.properties);
    const { stackName } = this.scope.identity;
    const { outcome, noEcho } = await timed(
      this.context.emit,
      { stackName, resource, action: 'UPDATE' },
      current,
      () => driver.update(request, { properties: after.properties, outcome: current }),
    );
    this.state.resources.set(resource.logicalId, { ...before, outcome, noEcho });
    const superseded = [before, after].filter((one) => idOf(one) !== outcome?.physicalId);
    const distinct = new Map(superseded.map((one) => [idOf(one), one]));
    return [...distinct.values()].map((played) => ({ played, retain: false }));
  }

  private evaluate(resource: TemplateResource, driver: ResourceDriver): PlainRecord {
    const at = `Resources.${resource.logicalId}.Properties`;
    const wanted = Object.entries(resource.properties).filter(
      ([name]) => driver.uses?.includes(name) ?? true,
    );
    const evaluated = this.evaluator.evaluate(Object.fromEntries(wanted), at);
    return driver.prepare(recordOf(evaluated), at, this.scope);
  }

  private request(resource: TemplateResource, properties: PlainRecord): ResourceRequest {
    const { logicalId, type } = resource;
    const { assets } = this.context;
    return { stack: this.scope.identity, logicalId, type, properties, assets };
  }
}

function idOf(played: PlayedResource): string | undefined {
  return played.outcome?.physicalId;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
