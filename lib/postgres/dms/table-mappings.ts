import { Problems } from '../errors';
import type { QualifiedName } from '../identifiers';
import {
  FilterOperator,
  OWN_SCHEMA,
  type RowFilter,
  type SelectedTable,
  selectionProblems,
  type TableSelection,
} from '../table-selection';
import { columnProblem, literalPattern, selectableProblem } from './names';
import type { DmsRule, DmsTableMappings } from './rule';
import {
  checkTableSettings,
  type DmsTableSettings,
  exactLocator,
  tableSettingsRule,
} from './table-settings';
import {
  checkTransformation,
  collide,
  type DmsTransformation,
  DmsTransformationAction,
  DmsTransformationTarget,
  transformationRule,
} from './transformations';

/** What a DMS task does beside selecting. */
export interface DmsMappingOptions {
  /**
   * Changes to names on the target.
   *
   * @default - none
   */
  readonly transformations?: DmsTransformation[];
  /**
   * How single tables are loaded.
   *
   * @default - as the task's settings say
   */
  readonly tableSettings?: DmsTableSettings[];
}

/** The longest mapping that DMS processes, in bytes. */
const MAX_BYTES = 2 * 1024 * 1024;

/**
 * The table mappings of a DMS task that replicates `selection`.
 *
 * Whole schemas become patterns, in which `_` is written `[_]` so that no other name matches. Single tables become
 * `explicit` rules, or `include` rules if they have filters, since DMS filters only there; both hold exact names.
 * Exclusions come last and always contain the schema `pontoon`. A column list becomes `include-column` rules: the
 * other action, `remove-column`, would need every other column's name, and would let columns of later pass.
 *
 * @throws ValidationError that lists everything that DMS cannot do.
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TableMapping.SelectionTransformation.html
 */
export function compileTableMappings(
  selection: TableSelection,
  options: DmsMappingOptions = {},
): DmsTableMappings {
  const found = tableMappingProblems(selection, options);
  const problems = new Problems();
  for (const problem of found) problems.add(problem);
  problems.throwIfAny('the DMS table mappings');
  const rules = [
    ...selectionRules(selection),
    ...transformationsOf(selection, options).map(transformationRuleOf),
    ...(options.tableSettings ?? []).map(tableSettingsRule),
  ];
  return { rules: rules.map(numbered) };
}

/** Says everything that keeps DMS from replicating `selection`; `what` is the property as the user typed it. */
export function tableMappingProblems(
  selection: TableSelection,
  options: DmsMappingOptions = {},
  what = 'selection',
): readonly string[] {
  const problems = new Problems();
  for (const problem of selectionProblems(selection, what)) problems.add(problem);
  checkSelectable(selection, what, problems);
  for (const [index, transformation] of (options.transformations ?? []).entries())
    checkTransformation(transformation, `transformations[${index}]`, problems);
  checkCollisions(selection, options, what, problems);
  for (const [index, settings] of (options.tableSettings ?? []).entries())
    checkTableSettings(settings, selection, `tableSettings[${index}]`, problems);
  checkRepeatedSettings(options.tableSettings ?? [], problems);
  return problems.list();
}

/** Whether `mappings` are short enough for DMS; measured on their JSON text. */
export function mappingsFit(mappings: DmsTableMappings): boolean {
  // Every character outside of ASCII counts four bytes, so that this never passes what is too long.
  const text = JSON.stringify(mappings);
  return [...text].reduce((bytes, char) => bytes + (char < '\x80' ? 1 : 4), 0) <= MAX_BYTES;
}

function numbered(rule: DmsRule, index: number): DmsRule {
  const id = String(index + 1);
  return { 'rule-id': id, 'rule-name': `pontoon-${id}`, ...rule };
}

function selectionRules({ schemas = [], tables = [], exclude = [] }: TableSelection): DmsRule[] {
  const single = tables.filter((table) => !schemas.includes(table.schema));
  return [
    ...schemas.map((schema) => selectionRule('include', allTablesOf(schema))),
    ...single.map(tableRule),
    ...exclude.map((table) => selectionRule('exclude', literalLocator(table))),
    selectionRule('exclude', allTablesOf(OWN_SCHEMA)),
  ];
}

function tableRule(table: SelectedTable): DmsRule {
  const { rowFilters = [] } = table;
  if (rowFilters.length === 0) return selectionRule('explicit', exactLocator(table));
  return { ...selectionRule('include', exactLocator(table)), filters: rowFilters.flatMap(filters) };
}

function selectionRule(action: 'include' | 'exclude' | 'explicit', locator: DmsRule): DmsRule {
  return { 'rule-type': 'selection', 'object-locator': locator, 'rule-action': action };
}

function allTablesOf(schema: string): DmsRule {
  return { 'schema-name': literalPattern(schema), 'table-name': '%' };
}

function literalLocator({ schema, name }: QualifiedName): DmsRule {
  return { 'schema-name': literalPattern(schema), 'table-name': literalPattern(name) };
}

