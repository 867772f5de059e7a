import { isRecord, type PlainRecord } from '../assembly';
import { StatesError } from './states-error';

/** What paths lead into: the state's input by `$`, and the execution's context by `$$`. */
export interface Data {
  readonly input: unknown;
  readonly context: PlainRecord;
}

const PATH = /^\$\$?(?:\.[A-Za-z_]\w*)*$/;
const JSON_TO_STRING = /^States\.JsonToString\((.*)\)$/;

/** Whether `text` is a path as they are played here: names only, without filters, slices and indexes. */
export function isPath(text: unknown): text is string {
  return typeof text === 'string' && PATH.test(text);
}

/** Whether `text` is a path, or `States.JsonToString` of one. */
export function isExpression(text: unknown): text is string {
  return isPath(text) || (typeof text === 'string' && isPath(JSON_TO_STRING.exec(text)?.[1]));
}

/** Where `path` leads, or undefined if it leads nowhere; JSON knows no undefined. */
export function find(path: string, { input, context }: Data): unknown {
  const [root, ...keys] = path.split('.');
  let value: unknown = root === '$$' ? context : input;
  for (const key of keys)
    value = isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return value;
}

/** What an expression gives. Throws States.Runtime if its path leads nowhere. */
export function evaluate(expression: string, data: Data): unknown {
  const inner = JSON_TO_STRING.exec(expression)?.[1];
  if (inner !== undefined) return JSON.stringify(evaluate(inner, data));
  const value = find(expression, data);
  if (value !== undefined) return value;
  throw new StatesError(
    'States.Runtime',
    `The JSONPath '${expression}' could not be found in the input '${JSON.stringify(data.input)}'`,
  );
}

/** A payload template with the fields whose names end with `.$` filled in. */
export function fillTemplate(template: unknown, data: Data): unknown {
  if (Array.isArray(template)) return template.map((item) => fillTemplate(item, data));
  if (!isRecord(template)) return template;
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) =>
      name.endsWith('.$')
        ? [name.slice(0, -2), evaluate(String(value), data)]
        : [name, fillTemplate(value, data)],
    ),
  );
}

/** `input` with `result` where `ResultPath` says: in its place, at a path, or nowhere for null. */
export function place(resultPath: unknown, input: unknown, result: unknown): unknown {
  if (resultPath === null) return input;
  const [, ...keys] = typeof resultPath === 'string' ? resultPath.split('.') : ['$'];
  return placeAt(keys, input, result);
}

function placeAt(keys: readonly string[], input: unknown, result: unknown): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return result;
  if (input !== undefined && !isRecord(input)) {
    throw new StatesError(
      'States.ResultPathMatchFailure',
      `Unable to apply step "${key}" to input ${JSON.stringify(input)}`,
    );
  }
  return { ...input, [key]: placeAt(rest, input?.[key], result) };
}

/** What is wrong with the paths of a payload template. */
export function templateProblems(template: unknown, what: string): string[] {
  if (Array.isArray(template))
    return template.flatMap((item, index) => templateProblems(item, `${what}[${index}]`));
  if (!isRecord(template)) return [];
  return Object.entries(template).flatMap(([name, value]) => {
    if (!name.endsWith('.$')) return templateProblems(value, `${what}.${name}`);
    if (isExpression(value)) return [];
    return [
      `'${what}.${name}' must be a path of names, got ${JSON.stringify(value)}; nothing else is played here`,
    ];
  });
}
