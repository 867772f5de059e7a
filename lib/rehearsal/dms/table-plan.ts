import { Problems, type QualifiedName, quoteQualified } from '../../postgres';
import type {
  ColumnFilter,
  Locator,
  MappingRules,
  SelectionRule,
  TransformationRule,
} from './mapping-rule';
import type { LobMode } from './task-settings';

/** A column as the source's catalog describes it. */
export interface SourceColumn {
  readonly name: string;
  /** The type without its modifier. */
  readonly type: string;
  /** Whether the column is a numeric without precision and scale. */
  readonly unconstrainedNumeric: boolean;
  /** Whether the column is a varchar without a length. */
  readonly unboundedVarchar: boolean;
}

/** A table as the source's catalog describes it. */
export interface SourceTable extends QualifiedName {
  readonly columns: readonly SourceColumn[];
  /** Columns of the primary key, in its order; empty if there is none. */
  readonly primaryKey: readonly string[];
}

/** How one column travels. */
export interface ColumnPlan {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly conversion: 'none' | 'numeric' | 'boolean';
  /** Bytes after which a value is cut, or undefined where it never is. */
  readonly lobBytes: number | undefined;
}

/** How one table travels. */
export interface TablePlan {
  readonly source: QualifiedName;
  readonly target: QualifiedName;
  readonly columns: readonly ColumnPlan[];
  /** The plans of the primary key's columns; empty where rows cannot be found on the target. */
  readonly key: readonly ColumnPlan[];
  readonly filters: readonly ColumnFilter[];
  /** Types of all source columns, for filters on columns that do not travel. */
  readonly types: ReadonlyMap<string, string>;
  /** Why the table cannot be migrated, although it is selected. */
  readonly error: string | undefined;
}

/** What decides about conversions beside the mapping rules. */
export interface ConversionSettings {
  readonly lobs: LobMode;
  readonly mapBooleanAsBoolean: boolean;
}

const LOB_TYPES = new Set([
  'text',
  'bytea',
  'json',
  'jsonb',
  'xml',
  'tsvector',
  'tsquery',
  'hstore',
  'citext',
]);

/** Plans for the tables that the rules select. Throws a ValidationError if the rules contradict each other. */
export function planTables(
  tables: readonly SourceTable[],
  rules: MappingRules,
  settings: ConversionSettings,
): readonly TablePlan[] {
  const problems = new Problems();
  const plans = tables
    .filter((table) => isSelected(table, rules))
    .map((table) => planTable(table, rules, settings, problems));
  problems.throwIfAny('DMS table mappings');
  return plans;
}

