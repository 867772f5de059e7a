import type { Problems } from '../errors';
import { nameProblem } from '../identifiers';
import { OWN_SCHEMA } from '../table-selection';
import { columnProblem, literalPattern, selectableProblem } from './names';
import type { DmsRule } from './rule';

/** What kind of object a transformation changes on the target. */
export enum DmsTransformationTarget {
  SCHEMA = 'schema',
  TABLE = 'table',
  COLUMN = 'column',
}

/** What a transformation does to the objects that it names. */
export enum DmsTransformationAction {
  /** Gives the name `value`. */
  RENAME = 'rename',
  /** Leaves the column out. */
  REMOVE_COLUMN = 'remove-column',
  CONVERT_LOWERCASE = 'convert-lowercase',
  CONVERT_UPPERCASE = 'convert-uppercase',
  /** Puts `value` before the name. */
  ADD_PREFIX = 'add-prefix',
  /** Takes `value` from the beginning of the name. */
  REMOVE_PREFIX = 'remove-prefix',
  /** Puts `value` in place of `oldValue` at the beginning of the name. */
  REPLACE_PREFIX = 'replace-prefix',
  /** Puts `value` behind the name. */
  ADD_SUFFIX = 'add-suffix',
  /** Takes `value` from the end of the name. */
  REMOVE_SUFFIX = 'remove-suffix',
  /** Puts `value` in place of `oldValue` at the end of the name. */
  REPLACE_SUFFIX = 'replace-suffix',
}

/**
 * One change to how objects are called on the target. DMS allows one action for each object.
 *
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TableMapping.SelectionTransformation.Transformations.html
 */
export interface DmsTransformation {
  /** The kind of object. */
  readonly target: DmsTransformationTarget;
  /** What happens to it. */
  readonly action: DmsTransformationAction;
  /** The schema's exact name on the source. */
  readonly schema: string;
  /**
   * The table's exact name on the source. Not for SCHEMA.
   *
   * @default - every table of the schema
   */
  readonly table?: string;
  /**
   * The column's exact name on the source. Only for COLUMN.
   *
   * @default - every column of the table
   */
  readonly column?: string;
  /**
   * The new name, prefix or suffix; for REMOVE_PREFIX and REMOVE_SUFFIX the one that goes.
   *
   * @default - none, as REMOVE_COLUMN, CONVERT_LOWERCASE and CONVERT_UPPERCASE need
   */
  readonly value?: string;
  /**
   * What REPLACE_PREFIX and REPLACE_SUFFIX replace.
   *
   * @default - none, as the other actions need
   */
  readonly oldValue?: string;
}

const { SCHEMA, TABLE, COLUMN } = DmsTransformationTarget;

const WITHOUT_VALUE: ReadonlySet<DmsTransformationAction> = new Set([
  DmsTransformationAction.REMOVE_COLUMN,
  DmsTransformationAction.CONVERT_LOWERCASE,
  DmsTransformationAction.CONVERT_UPPERCASE,
]);

const WITH_OLD_VALUE: ReadonlySet<DmsTransformationAction> = new Set([
  DmsTransformationAction.REPLACE_PREFIX,
  DmsTransformationAction.REPLACE_SUFFIX,
]);

/** Keeps what is wrong with `transformation`. */
export function checkTransformation(
  transformation: DmsTransformation,
  at: string,
  problems: Problems,
): void {
  checkNames(transformation, at, problems);
  checkValues(transformation, at, problems);
  const { target, action } = transformation;
  problems.addIf(
    action === DmsTransformationAction.REMOVE_COLUMN &&
      (target !== COLUMN || transformation.column === undefined),
    `'${at}' must name the column for 'remove-column', got target '${target}' and ${got(transformation.column)}; set 'target' to COLUMN and give 'column'`,
  );
  problems.addIf(
    action === DmsTransformationAction.RENAME && renamesMany(transformation),
    `'${at}' cannot rename several ${target}s to one name, got no '${target}'; name the ${target}`,
  );
}

/** `transformation` as DMS reads it. */
export function transformationRule({
  target,
  action,
  schema,
  table,
  column,
  value,
  oldValue,
}: DmsTransformation): DmsRule {
  return {
    'rule-type': 'transformation',
    'rule-target': target,
    'object-locator': {
      'schema-name': literalPattern(schema),
      ...(target === SCHEMA ? {} : { 'table-name': pattern(table) }),
      // `[_]` is documented for schemas and tables only; a column that it failed to match would be lost.
      ...(target === COLUMN ? { 'column-name': column ?? '%' } : {}),
    },
    'rule-action': action,
    ...(value === undefined ? {} : { value }),
    ...(oldValue === undefined ? {} : { 'old-value': oldValue }),
  };
}

/** Whether two transformations touch one object, which DMS refuses. */
export function collide(a: DmsTransformation, b: DmsTransformation): boolean {
  const meet = (left?: string, right?: string): boolean =>
    left === undefined || right === undefined || left === right;
  return (
    a.target === b.target &&
    a.schema === b.schema &&
    meet(a.table, b.table) &&
    meet(a.column, b.column)
  );
}

function pattern(name: string | undefined): string {
  return name === undefined ? '%' : literalPattern(name);
}

function renamesMany({ target, table, column }: DmsTransformation): boolean {
  return (target === TABLE && table === undefined) || (target === COLUMN && column === undefined);
}

function checkNames(
  { target, schema, table, column }: DmsTransformation,
  at: string,
  problems: Problems,
): void {
  for (const [name, value] of [
    ['schema', schema],
    ['table', table],
  ] as const) {
    if (value === undefined) continue;
    const what = `${at}.${name}`;
    const problem = nameProblem(value, what) ?? selectableProblem(value, what);
    if (problem !== undefined) problems.add(problem);
  }
  problems.addIf(
    schema === OWN_SCHEMA,
    `'${at}.schema' cannot be '${OWN_SCHEMA}', whose canary must arrive under its own name; remove the transformation`,
  );
  const problem = column === undefined ? undefined : columnProblem(column, `${at}.column`);
  if (problem !== undefined) problems.add(problem);
  problems.addIf(
    table !== undefined && target === SCHEMA,
    `'${at}.table' must be left out for target 'schema', got ${got(table)}; remove it or set 'target' to TABLE`,
  );
  problems.addIf(
    column !== undefined && target !== COLUMN,
    `'${at}.column' must be left out for target '${target}', got ${got(column)}; remove it or set 'target' to COLUMN`,
  );
}

function checkValues(
  { action, value, oldValue }: DmsTransformation,
  at: string,
  problems: Problems,
): void {
  const needsValue = !WITHOUT_VALUE.has(action);
  problems.addIf(
    needsValue !== (value !== undefined && value !== ''),
    `'${at}.value' must be ${needsValue ? 'given' : 'left out'} for '${action}', got ${got(value)}; ${needsValue ? 'add' : 'remove'} it`,
  );
  const needsOld = WITH_OLD_VALUE.has(action);
  problems.addIf(
    needsOld !== (oldValue !== undefined && oldValue !== ''),
    `'${at}.oldValue' must be ${needsOld ? 'given' : 'left out'} for '${action}', got ${got(oldValue)}; ${needsOld ? 'add' : 'remove'} it`,
  );
  const problem =
    action === DmsTransformationAction.RENAME && value !== undefined && value !== ''
      ? nameProblem(value, `${at}.value`)
      : undefined;
  if (problem !== undefined) problems.add(problem);
}

function got(value: string | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
