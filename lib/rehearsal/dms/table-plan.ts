import { Problems, type QualifiedName, quoteQualified } from '../../postgres';
import {
  type ColumnPlan,
  type ConversionSettings,
  planColumns,
  type SourceColumn,
} from './column-plan';
import { isSelected, locates, names } from './locator';
import type { ColumnFilter, MappingRules } from './mapping-rule';
import { rename } from './renaming';
import { tableFilters } from './table-filters';

/** A table as the source's catalog describes it. */
export interface SourceTable extends QualifiedName {
  readonly columns: readonly SourceColumn[];
  /** Columns of the primary key, in its order; empty if there is none. */
  readonly primaryKey: readonly string[];
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
  const columns = planColumns(table, transformations, { ...settings, lobs }, problems);
  const key = table.primaryKey.flatMap(
    (name) => columns.find(({ source }) => source === name) ?? [],
  );
  const types = new Map(table.columns.map(({ name, type }) => [name, type]));
  const filters = tableFilters(table, rules, types, problems);
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
