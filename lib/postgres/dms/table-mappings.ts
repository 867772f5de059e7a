import { Problems } from '../errors';
import type { QualifiedName } from '../identifiers';
import { CANARY_TABLE } from '../objects';
import {
  FilterOperator,
  OWN_SCHEMA,
  type RowFilter,
  type SelectedTable,
  type TableSelection,
} from '../table-selection';
import { type KeptColumn, keptColumns } from './kept-columns';
import { type DmsMappingOptions, tableMappingProblems } from './mapping-problems';
import { literalPattern } from './names';
import type { DmsRule, DmsTableMappings } from './rule';
import { exactLocator, tableSettingsRule } from './table-settings';
import {
  type DmsTransformation,
  DmsTransformationAction,
  transformationRule,
} from './transformations';

/** The longest mapping that DMS processes, in bytes. */
const MAX_BYTES = 2 * 1024 * 1024;

/**
 * The table mappings of a DMS task that replicates `selection`.
 *
 * Whole schemas become patterns, in which `_` is written `[_]` so that no other name matches. Single tables become
 * `explicit` rules, or `include` rules if they have filters, since DMS filters only there; both hold exact names.
 * Exclusions come last; they contain the schema `pontoon` unless its canary is selected. A column list becomes
 * `include-column` rules: the other action, `remove-column`, would need every other column's name, and would let
 * columns of later pass.
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
    ownSchemaRule(options),
    ...transformationsOf(selection, options).map(transformationRuleOf),
    ...(options.tableSettings ?? []).map(tableSettingsRule),
  ];
  return { rules: rules.map(numbered) };
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
  ];
}

/** Nothing selects the rest of that schema, so that the canary needs no exclusions beside it. */
function ownSchemaRule({ canary = false }: DmsMappingOptions): DmsRule {
  return canary
    ? selectionRule('explicit', exactLocator(CANARY_TABLE))
    : selectionRule('exclude', allTablesOf(OWN_SCHEMA));
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

function transformationsOf(selection: TableSelection, options: DmsMappingOptions): Change[] {
  return [...keptColumns(selection), ...(options.transformations ?? [])];
}

function transformationRuleOf(change: Change): DmsRule {
  if (change.action !== 'include-column') return transformationRule(change);
  const rule = transformationRule({ ...change, action: DmsTransformationAction.REMOVE_COLUMN });
  return { ...rule, 'rule-action': change.action };
}
