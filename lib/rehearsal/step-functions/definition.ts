import { Problems } from '../../postgres';
import { isRecord, type PlainRecord } from '../assembly';
import { ruleProblems } from './choice';
import { isExpression, isPath, templateProblems } from './paths';

/** What a state may hold, by its type. */
const FIELDS = {
  Pass: ['Result', 'ResultPath', 'Next', 'End'],
  Choice: ['Choices', 'Default'],
  Task: [
    'Resource',
    'Parameters',
    'ResultSelector',
    'ResultPath',
    'TimeoutSeconds',
    'Retry',
    'Catch',
    'Next',
    'End',
  ],
  Succeed: ['OutputPath'],
  Fail: ['Error', 'Cause', 'CausePath'],
} as const;

/** The services that tasks call, after the partition. */
export const RESOURCES = ['lambda:invoke', 'sns:publish.waitForTaskToken'] as const;

/** A service that tasks call. */
export type Resource = (typeof RESOURCES)[number];

/** A state of a machine. */
export interface State {
  readonly name: string;
  readonly type: keyof typeof FIELDS;
  readonly fields: PlainRecord;
}

/** A machine as its definition says. */
export interface MachineDefinition {
  readonly startAt: string;
  readonly states: ReadonlyMap<string, State>;
}

/**
 * Reads a definition in the Amazon States Language.
 *
 * @throws ValidationError that lists what AWS would refuse, and what is not played here.
 */
export function readDefinition(text: string, subject: string): MachineDefinition {
  const problems = new Problems();
  const definition = parse(text, problems);
  const { StartAt: startAt, States: states, Comment: _comment, ...rest } = definition;
  for (const name of Object.keys(rest))
    problems.add(`'${name}' is not played here; remove it from the definition`);
  const found = new Map<string, State>();
  for (const [name, state] of Object.entries(isRecord(states) ? states : {})) {
    const read = readState(name, state, problems);
    if (read !== undefined) found.set(name, read);
  }
  const targets = [...found.values()].flatMap(targetsOf);
  for (const [what, name] of [['StartAt', startAt] as const, ...targets]) {
    problems.addIf(
      typeof name !== 'string' || !found.has(name),
      `'${what}' must name a state, got ${JSON.stringify(name) ?? 'nothing'}; correct it`,
    );
  }
  problems.throwIfAny(subject);
  return { startAt: String(startAt), states: found };
}

/** The service that a task calls; undefined if it is none of those that are played. */
export function resourceOf({ Resource: arn }: PlainRecord): Resource | undefined {
  return RESOURCES.find((name) => String(arn).endsWith(`:states:::${name}`));
}

function parse(text: string, problems: Problems): PlainRecord {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
    problems.add("'DefinitionString' must be an object; correct it");
  } catch (error) {
    problems.add(`'DefinitionString' must be JSON, got: ${(error as Error).message}; correct it`);
  }
  return { StartAt: '' };
}

function readState(name: string, state: unknown, problems: Problems): State | undefined {
  const fields = isRecord(state) ? state : {};
  const { Type: type, Comment: _comment, ...rest } = fields;
  if (typeof type !== 'string' || !isType(type)) {
    problems.add(
      `'${name}.Type' must be one of ${Object.keys(FIELDS).join(', ')}, got ${JSON.stringify(type)}; nothing else is played here`,
    );
    return undefined;
  }
  const known: readonly string[] = FIELDS[type];
  for (const field of Object.keys(rest))
    problems.addIf(
      !known.includes(field),
      `'${name}.${field}' is not played here; remove it from the definition`,
    );
  const made = { name, type, fields: rest };
  for (const problem of PROBLEMS[type](made)) problems.add(problem);
  return made;
}

const PROBLEMS: Readonly<Record<State['type'], (state: State) => string[]>> = {
  Pass: (state) => [...endProblems(state), ...pathProblems(state, 'ResultPath')],
  Choice: ({ name, fields }) =>
    Array.isArray(fields.Choices) && fields.Choices.length > 0
      ? fields.Choices.flatMap((rule, index) => ruleProblems(rule, `${name}.Choices[${index}]`))
      : [`'${name}.Choices' must be a list of rules; add them`],
  Task: taskProblems,
  Succeed: (state) => pathProblems(state, 'OutputPath'),
  Fail: ({ name, fields: { CausePath: path } }) =>
    path === undefined || isExpression(path)
      ? []
      : [`'${name}.CausePath' must be a path of names, got ${JSON.stringify(path)}; correct it`],
};

function taskProblems(state: State): string[] {
  const { name, fields } = state;
  const { TimeoutSeconds: seconds, Retry: retry = [], Catch: catches = [] } = fields;
  const named = [...listOf(retry), ...listOf(catches)].every((one) =>
    Array.isArray(one.ErrorEquals),
  );
  return [
    ...endProblems(state),
    ...pathProblems(state, 'ResultPath'),
    ...templateProblems(fields.Parameters, `${name}.Parameters`),
    ...templateProblems(fields.ResultSelector, `${name}.ResultSelector`),
    ...(resourceOf(fields) === undefined
      ? [
          `'${name}.Resource' must end with one of ${RESOURCES.join(', ')}, got ${JSON.stringify(fields.Resource)}; nothing else is played here`,
        ]
      : []),
    ...(seconds === undefined || (Number.isInteger(seconds) && Number(seconds) > 0)
      ? []
      : [
          `'${name}.TimeoutSeconds' must be a whole number above 0, got ${JSON.stringify(seconds)}; correct it`,
        ]),
    ...(named ? [] : [`'${name}.Retry' and 'Catch' must name errors by 'ErrorEquals'; add it`]),
  ];
}

function endProblems({ name, fields }: State): string[] {
  if ((fields.Next === undefined) !== (fields.End === undefined)) return [];
  return [`'${name}' must have either 'Next' or 'End', got both or none; say where it goes on`];
}

function pathProblems({ name, fields }: State, field: string): string[] {
  const path = fields[field];
  if (path === undefined || path === null || isPath(path)) return [];
  return [`'${name}.${field}' must be a path of names, got ${JSON.stringify(path)}; correct it`];
}

/** Where a state leads to, with the name of what says so. */
function targetsOf({ name, fields }: State): (readonly [string, unknown])[] {
  const ways: (readonly [string, unknown])[] = [];
  for (const field of ['Next', 'Default'])
    if (fields[field] !== undefined) ways.push([`${name}.${field}`, fields[field]]);
  for (const field of ['Choices', 'Catch'])
    for (const [index, one] of listOf(fields[field]).entries())
      ways.push([`${name}.${field}[${index}].Next`, one.Next]);
  return ways;
}

/** A list of objects, as a definition that was read holds it. */
export function listOf(value: unknown): PlainRecord[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function isType(type: string): type is State['type'] {
  return Object.hasOwn(FIELDS, type);
}
