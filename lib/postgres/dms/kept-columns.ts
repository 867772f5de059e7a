import type { TableSelection } from '../table-selection';
import { DmsTransformationTarget } from './transformations';

/** A column that a selected table keeps, as its column list says. */
export interface KeptColumn {
  readonly target: DmsTransformationTarget.COLUMN;
  readonly action: 'include-column';
  readonly schema: string;
  readonly table: string;
  readonly column: string;
}

/** The columns of all column lists in `selection`. */
export function keptColumns({ tables = [] }: TableSelection): KeptColumn[] {
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
