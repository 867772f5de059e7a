import type { Problems, QualifiedName } from '../../postgres';
import { columnMatches } from './locator';
import type { TransformationRule } from './mapping-rule';
import { rename } from './renaming';
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

/** How one column travels. */
export interface ColumnPlan {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly conversion: 'none' | 'numeric' | 'boolean';
  /** Bytes after which a value is cut, or undefined where it never is. */
  readonly lobBytes: number | undefined;
}

/** What decides about conversions beside the mapping rules. */
export interface ConversionSettings {
  readonly lobs: LobMode;
  readonly mapBooleanAsBoolean: boolean;
}

/** Types whose values DMS treats as large objects. */
export const LOB_TYPES = new Set([
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

/** How the columns of `table` travel that do. */
export function planColumns(
  table: QualifiedName & { readonly columns: readonly SourceColumn[] },
  transformations: readonly TransformationRule[],
  settings: ConversionSettings,
  problems: Problems,
): readonly ColumnPlan[] {
  return travellingColumns(table.columns, transformations).flatMap((column) =>
    planColumn(column, transformations, settings, table, problems),
  );
}

function travellingColumns(
  columns: readonly SourceColumn[],
  transformations: readonly TransformationRule[],
): readonly SourceColumn[] {
  const touches = (action: string, column: SourceColumn): boolean =>
    transformations.some(
      (rule) => rule.action === action && columnMatches(rule.locator, column.name),
    );
  const selective = transformations.some(({ action }) => action === 'include-column');
  return columns.filter(
    (column) =>
      !touches('remove-column', column) && (!selective || touches('include-column', column)),
  );
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
      columnMatches(rule.locator, column.name),
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
