import { PontoonError } from '../../postgres';
import { findAsset, recordOf, type StackIdentity, type Template } from '../assembly';
import type { DrivenOutcome, ResourceDriver } from './resource-driver';
import { ResourceFailure } from './resource-failure';
import type { ResourceOutcome, ResourceRequest } from './resource-player';
import type { StackOperation } from './stack-operation';
import type { StackState } from './stack-state';

/** What nested stacks need from the rehearsal around them. */
export interface NestedStacks {
  /** The state of a nested stack, made when it is new. */
  readonly stateOf: (stackName: string, root: StackIdentity) => StackState;
  readonly forget: (stackName: string) => void;
  readonly operationOn: (
    state: StackState,
    template: Template,
    parameters: ReadonlyMap<string, unknown>,
  ) => StackOperation;
  readonly deleteStack: (state: StackState) => Promise<readonly string[]>;
  /** Reads a template; the same key gives the same template, since keys are hashes of the content. */
  readonly templateOf: (objectKey: string, file: string) => Template;
}

/** The driver of `AWS::CloudFormation::Stack`: plays the nested template by the same rules. */
export function nestedStackDriver(nested: NestedStacks): ResourceDriver {
  const uncommitted = new Map<string, StackOperation>();
  const run = async (request: ResourceRequest): Promise<DrivenOutcome> => {
    const state = nested.stateOf(nameOf(request), request.stack);
    const operation = nested.operationOn(state, templateOf(request, nested), parametersOf(request));
    const reason = await operation.execute();
    if (reason !== undefined) {
      const left = await operation.rollBack();
      if (state.resources.size === 0) nested.forget(state.identity.stackName);
      throw new ResourceFailure(
        [`nested stack failed: ${reason}`, ...left].join('; '),
        state.resources.size > 0 ? state.identity.stackId : undefined,
      );
    }
    uncommitted.set(state.identity.stackId, operation);
    return { outcome: outcomeOf(state), noEcho: false };
  };
  return {
    uses: ['TemplateURL', 'Parameters'],
    prepare: (properties) => properties,
    revertsByKeeping: false,
    create: run,
    update: async (request, previous) => {
      const operation = uncommitted.get(previous.outcome.physicalId);
      if (operation === undefined) return run(request);
      uncommitted.delete(previous.outcome.physicalId);
      const failures = await operation.rollBack();
      if (failures.length > 0) throw new ResourceFailure(failures.join('; '), undefined);
      return { outcome: outcomeOf(nested.stateOf(nameOf(request), request.stack)), noEcho: false };
    },
    delete: async (request) => {
      const state = nested.stateOf(nameOf(request), request.stack);
      const failures = await nested.deleteStack(state);
      if (failures.length > 0) throw new PontoonError('RESOURCE_FAILED', failures.join('; '));
      uncommitted.delete(state.identity.stackId);
      nested.forget(state.identity.stackName);
    },
    commit: async ({ physicalId }) => {
      await uncommitted.get(physicalId)?.cleanUp();
      uncommitted.delete(physicalId);
    },
  };
}

function nameOf(request: ResourceRequest): string {
  return `${request.stack.stackName}-${request.logicalId}`;
}

function outcomeOf(state: StackState): ResourceOutcome {
  const outputs = [...state.outputs].map(([name, value]) => [`Outputs.${name}`, value]);
  return { physicalId: state.identity.stackId, attributes: Object.fromEntries(outputs) };
}

function parametersOf(request: ResourceRequest): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(recordOf(request.properties.Parameters)));
}

function templateOf(request: ResourceRequest, nested: NestedStacks): Template {
  const url = String(request.properties.TemplateURL);
  const [, bucket, key] = /^https:\/\/[^/]+\/([^/]+)\/(.+)$/.exec(url) ?? [];
  if (bucket === undefined || key === undefined) {
    throw new PontoonError(
      'TEMPLATE',
      `'TemplateURL' of "${request.logicalId}" must be the URL of an asset, got "${url}"`,
    );
  }
  return nested.templateOf(key, findAsset(request.assets, bucket, key, request.stack).path);
}
