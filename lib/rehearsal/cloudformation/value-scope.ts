import type { Scope, Template } from '../assembly';
import type { AttributeTable, CloudFormationOptions } from './cloudformation-options';
import { isCustomType } from './resource-driver';
import type { StackState } from './stack-state';

/** What the values of a stack's intrinsics come from. */
export interface ValueSources {
  readonly options: CloudFormationOptions;
  readonly state: StackState;
  readonly template: Template;
  readonly parameters: ReadonlyMap<string, unknown>;
  readonly stacks: ReadonlyMap<string, StackState>;
  /** Told of each export that is used. */
  readonly imported: (name: string) => void;
}

/** The scope of a stack: its played resources first, then the table of attributes. */
export function valueScope(sources: ValueSources): Scope {
  const { options, state, template, stacks } = sources;
  const { attributes: table = () => undefined } = options;
  return {
    identity: state.identity,
    template,
    parameters: sources.parameters,
    ssmParameters: new Map(Object.entries(options.ssmParameters ?? {})),
    reference: (id) => {
      const outcome = state.resources.get(id)?.outcome;
      if (outcome === undefined) return lookUp(table, template, id, 'Ref');
      return outcome.reference ?? outcome.physicalId;
    },
    attribute: (id, attribute) => attributeOf(sources, table, id, attribute),
    importValue: (name) => {
      for (const { exports } of stacks.values()) {
        if (!exports.has(name)) continue;
        sources.imported(name);
        return exports.get(name);
      }
      return undefined;
    },
    stackOutput: (stackName, outputName) => stacks.get(stackName)?.outputs.get(outputName),
    availabilityZones:
      options.availabilityZones ?? ((region) => ['a', 'b', 'c'].map((zone) => `${region}${zone}`)),
    dynamicReference: options.dynamicReference ?? (() => undefined),
  };
}

function attributeOf(
  { state, template }: ValueSources,
  table: AttributeTable,
  id: string,
  attribute: string,
): unknown {
  const played = state.resources.get(id);
  const own = played?.outcome?.attributes ?? {};
  if (Object.hasOwn(own, attribute)) return own[attribute];
  // A custom resource has what its function answered, and nothing else.
  if (played?.outcome !== undefined && isCustomType(played.resource.type)) return undefined;
  return lookUp(table, template, id, attribute);
}

function lookUp(table: AttributeTable, template: Template, id: string, attribute: string): unknown {
  const type = template.resources.get(id)?.type;
  return type === undefined ? undefined : table(id, type, attribute);
}
