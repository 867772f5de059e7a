import { divideNetwork } from './cidr';
import type { Evaluation } from './evaluation';
import { isRecord, isScalar, kindOf, recordOf } from './plain-data';
import { NO_VALUE } from './pseudo-parameters';
import { parseSubstitution, splitAttribute } from './substitution';
import { problem } from './template-problem';

type Intrinsic = (argument: unknown, at: string, evaluator: Evaluation) => unknown;

/** @internal Intrinsics that compute a truth, or choose by one. */
export const CONDITION_FUNCTIONS: ReadonlyMap<string, Intrinsic> = new Map<string, Intrinsic>([
  ['Fn::If', chooseByCondition],
  [
    'Fn::Equals',
    (argument, at, evaluator) => {
      const [left, right] = listOf(argument, at, 2).map((entry, index) =>
        evaluator.value(entry, `${at}[${index}]`),
      );
      return comparable(left) === comparable(right);
    },
  ],
  ['Fn::And', (argument, at, evaluator) => truths(argument, at, evaluator).every(Boolean)],
  ['Fn::Or', (argument, at, evaluator) => truths(argument, at, evaluator).some(Boolean)],
  [
    'Fn::Not',
    (argument, at, evaluator) => !evaluator.truth(listOf(argument, at, 1)[0], `${at}[0]`),
  ],
]);

/** @internal Intrinsics that compute a value. */
export const VALUE_FUNCTIONS: ReadonlyMap<string, Intrinsic> = new Map<string, Intrinsic>([
  ['Fn::GetAtt', getAttribute],
  ['Fn::Join', join],
  ['Fn::Sub', substitute],
  ['Fn::Select', select],
  ['Fn::Split', split],
  [
    'Fn::Base64',
    (argument, at, evaluator) =>
      Buffer.from(text(evaluator.value(argument, at), at)).toString('base64'),
  ],
  [
    'Fn::GetAZs',
    (argument, at, evaluator) => {
      const region = text(evaluator.value(argument, at), at);
      return evaluator.scope.availabilityZones(region || evaluator.scope.identity.region);
    },
  ],
  ['Fn::ImportValue', importValue],
  ['Fn::GetStackOutput', getStackOutput],
  ['Fn::FindInMap', findInMap],
  ['Fn::Cidr', cidr],
  ['Fn::Length', (argument, at, evaluator) => list(evaluator.value(argument, at), at).length],
  ['Fn::ToJsonString', (argument, at, evaluator) => JSON.stringify(evaluator.value(argument, at))],
]);

/** Names of the intrinsics that are evaluated. */
export const INTRINSICS: readonly string[] = [
  'Ref',
  ...CONDITION_FUNCTIONS.keys(),
  ...VALUE_FUNCTIONS.keys(),
];

function chooseByCondition(argument: unknown, at: string, evaluator: Evaluation): unknown {
  const [name, whenTrue, whenFalse] = listOf(argument, at, 3);
  const holds = evaluator.condition(text(name, `${at}[0]`), `${at}[0]`);
  return holds ? evaluator.value(whenTrue, `${at}[1]`) : evaluator.value(whenFalse, `${at}[2]`);
}

function truths(argument: unknown, at: string, evaluator: Evaluation): boolean[] {
  return list(argument, at).map((entry, index) => evaluator.truth(entry, `${at}[${index}]`));
}

function getAttribute(argument: unknown, at: string, evaluator: Evaluation): unknown {
  if (typeof argument === 'string') {
    const [name, attribute] = splitAttribute(argument);
    if (attribute !== undefined) return evaluator.attribute(name, attribute, at);
    throw problem(at, `must be 'logicalId.attribute', got "${argument}"`);
  }
  const [name, ...rest] = list(argument, at);
  const attribute = rest
    .map((entry, index) => text(evaluator.value(entry, `${at}[${index + 1}]`), at))
    .join('.');
  if (attribute === '') throw problem(at, 'must name a resource and an attribute');
  return evaluator.attribute(text(name, `${at}[0]`), attribute, at);
}

function join(argument: unknown, at: string, evaluator: Evaluation): string {
  const [delimiter, parts] = listOf(argument, at, 2);
  return list(evaluator.value(parts, `${at}[1]`), `${at}[1]`)
    .map((part, index) => text(part, `${at}[1][${index}]`))
    .join(text(delimiter, `${at}[0]`));
}

