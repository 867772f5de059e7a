import { PontoonError, Problems } from '../../postgres';
import type { Evaluator } from './evaluator';
import { INTRINSICS } from './intrinsics';
import { isRecord } from './plain-data';
import { parseSubstitution, splitAttribute } from './substitution';
import type { TemplateResource } from './template';
import { problem } from './template-problem';

/** For each resource that is made, the resources that must be there before it. */
export type DependencyGraph = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Finds what each resource depends on: `Ref`, `Fn::GetAtt`, `Fn::Sub` and `DependsOn`. Resources
 * whose condition is false are left out, and so is the branch of an `Fn::If` that is not taken.
 *
 * @throws ValidationError with every unknown intrinsic and every name that the template lacks.
 */
export function dependencyGraph(evaluator: Evaluator): DependencyGraph {
  const { template, identity } = evaluator.scope;
  const problems = new Problems();
  const made = [...template.resources.values()].filter((resource) =>
    isMade(resource, evaluator, problems),
  );
  const graph = new Map<string, ReadonlySet<string>>();
  for (const resource of made) {
    const at = `Resources.${resource.logicalId}`;
    const search = new ReferenceSearch(evaluator, problems);
    search.visit(resource.properties, `${at}.Properties`);
    for (const name of resource.dependsOn) {
      if (template.resources.has(name)) search.found.add(name);
      else
        problems.add(`'${at}.DependsOn' refers to "${name}", which the template does not define`);
    }
    graph.set(resource.logicalId, search.found);
  }
  for (const [name, output] of template.outputs) {
    new ReferenceSearch(evaluator, problems).visit(output.value, `Outputs.${name}.Value`);
  }
  problems.throwIfAny(`stack "${identity.stackName}"`);
  return new Map(
    [...graph].map(([id, found]) => [id, new Set([...found].filter((name) => graph.has(name)))]),
  );
}

/**
 * The graph's resources, each after everything that it depends on; among equals in the template's
 * order. Deletion runs in the reverse order.
 *
 * @throws PontoonError that prints the cycle.
 */
export function creationOrder(graph: DependencyGraph): readonly string[] {
  const order = new Set<string>();
  const path: string[] = [];
  const visit = (name: string): void => {
    if (order.has(name)) return;
    const start = path.indexOf(name);
    if (start >= 0) {
      throw new PontoonError(
        'TEMPLATE',
        `resources cannot depend on each other in a cycle, got ${[...path.slice(start), name].join(' → ')}; remove one of the references`,
      );
    }
    path.push(name);
    for (const dependency of graph.get(name) ?? []) visit(dependency);
    path.pop();
    order.add(name);
  };
  for (const name of graph.keys()) visit(name);
  return [...order];
}

/** The graph with its edges turned round, by which resources are deleted. */
export function reversed(graph: DependencyGraph): DependencyGraph {
  const result = new Map<string, Set<string>>(
    [...graph.keys()].reverse().map((id) => [id, new Set()]),
  );
  for (const [id, dependencies] of graph) {
    for (const dependency of dependencies) result.get(dependency)?.add(id);
  }
  return result;
}

function isMade(resource: TemplateResource, evaluator: Evaluator, problems: Problems): boolean {
  const { condition, logicalId } = resource;
  if (condition === undefined) return true;
  let made = false;
  problems.collect(() => {
    made = evaluator.condition(condition, `Resources.${logicalId}.Condition`);
  });
  return made;
}

class ReferenceSearch {
  public readonly found = new Set<string>();

  constructor(
    private readonly evaluator: Evaluator,
    private readonly problems: Problems,
  ) {}

  public visit(value: unknown, at: string): void {
    if (Array.isArray(value)) {
      value.forEach((entry, index) => {
        this.visit(entry, `${at}[${index}]`);
      });
    }
    if (!isRecord(value)) return;
    const keys = Object.keys(value);
    for (const [key, entry] of Object.entries(value)) {
      if (key === 'Ref' && keys.length === 1) this.name(String(entry), at);
      else if (key.startsWith('Fn::')) this.intrinsic(key, entry, at);
      else this.visit(entry, `${at}.${key}`);
    }
  }

  private intrinsic(name: string, argument: unknown, at: string): void {
    if (!INTRINSICS.includes(name)) {
      // Evaluating alone knows the wording for each kind of unknown intrinsic.
      this.problems.collect(() => this.evaluator.value({ [name]: argument }, at));
    } else if (name === 'Fn::GetAtt') {
      const [first, ...rest] =
        typeof argument === 'string' ? argument.split('.') : [argument].flat();
      this.name(String(first), `${at}.${name}`);
      this.visit(rest, `${at}.${name}`);
    } else if (name === 'Fn::Sub') {
      this.substitution(argument, `${at}.${name}`);
    } else if (name === 'Fn::If' && Array.isArray(argument)) {
      this.problems.collect(() => {
        const holds = this.evaluator.condition(String(argument[0]), `${at}.${name}[0]`);
        this.visit(holds ? argument[1] : argument[2], `${at}.${name}[${holds ? 1 : 2}]`);
      });
    } else {
      this.visit(argument, `${at}.${name}`);
    }
  }

  private substitution(argument: unknown, at: string): void {
    const [text, given] = [argument].flat();
    this.visit(given, `${at}[1]`);
    const variables = isRecord(given) ? given : {};
    for (const part of parseSubstitution(String(text))) {
      if ('literal' in part || Object.hasOwn(variables, part.variable)) continue;
      this.name(splitAttribute(part.variable)[0], `${at}.\${${part.variable}}`);
    }
  }

  private name(name: string, at: string): void {
    const { template } = this.evaluator.scope;
    if (name.startsWith('AWS::') || template.parameters.has(name)) return;
    if (template.resources.has(name)) this.found.add(name);
    else
      this.problems.add(
        problem(at, `refers to "${name}", which the template does not define`).message,
      );
  }
}
