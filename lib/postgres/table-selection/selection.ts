import type { QualifiedName } from '../identifiers';
import type { RowFilter } from './row-filter';

/** One table that is replicated, and which part of it. */
export interface SelectedTable {
  /** The table's schema. */
  readonly schema: string;
  /** The table's name. */
  readonly name: string;
  /**
   * The columns to replicate. They must contain the replica identity.
   *
   * @default - all columns
   */
  readonly columns?: string[];
  /**
   * Conditions that a row must meet. For UPDATE and DELETE they may name only columns of the replica identity.
   *
   * @default - all rows
   */
  readonly rowFilters?: RowFilter[];
}

/**
 * Which tables, columns and rows are replicated. The one selection compiles to the publication, the DMS table
 * mappings and the scope of verification. The schema `pontoon` and the system's schemas never belong to it.
 */
export interface TableSelection {
  /**
   * Schemas all of whose tables are replicated.
   *
   * @default - none
   */
  readonly schemas?: string[];
  /**
   * Tables that are replicated, beside those of `schemas`, or with columns and filters of their own. A cutover carries
   * over the sequences of their schemas that no table owns, too.
   *
   * @default - none
   */
  readonly tables?: SelectedTable[];
  /**
   * Tables of `schemas` that are left out.
   *
   * @default - none
   */
  readonly exclude?: QualifiedName[];
}

/** The schema in which this library keeps its own tables; no selection contains it. */
export const OWN_SCHEMA = 'pontoon';

/** Whether `table` belongs to `selection`. */
export function selects(selection: TableSelection, table: QualifiedName): boolean {
  if (table.schema === OWN_SCHEMA) return false;
  if ((selection.exclude ?? []).some((excluded) => sameTable(excluded, table))) return false;
  return (
    (selection.schemas ?? []).includes(table.schema) ||
    selectedTable(selection, table) !== undefined
  );
}

/** What `selection` says of `table` in particular: its columns and filters. */
export function selectedTable(
  selection: TableSelection,
  table: QualifiedName,
): SelectedTable | undefined {
  return (selection.tables ?? []).find((selected) => sameTable(selected, table));
}

/** The schemas that `selection` reaches into, each once, sorted. */
export function selectedSchemas(selection: TableSelection): string[] {
  const { schemas = [], tables = [] } = selection;
  return [...new Set([...schemas, ...tables.map((table) => table.schema)])].sort();
}

/** Whether any table has row filters or column lists. */
export function selectionUses(selection: TableSelection): {
  readonly rowFilters: boolean;
  readonly columns: boolean;
} {
  const tables = selection.tables ?? [];
  return {
    rowFilters: tables.some((table) => (table.rowFilters ?? []).length > 0),
    columns: tables.some((table) => table.columns !== undefined),
  };
}

/** Whether `a` and `b` name the same table. */
export function sameTable(a: QualifiedName, b: QualifiedName): boolean {
  return a.schema === b.schema && a.name === b.name;
}