/** DMS joins filters by AND and the conditions inside a filter by OR. */
function filters({ column, operator, values = [] }: RowFilter): DmsRule[] {
  const filter = (...conditions: DmsRule[]): DmsRule => ({
    'filter-type': 'source',
    'column-name': column,
    'filter-conditions': conditions,
  });
  const [first, second] = values;
  const conditions = values.map((value) => ({ 'filter-operator': operator, value }));
  switch (operator) {
    case FilterOperator.EQUAL:
    case FilterOperator.AT_LEAST:
    case FilterOperator.AT_MOST:
      return [filter(...conditions)];
    case FilterOperator.NOT_EQUAL:
      return conditions.map((condition) => filter(condition));
    case FilterOperator.BETWEEN:
    case FilterOperator.NOT_BETWEEN:
      return [filter({ 'filter-operator': operator, 'start-value': first, 'end-value': second })];
    case FilterOperator.IS_NULL:
    case FilterOperator.IS_NOT_NULL:
      return [filter({ 'filter-operator': operator })];
  }
}

/** A transformation, or a column that a selected table keeps. */
type Change = DmsTransformation | KeptColumn;

interface KeptColumn {
  readonly target: DmsTransformationTarget.COLUMN;
  readonly action: 'include-column';
  readonly schema: string;
  readonly table: string;
  readonly column: string;
}

function transformationsOf(selection: TableSelection, options: DmsMappingOptions): Change[] {
  return [...keptColumns(selection), ...(options.transformations ?? [])];
}

function keptColumns({ tables = [] }: TableSelection): KeptColumn[] {
  return tables.flatMap((table) =>
    (table.columns ?? []).map((column) => ({
      target: DmsTransformationTarget.COLUMN as const,
      action: 'include-column' as const,
      schema: table.schema,
      table: table.name,
      column,
    })),
  );
}

function transformationRuleOf(change: Change): DmsRule {
  if (change.action !== 'include-column') return transformationRule(change);
  const rule = transformationRule({ ...change, action: DmsTransformationAction.REMOVE_COLUMN });
  return { ...rule, 'rule-action': change.action };
}

function checkSelectable(selection: TableSelection, what: string, problems: Problems): void {
  const { schemas = [], tables = [], exclude = [] } = selection;
  const check = (name: string, at: string): void => {
    const problem = selectableProblem(name, at);
    if (problem !== undefined) problems.add(problem);
  };
  for (const [index, schema] of schemas.entries()) check(schema, `${what}.schemas[${index}]`);
  for (const [index, { schema, name }] of exclude.entries()) {
    check(schema, `${what}.exclude[${index}].schema`);
    check(name, `${what}.exclude[${index}].name`);
  }
  for (const [index, table] of tables.entries()) {
    const at = `${what}.tables[${index}]`;
    check(table.schema, `${at}.schema`);
    check(table.name, `${at}.name`);
    checkColumns(table, at, problems);
    problems.addIf(
      (table.rowFilters ?? []).length > 0 && schemas.includes(table.schema),
      `'${at}.rowFilters' cannot narrow a table whose whole schema is in 'schemas' in a DMS mapping, which would replicate all its rows, got schema ${JSON.stringify(table.schema)}; name the tables of that schema one by one, or use a NATIVE link`,
    );
  }
}

function checkColumns(table: SelectedTable, at: string, problems: Problems): void {
  const named = [
    ...(table.columns ?? []).map((name, index) => [name, `${at}.columns[${index}]`] as const),
    ...(table.rowFilters ?? []).map(
      ({ column }, index) => [column, `${at}.rowFilters[${index}].column`] as const,
    ),
  ];
  for (const [name, place] of named) {
    const problem = name === '' ? undefined : columnProblem(name, place);
    if (problem !== undefined && !problems.list().includes(problem)) problems.add(problem);
  }
}

function checkCollisions(
  selection: TableSelection,
  options: DmsMappingOptions,
  what: string,
  problems: Problems,
): void {
  const given = options.transformations ?? [];
  const kept = keptColumns(selection).map((column) => ({
    ...column,
    action: DmsTransformationAction.REMOVE_COLUMN,
  }));
  for (const [index, transformation] of given.entries()) {
    const earlier = given.findIndex((other) => collide(other, transformation));
    problems.addIf(
      earlier < index,
      `'transformations[${index}]' cannot change what 'transformations[${earlier}]' changes, since DMS allows one action for each ${transformation.target}; merge the two`,
    );
    const listed = kept.find((column) => collide(column, transformation));
    if (listed !== undefined) {
      problems.add(
        `'transformations[${index}]' cannot change column ${JSON.stringify(listed.column)}, which '${what}.tables' lists, since DMS allows one action for each column; remove one of the two`,
      );
    }
  }
}

function checkRepeatedSettings(settings: readonly DmsTableSettings[], problems: Problems): void {
  for (const [index, { schema, name }] of settings.entries()) {
    const earlier = settings.findIndex((other) => other.schema === schema && other.name === name);
    problems.addIf(
      earlier < index,
      `'tableSettings[${index}]' cannot repeat the table of 'tableSettings[${earlier}]', got ${JSON.stringify(`${schema}.${name}`)}; merge the two`,
    );
  }
}
