import { isDeepStrictEqual } from 'node:util';
import {
  type Evaluator,
  type PlainRecord,
  recordOf,
  type Scope,
  type TemplateResource,
} from '../assembly';
import type { Doomed } from './deletion';
import type { OperationContext } from './operation-context';
import { type ResourceDriver, requireReplaceable } from './resource-driver';
import { ResourceFailure } from './resource-failure';
import type { ResourceOutcome, ResourceRequest } from './resource-player';
import type { PlayedResource, StackState } from './stack-state';
import { timed } from './timed-event';

/** A resource that an operation made or updated; `before` is undefined for a new one. */
export interface ResourceChange {
  readonly before: PlayedResource | undefined;
  readonly after: PlayedResource;
}

/** The changes of one operation to the resources of a stack, each of which can be taken back. */
export class ResourceChanges {
  /** What was changed so far, in order; a failed change is among it if it left something. */
  public readonly journal: ResourceChange[] = [];

  constructor(
    private readonly context: OperationContext,
    private readonly state: StackState,
    private readonly scope: Scope,
    private readonly evaluator: Evaluator,
  ) {}

  /** Makes `resource` or updates it to what the template says; `before` is what the stack held. */
  public async play(
    resource: TemplateResource,
    dependencies: ReadonlySet<string>,
    before: PlayedResource | undefined,
  ): Promise<void> {
    const driver = this.context.driverOf(resource.type);
    const properties = this.evaluate(resource, driver);
    const request = this.request(resource, properties);
    const outcome = before?.outcome;
    if (before === undefined || outcome === undefined) {
      await this.make({ resource, properties, dependencies }, undefined, driver, request);
    } else if (before.resource.type !== resource.type) {
      requireReplaceable(before.resource, resource);
      await this.make({ resource, properties, dependencies }, before, driver, request);
    } else if (isDeepStrictEqual(before.properties, properties)) {
      this.state.resources.set(resource.logicalId, { ...before, resource, dependencies });
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

  /** Takes an update back; gives what is to be deleted once everything else is back. */
  public async revert(before: PlayedResource, after: PlayedResource): Promise<readonly Doomed[]> {
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

/** The physical id of what was played, if anything was. */
export function idOf(played: PlayedResource): string | undefined {
  return played.outcome?.physicalId;
}
