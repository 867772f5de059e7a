import { isRecord, type PlainRecord } from '../assembly';
import { type Data, evaluate, find, isPath } from './paths';

/** The comparisons that are played, and what they compare with. */
const COMPARISONS = {
  IsPresent: 'boolean',
  StringEquals: 'string',
  BooleanEquals: 'boolean',
  NumericGreaterThan: 'number',
} as const;

type Comparison = keyof typeof COMPARISONS;

/** What is wrong with a rule of a Choice. */
export function ruleProblems(rule: unknown, what: string): string[] {
  if (!isRecord(rule))
    return [`'${what}' must be an object, got ${JSON.stringify(rule)}; correct it`];
  const { Next: _next, ...test } = rule;
  if (test.And !== undefined) {
    if (Array.isArray(test.And) && Object.keys(test).length === 1)
      return test.And.flatMap((inner, index) => ruleProblems(inner, `${what}.And[${index}]`));
    return [`'${what}.And' must be a list and stand alone; correct it`];
  }
  const { Variable: variable, ...comparisons } = test;
  const [[name = '', value] = [], ...more] = Object.entries(comparisons);
  const known = isComparison(name) && more.length === 0 && typeof value === COMPARISONS[name];
  return [
    ...(isPath(variable)
      ? []
      : [
          `'${what}.Variable' must be a path of names, got ${JSON.stringify(variable)}; correct it`,
        ]),
    ...(known
      ? []
      : [
          `'${what}' must compare by one of ${Object.keys(COMPARISONS).join(', ')}, got ${Object.keys(comparisons).join(', ') || 'nothing'}; nothing else is played here`,
        ]),
  ];
}

/** Whether a rule holds. */
export function holds(rule: PlainRecord, data: Data): boolean {
  if (Array.isArray(rule.And)) return rule.And.every((inner: PlainRecord) => holds(inner, data));
  const path = String(rule.Variable);
  if (rule.IsPresent !== undefined) return (find(path, data) !== undefined) === rule.IsPresent;
  const value = evaluate(path, data);
  if (typeof rule.NumericGreaterThan === 'number')
    return typeof value === 'number' && value > rule.NumericGreaterThan;
  return value === (rule.StringEquals ?? rule.BooleanEquals);
}

function isComparison(name: string): name is Comparison {
  return Object.hasOwn(COMPARISONS, name);
}
