import type { Scope } from './scope';
import { problem } from './template-problem';

const SSM_TYPE = /^AWS::SSM::Parameter::Value<(.*)>$/;

/**
 * The value of a template's parameter: the given one, otherwise its default; for an SSM parameter
 * type, what the parameter store holds under that name. Lists come as lists.
 *
 * @throws PontoonError if there is no value.
 */
export function parameterValue(scope: Scope, name: string, at: string): unknown {
  const parameter = scope.template.parameters.get(name);
  const given = scope.parameters.get(name) ?? parameter?.defaultValue;
  if (parameter === undefined || given === undefined) {
    throw problem(
      at,
      `requires a value of parameter "${name}", which has no default, got none; give it in 'parameters'`,
    );
  }
  const ssm = SSM_TYPE.exec(parameter.type)?.[1];
  if (ssm === undefined) return typed(given, parameter.type);
  const stored = scope.ssmParameters.get(String(given));
  if (stored === undefined) {
    throw problem(
      at,
      `requires the SSM parameter "${given}" (parameter "${name}"), got no value; give it in 'ssmParameters'`,
    );
  }
  return typed(stored, ssm);
}

function typed(value: unknown, type: string): unknown {
  if (type !== 'CommaDelimitedList' && !type.startsWith('List<')) return String(value);
  if (Array.isArray(value)) return value.map(String);
  return String(value)
    .split(',')
    .map((entry) => entry.trim());
}
