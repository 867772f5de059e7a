import { PontoonError } from '../../postgres';
import {
  type PlainRecord,
  resolveDynamicReferences,
  type Scope,
  type TemplateResource,
} from '../assembly';
import type { CustomResourceAnswer } from './custom-resource-answer';
import type { CustomResourceCaller } from './custom-resource-caller';
import { stringifyScalars } from './custom-resource-event';
import { ResourceFailure } from './resource-failure';
import type { ResourceOutcome, ResourcePlayer, ResourceRequest } from './resource-player';

/** A resource after its driver ran. */
export interface DrivenOutcome {
  readonly outcome: ResourceOutcome | undefined;
  readonly noEcho: boolean;
}

/** Makes, updates and deletes the resources of one type for a stack operation. */
export interface ResourceDriver {
  /** Properties that are evaluated; undefined for all. */
  readonly uses: readonly string[] | undefined;
  /** Gives evaluated properties the form in which this kind of resource gets them. */
  readonly prepare: (properties: PlainRecord, at: string, scope: Scope) => PlainRecord;
  readonly create: (request: ResourceRequest) => Promise<DrivenOutcome>;
  /** Throws for an update that CloudFormation refuses before anything is called. */
  readonly requireUpdatable?: (request: ResourceRequest, previous: PlainRecord) => void;
  readonly update: (
    request: ResourceRequest,
    previous: { readonly properties: PlainRecord; readonly outcome: ResourceOutcome },
  ) => Promise<DrivenOutcome>;
  /** Whether going back to an earlier physical id needs no call, since it still exists. */
  readonly revertsByKeeping: boolean;
  readonly delete: (request: ResourceRequest, current: ResourceOutcome) => Promise<void>;
  /** Ends an update or creation that will not be rolled back any more. */
  readonly commit?: (current: ResourceOutcome) => Promise<void>;
}

/** Whether CloudFormation treats the type as a custom resource. */
export function isCustomType(type: string): boolean {
  return type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource';
}

/**
 * Refuses to change the type of a custom resource, as CloudFormation does.
 *
 * @throws PontoonError
 */
export function requireReplaceable(before: TemplateResource, after: TemplateResource): void {
  if (!isCustomType(before.type) && !isCustomType(after.type)) return;
  throw new PontoonError(
    'RESOURCE_FAILED',
    `'Type' of "${after.logicalId}" cannot be changed, got ${after.type} after ${before.type}, since CloudFormation refuses it for custom resources; give the resource another logical id`,
  );
}

/** The driver of a type that nobody plays: nothing runs, and its properties are not evaluated. */
export const notPlayedDriver: ResourceDriver = {
  uses: [],
  prepare: (properties) => properties,
  create: async () => ({ outcome: undefined, noEcho: false }),
  update: async () => ({ outcome: undefined, noEcho: false }),
  revertsByKeeping: true,
  delete: async () => undefined,
};

/** The driver of a type that the caller of the rehearsal plays. */
export function playerDriver(player: ResourcePlayer): ResourceDriver {
  return {
    uses: player.uses,
    prepare: (properties, at, scope) =>
      resolveDynamicReferences(properties, at, scope.dynamicReference) as PlainRecord,
    create: async (request) => ({ outcome: await player.create(request), noEcho: false }),
    update: async (request, previous) => ({
      outcome: await (player.update?.(request, previous.outcome) ?? player.create(request)),
      noEcho: false,
    }),
    revertsByKeeping: player.update === undefined,
    delete: async (request, current) => player.delete?.(request, current),
  };
}

/** The driver of custom resources: events to a function. */
export function customDriver(caller: CustomResourceCaller): ResourceDriver {
  return {
    uses: undefined,
    prepare: (properties, at, scope) =>
      stringifyScalars(resolveForCustomResource(properties, at, scope)),
    create: async (request) =>
      outcomeOf(await caller.call({ ...callOf(request), requestType: 'Create' }), request),
    requireUpdatable: requireSameToken,
    update: async (request, previous) => {
      const answer = await caller.call({
        ...callOf(request),
        requestType: 'Update',
        physicalId: previous.outcome.physicalId,
        oldProperties: previous.properties,
      });
      return outcomeOf(answer, request);
    },
    revertsByKeeping: false,
    delete: async (request, current) => {
      await caller.call({
        ...callOf(request),
        requestType: 'Delete',
        physicalId: current.physicalId,
      });
    },
  };
}

function callOf(request: ResourceRequest) {
  const { stack, logicalId, type, properties } = request;
  return { stack, logicalId, type, properties };
}

function outcomeOf(answer: CustomResourceAnswer, request: ResourceRequest): DrivenOutcome {
  if (answer.physicalId === undefined) {
    throw new ResourceFailure(
      `the answer of "${request.logicalId}" must have a 'PhysicalResourceId', got none`,
      undefined,
    );
  }
  return {
    outcome: { physicalId: answer.physicalId, attributes: answer.data },
    noEcho: answer.noEcho,
  };
}

function requireSameToken(request: ResourceRequest, previous: PlainRecord): void {
  if (request.properties.ServiceToken === previous.ServiceToken) return;
  throw new PontoonError(
    'RESOURCE_FAILED',
    `'ServiceToken' of "${request.logicalId}" cannot be changed, since CloudFormation refuses it; keep the function's logical id and name`,
  );
}

/** CloudFormation resolves only plaintext references in the properties of custom resources. */
function resolveForCustomResource(properties: PlainRecord, at: string, scope: Scope): PlainRecord {
  return resolveDynamicReferences(properties, at, (reference) => {
    if (reference.service === 'ssm') return scope.dynamicReference(reference);
    throw new PontoonError(
      'TEMPLATE',
      `'${at}' cannot use a dynamic reference to ${reference.service}, since CloudFormation does not resolve it in a custom resource; pass the secret's ARN`,
    );
  }) as PlainRecord;
}