/** Whether `name` matches `pattern`: `%` stands for any text, `_` for a character, `[ab]` for one of a set. */
export function matches(pattern: string, name: string): boolean {
  const parts = (pattern.match(/\[[^\]]+\]|./gsu) ?? []).map((part) => {
    if (part === '%') return '.*';
    if (part === '_') return '.';
    if (part.startsWith('[') && part.endsWith(']') && part.length > 2) return part;
    return part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`, 'su').test(name);
}

function locates(locator: Locator, table: QualifiedName): boolean {
  return matches(locator.schema, table.schema) && matches(locator.table, table.name);
}

/** Explicit rules and table settings hold names, not patterns. */
function selectsTable({ action, locator }: SelectionRule, table: QualifiedName): boolean {
  return action === 'explicit' ? names(locator, table) : locates(locator, table);
}

function names(locator: Locator, table: QualifiedName): boolean {
  return locator.schema === table.schema && locator.table === table.name;
}

function isSelected(table: QualifiedName, { selections }: MappingRules): boolean {
  const hits = selections.filter((rule) => selectsTable(rule, table));
  return hits.length > 0 && !hits.some(({ action }) => action === 'exclude');
}

function planTable(
  table: SourceTable,
  rules: MappingRules,
  settings: ConversionSettings,
  problems: Problems,
): TablePlan {
  const transformations = rules.transformations.filter(({ locator }) => locates(locator, table));
  const lobs =
    rules.tableSettings.find(({ locator }) => names(locator, table))?.lobs ?? settings.lobs;
  const renamed = (target: 'schema' | 'table', name: string): string =>
    rename(
      transformations.filter((rule) => rule.target === target),
      name,
      table,
      problems,
    );
  const columns = travellingColumns(table, transformations).flatMap((column) =>
    planColumn(column, transformations, { ...settings, lobs }, table, problems),
  );
  const key = table.primaryKey.flatMap(
    (name) => columns.find(({ source }) => source === name) ?? [],
  );
  const types = new Map(table.columns.map(({ name, type }) => [name, type]));
  const filters = rules.selections
    .filter(({ action, locator }) => action === 'include' && locates(locator, table))
    .flatMap((rule) => rule.filters);
  checkFilters(filters, types, table, problems);
  const hasArray = columns.some(({ type }) => type.endsWith('[]'));
  return {
    source: { schema: table.schema, name: table.name },
    target: { schema: renamed('schema', table.schema), name: renamed('table', table.name) },
    columns,
    key: key.length === table.primaryKey.length ? key : [],
    filters,
    types,
    error:
      hasArray && table.primaryKey.length === 0
        ? `table ${quoteQualified(table)} has an array column but no primary key, so DMS suspends it; add a primary key`
        : undefined,
  };
}

function checkFilters(
  filters: readonly ColumnFilter[],
  types: ReadonlyMap<string, string>,
  table: QualifiedName,
  problems: Problems,
): void {
  for (const { column } of filters) {
    const type = types.get(column);
    const where = `a filter on ${quoteQualified(table)}`;
    if (type === undefined)
      problems.add(
        `${where} must name a column of it, got ${JSON.stringify(column)}; correct column-name`,
      );
    else
      problems.addIf(
        LOB_TYPES.has(type),
        `${where} cannot use ${JSON.stringify(column)}, whose type ${type} is a LOB for DMS; filter on another column`,
      );
  }
}

function travellingColumns(
  table: SourceTable,
  transformations: readonly TransformationRule[],
): readonly SourceColumn[] {
  const touches = (action: string, column: SourceColumn): boolean =>
    transformations.some((rule) => rule.action === action && columnMatches(rule, column.name));
  const selective = transformations.some(({ action }) => action === 'include-column');
  return table.columns.filter(
    (column) =>
      !touches('remove-column', column) && (!selective || touches('include-column', column)),
  );
}

function columnMatches({ locator }: TransformationRule, column: string): boolean {
  return locator.column !== undefined && matches(locator.column, column);
}

function planColumn(
  column: SourceColumn,
  transformations: readonly TransformationRule[],
  settings: ConversionSettings,
  table: QualifiedName,
  problems: Problems,
): readonly ColumnPlan[] {
  const isLob = LOB_TYPES.has(column.type) || column.type.endsWith('[]') || column.unboundedVarchar;
  if (isLob && settings.lobs.mode === 'none') return [];
  const renaming = transformations.filter(
    (rule) =>
      rule.target === 'column' &&
      !rule.action.endsWith('-column') &&
      columnMatches(rule, column.name),
  );
  const boolean = column.type === 'boolean' && !settings.mapBooleanAsBoolean;
  return [
    {
      source: column.name,
      target: rename(renaming, column.name, table, problems),
      type: column.type,
      conversion: boolean ? 'boolean' : column.unconstrainedNumeric ? 'numeric' : 'none',
      lobBytes: isLob && settings.lobs.mode === 'limited' ? settings.lobs.bytes : undefined,
    },
  ];
}

function rename(
  rules: readonly TransformationRule[],
  name: string,
  table: QualifiedName,
  problems: Problems,
): string {
  const [rule, second] = rules;
  if (rule === undefined) return name;
  if (second !== undefined) {
    problems.add(
      `mapping rules ${rules.map(({ id }) => id).join(' and ')} cannot both transform ${JSON.stringify(name)} of ${quoteQualified(table)}; DMS takes one transformation for each object, so merge them`,
    );
  }
  return renameOnce(rule, name);
}

function renameOnce({ action, value, oldValue }: TransformationRule, name: string): string {
  switch (action) {
    case 'rename':
      return value;
    case 'convert-lowercase':
      return name.toLowerCase();
    case 'convert-uppercase':
      return name.toUpperCase();
    case 'add-prefix':
      return value + name;
    case 'add-suffix':
      return name + value;
    case 'remove-prefix':
      return name.startsWith(value) ? name.slice(value.length) : name;
    case 'remove-suffix':
      return name.endsWith(value) ? name.slice(0, name.length - value.length) : name;
    case 'replace-prefix':
      return name.startsWith(oldValue) ? value + name.slice(oldValue.length) : name;
    case 'replace-suffix':
      return name.endsWith(oldValue) ? name.slice(0, name.length - oldValue.length) + value : name;
    case 'remove-column':
    case 'include-column':
      return name;
  }
}
