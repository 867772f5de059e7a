import { Problems } from '../../postgres';
import type { Evaluation } from './evaluation';
import { CONDITION_FUNCTIONS, INTRINSICS, VALUE_FUNCTIONS } from './intrinsics';
import { parameterValue } from './parameters';
import { isRecord, kindOf } from './plain-data';
import { NO_VALUE, pseudoParameter } from './pseudo-parameters';
import type { Scope } from './scope';
import { problem } from './template-problem';

/**
 * Evaluates the intrinsics of one template. Every unknown intrinsic, name or missing value is an
 * error that names it and where it stands; nothing is ever replaced by an empty string.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 */
export class Evaluator implements Evaluation {
  private readonly conditions = new Map<string, boolean>();
  private readonly underEvaluation: string[] = [];

  constructor(public readonly scope: Scope) {}

  /**
   * The value of what stands at `at` (such as `Resources.Topic.Properties`), with everything
   * that is wrong in it reported at once. Dynamic references stay as they are.
   *
   * @throws ValidationError
   */
  public evaluate(value: unknown, at: string): unknown {
    const problems = new Problems();
    let result: unknown;
    problems.collect(() => {
      result = this.value(value, at);
    });
    problems.throwIfAny(`stack "${this.scope.identity.stackName}"`);
    return result;
  }

  /** Whether the condition `name` of the template holds; `at` is where it is used. */
  public condition(name: string, at: string): boolean {
    const known = this.conditions.get(name);
    if (known !== undefined) return known;
    const definition = this.scope.template.conditions.get(name);
    if (definition === undefined) {
      throw problem(at, `requires a condition of the template, got "${name}", which is none`);
    }
    if (this.underEvaluation.includes(name)) {
      const cycle = [...this.underEvaluation, name].join(' → ');
      throw problem(at, `cannot be evaluated, got conditions in a cycle: ${cycle}`);
    }
    this.underEvaluation.push(name);
    try {
      const holds = this.truth(definition, `Conditions.${name}`);
      this.conditions.set(name, holds);
      return holds;
    } finally {
      this.underEvaluation.pop();
    }
  }

  /** @internal The truth of a condition function or of `{Condition: name}`. */
  public truth(value: unknown, at: string): boolean {
    const named = isRecord(value) ? value.Condition : undefined;
    if (typeof named === 'string') return this.condition(named, at);
    const result = this.value(value, at);
    if (result === true || result === 'true') return true;
    if (result === false || result === 'false') return false;
    throw problem(at, `must be a condition, got ${kindOf(value)}`);
  }

  /** @internal The value of anything that can stand in a template. */
  public value(value: unknown, at: string): unknown {
    if (value === null) {
      throw problem(at, 'must not be null, which CloudFormation refuses; leave it out');
    }
    if (Array.isArray(value)) return this.list(value, at);
    if (!isRecord(value)) return value;
    const keys = Object.keys(value);
    const name = keys.find((key) => key.startsWith('Fn::') || (key === 'Ref' && keys.length === 1));
    if (name === undefined) return this.object(value, at);
    if (keys.length > 1) {
      throw problem(at, `must hold nothing beside ${name}, got ${keys.join(', ')}`);
    }
    return this.intrinsic(name, value[name], at);
  }

  /** @internal What `Ref: name` gives. */
  public ref(name: string, at: string): unknown {
    if (name.startsWith('AWS::')) return pseudoParameter(name, this.scope.identity, at);
    if (this.scope.template.parameters.has(name)) return parameterValue(this.scope, name, at);
    const type = this.requireResource(name, at);
    const found = this.scope.reference(name);
    if (found === undefined) {
      throw problem(
        at,
        `requires the reference (Ref) of "${name}" (${type}), got no value; play the resource or give it in 'attributes'`,
      );
    }
    return found;
  }

  /** @internal What `Fn::GetAtt: [name, attribute]` gives. */
  public attribute(name: string, attribute: string, at: string): unknown {
    const type = this.requireResource(name, at);
    const found = this.scope.attribute(name, attribute);
    if (found === undefined) {
      throw problem(
        at,
        `requires attribute "${attribute}" of "${name}" (${type}), got no value; play the resource or give it in 'attributes'`,
      );
    }
    return found;
  }

  private requireResource(name: string, at: string): string {
    const resource = this.scope.template.resources.get(name);
    if (resource === undefined) {
      throw problem(at, `refers to "${name}", which the template does not define`);
    }
    if (resource.condition !== undefined && !this.condition(resource.condition, at)) {
      throw problem(
        at,
        `refers to "${name}", which is not made because its condition "${resource.condition}" is false`,
      );
    }
    return resource.type;
  }

  private intrinsic(name: string, argument: unknown, at: string): unknown {
    const place = `${at}.${name}`;
    if (name === 'Ref') return this.ref(String(argument), at);
    if (name === 'Fn::Transform') {
      throw problem(
        at,
        'cannot use Fn::Transform, since macros run only in AWS; synthesize its result',
      );
    }
    const transform = 'AWS::LanguageExtensions';
    if (
      (name === 'Fn::Length' || name === 'Fn::ToJsonString') &&
      !this.scope.template.transforms.includes(transform)
    ) {
      throw problem(
        at,
        `cannot use ${name} without 'Transform: ${transform}'; add it to the template`,
      );
    }
    const conditional = CONDITION_FUNCTIONS.get(name);
    if (conditional !== undefined) return conditional(argument, place, this);
    const evaluate = VALUE_FUNCTIONS.get(name);
    if (evaluate !== undefined) return evaluate(argument, place, this);
    throw problem(
      at,
      `cannot use ${name}, an unknown intrinsic; known are ${INTRINSICS.join(', ')}`,
    );
  }

  private list(value: readonly unknown[], at: string): readonly unknown[] {
    const problems = new Problems();
    const result: unknown[] = [];
    value.forEach((entry, index) => {
      problems.collect(() => {
        const evaluated = this.value(entry, `${at}[${index}]`);
        if (evaluated !== NO_VALUE) result.push(evaluated);
      });
    });
    problems.throwIfAny(at);
    return result;
  }

  private object(value: Readonly<Record<string, unknown>>, at: string): unknown {
    const problems = new Problems();
    const entries: [string, unknown][] = [];
    for (const [key, entry] of Object.entries(value)) {
      problems.collect(() => {
        const evaluated = this.value(entry, `${at}.${key}`);
        if (evaluated !== NO_VALUE) entries.push([key, evaluated]);
      });
    }
    problems.throwIfAny(at);
    return Object.fromEntries(entries);
  }
}
