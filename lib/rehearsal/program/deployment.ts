import {
  type CutoverInput,
  createTopology,
  PontoonError,
  parseCutover,
  type Topology,
  type TopologyProps,
} from '../../postgres';
import { recordOf } from '../assembly';
import type { RegisteredResource } from '../pulumi-program/registered-resource';

/** Where a server is, as the program says. */
export interface ProgramBinding {
  readonly host: string;
  /** The OCID of the login's secret. */
  readonly secret: string;
}

/** A blue-green deployment as a program registered it. */
export interface RegisteredDeployment {
  /** The component's name. */
  readonly name: string;
  readonly topology: Topology;
  readonly bindings: Readonly<Record<string, ProgramBinding>>;
  /** What `pontoon cutover` reads on stdin. */
  readonly cutover: { readonly text: string; readonly input: CutoverInput };
  /** All that the program registered. */
  readonly resources: readonly RegisteredResource[];
}

/** Components that are rehearsed. */
export const BLUE_GREEN = 'pontoon:index:BlueGreenDeployment';
export const STREAMING_CLUSTER = 'pontoon:index:StreamingCluster';

/**
 * Finds what is to be rehearsed among what a program registered.
 *
 * @throws PontoonError with code NO_DEPLOYMENT unless there is one component of these, or `name` picks one of several.
 */
export function findRehearsed(
  resources: readonly RegisteredResource[],
  name?: string,
): RegisteredResource {
  const all = resources.filter(({ type }) => [BLUE_GREEN, STREAMING_CLUSTER].includes(type));
  const [chosen, ...others] = all.filter((one) => name === undefined || one.name === name);
  if (chosen === undefined || others.length > 0) {
    const known = all.map((one) => `'${one.name}'`).join(', ') || 'none';
    throw new PontoonError(
      'NO_DEPLOYMENT',
      `a program must make one BlueGreenDeployment or StreamingCluster to be rehearsed, got ${known}; ${all.length === 0 ? 'add one' : "name one of them by '--migration'"}`,
    );
  }
  return chosen;
}

/** The blue-green deployment that the component `chosen` is. */
export function deploymentFrom(
  chosen: RegisteredResource,
  resources: readonly RegisteredResource[],
): RegisteredDeployment {
  const outputs = outputsOf(chosen);
  const text = String(outputs.cutover);
  return {
    name: chosen.name,
    topology: createTopology(outputs.topology as TopologyProps),
    bindings: outputs.bindings as RegisteredDeployment['bindings'],
    cutover: { text, input: parseCutover(JSON.parse(text)) },
    resources,
  };
}

/** What a component says of itself, with what is marked as secret as it is. */
export function outputsOf({ outputs = {} }: RegisteredResource): Readonly<Record<string, unknown>> {
  return recordOf(revealed(outputs));
}

/** Resources of the type `type`, with their inputs as a provider gets them. */
export function resourcesOf(
  { resources }: Pick<RegisteredDeployment, 'resources'>,
  type: string,
): readonly (RegisteredResource & { readonly given: Readonly<Record<string, unknown>> })[] {
  return resources
    .filter((resource) => resource.type === type)
    .map((resource) => ({ ...resource, given: recordOf(revealed(resource.inputs)) }));
}

/** `resources` so that each stands after what it is made after. */
export function inOrder(resources: readonly RegisteredResource[]): readonly RegisteredResource[] {
  const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  const ordered = new Set<RegisteredResource>();
  const visit = (resource: RegisteredResource): void => {
    if (ordered.has(resource)) return;
    for (const urn of resource.dependencies) {
      const before = byUrn.get(urn);
      if (before !== undefined) visit(before);
    }
    ordered.add(resource);
  };
  for (const resource of resources) visit(resource);
  return [...ordered];
}

/** `value` with what is marked as secret as it is. */
function revealed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== 'object' || value === null) return value;
  const [first, ...others] = Object.entries(value);
  if (first?.[0] === 'secret' && others.length === 0) return revealed(first[1]);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revealed(item)]));
}