function substitute(argument: unknown, at: string, evaluator: Evaluation): string {
  const [template, given] = Array.isArray(argument) ? listOf(argument, at, 2) : [argument, {}];
  if (!isRecord(given)) throw problem(`${at}[1]`, `must be an object, got ${kindOf(given)}`);
  return parseSubstitution(text(template, at))
    .map((part) => {
      if ('literal' in part) return part.literal;
      const place = `${at}.\${${part.variable}}`;
      if (Object.hasOwn(given, part.variable)) {
        return text(evaluator.value(given[part.variable], place), place);
      }
      const [name, attribute] = splitAttribute(part.variable);
      return text(
        attribute === undefined
          ? evaluator.ref(name, place)
          : evaluator.attribute(name, attribute, place),
        place,
      );
    })
    .join('');
}

function select(argument: unknown, at: string, evaluator: Evaluation): unknown {
  const [position, source] = listOf(argument, at, 2);
  const index = Number(text(evaluator.value(position, `${at}[0]`), `${at}[0]`));
  const entries = list(evaluator.value(source, `${at}[1]`), `${at}[1]`);
  if (!Number.isInteger(index) || index < 0 || index >= entries.length) {
    throw problem(at, `must select one of ${entries.length} entries, got index ${index}`);
  }
  return entries[index];
}

function split(argument: unknown, at: string, evaluator: Evaluation): string[] {
  const [delimiter, source] = listOf(argument, at, 2);
  const separator = text(delimiter, `${at}[0]`);
  if (separator === '') throw problem(`${at}[0]`, 'must not be empty');
  return text(evaluator.value(source, `${at}[1]`), `${at}[1]`).split(separator);
}

function importValue(argument: unknown, at: string, evaluator: Evaluation): unknown {
  const name = text(evaluator.value(argument, at), at);
  const found = evaluator.scope.importValue(name);
  if (found !== undefined) return found;
  throw problem(
    at,
    `requires the export "${name}" of another stack, got none; deploy the stack that exports it first`,
  );
}

function getStackOutput(argument: unknown, at: string, evaluator: Evaluation): unknown {
  const asked = recordOf(evaluator.value(argument, at));
  const region = asked.Region ?? evaluator.scope.identity.region;
  const elsewhere = region !== evaluator.scope.identity.region || asked.RoleArn !== undefined;
  if (elsewhere) throw problem(at, 'cannot reach into another region or account');
  const stack = text(asked.StackName, `${at}.StackName`);
  const output = text(asked.OutputName, `${at}.OutputName`);
  const found = evaluator.scope.stackOutput(stack, output);
  if (found !== undefined) return found;
  throw problem(at, `requires output "${output}" of stack "${stack}", got none; deploy it first`);
}

function findInMap(argument: unknown, at: string, evaluator: Evaluation): unknown {
  const all = list(argument, at);
  const [map, top, second] = all
    .slice(0, 3)
    .map((entry, index) => text(evaluator.value(entry, `${at}[${index}]`), `${at}[${index}]`));
  if (map === undefined || top === undefined || second === undefined) {
    throw problem(at, `must name a map and two keys, got a list of ${all.length}`);
  }
  const found = recordOf(recordOf(evaluator.scope.template.mappings.get(map))[top])[second];
  if (found !== undefined) return found;
  const options = recordOf(all[3]);
  if (Object.hasOwn(options, 'DefaultValue')) {
    return evaluator.value(options.DefaultValue, `${at}[3].DefaultValue`);
  }
  throw problem(at, `requires an entry of the mappings, got "${map}"."${top}"."${second}"`);
}

function cidr(argument: unknown, at: string, evaluator: Evaluation): readonly string[] {
  const parts = list(argument, at).map((entry, index) =>
    text(evaluator.value(entry, `${at}[${index}]`), `${at}[${index}]`),
  );
  const [block = '', count = '', bits = block.includes(':') ? '64' : '8'] = parts;
  const found = divideNetwork(block, Number(count), Number(bits));
  if (found !== undefined) return found;
  throw problem(at, `cannot divide "${block}" into ${count} networks of ${bits} host bits`);
}

function comparable(value: unknown): string {
  return isScalar(value) ? String(value) : JSON.stringify(value);
}

function text(value: unknown, at: string): string {
  if (isScalar(value)) return String(value);
  throw problem(at, `must be a string, got ${describe(value)}`);
}

function list(value: unknown, at: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw problem(at, `must be a list, got ${describe(value)}`);
}

function listOf(value: unknown, at: string, length: number): readonly unknown[] {
  const entries = list(value, at);
  if (entries.length !== length) {
    throw problem(at, `must be a list of ${length}, got ${entries.length}`);
  }
  return entries;
}

function describe(value: unknown): string {
  return value === NO_VALUE ? 'AWS::NoValue' : kindOf(value);
}
