import type { LobMode } from './task-settings';

/** Actions that change a name. */
export const RENAMING = [
  'rename',
  'convert-lowercase',
  'convert-uppercase',
  'add-prefix',
  'remove-prefix',
  'replace-prefix',
  'add-suffix',
  'remove-suffix',
  'replace-suffix',
] as const;
/** How a filter compares. `ste` and `lte` are the same. */
export const FILTER_OPERATORS = [
  'eq',
  'noteq',
  'gte',
  'ste',
  'lte',
  'between',
  'notbetween',
  'null',
  'notnull',
] as const;

/** A locator of DMS, in which `%` stands for any text. */
export interface Locator {
  readonly schema: string;
  readonly table: string;
  readonly column?: string;
}

/** One condition on a column's value. */
export interface FilterCondition {
  readonly operator: (typeof FILTER_OPERATORS)[number];
  readonly values: readonly string[];
}

/** One filter: conditions on a column, any of which suffices. Filters on one column must all hold. */
export interface ColumnFilter {
  readonly column: string;
  readonly conditions: readonly FilterCondition[];
}

/** A rule that takes tables in or leaves them out. */
export interface SelectionRule {
  readonly id: string;
  readonly action: 'include' | 'exclude' | 'explicit';
  readonly locator: Locator;
  readonly filters: readonly ColumnFilter[];
}

/** A rule that renames, or that takes columns in or out. */
export interface TransformationRule {
  readonly id: string;
  readonly target: 'schema' | 'table' | 'column';
  readonly action: (typeof RENAMING)[number] | 'remove-column' | 'include-column';
  readonly locator: Locator;
  readonly value: string;
  readonly oldValue: string;
}

/** A rule about how one table's large values travel. */
export interface TableSettingsRule {
  readonly id: string;
  readonly locator: Locator;
  readonly lobs: LobMode | undefined;
}

/** Table mappings, checked. */
export interface MappingRules {
  readonly selections: readonly SelectionRule[];
  readonly transformations: readonly TransformationRule[];
  readonly tableSettings: readonly TableSettingsRule[];
}
