import type { QualifiedName } from '../identifiers';
import type { Reader } from '../reader';
import { FilterOperator } from './row-filter';
import type { TableSelection } from './selection';

/** Reads a selection out of plain data. */
export function readSelection(reader: Reader): TableSelection {
  return {
    schemas: reader.texts('schemas'),
    tables: reader.list('tables', (table) => ({
      ...readTableName(table),
      ...readColumns(table),
      rowFilters: table.list('rowFilters', (filter) => ({
        column: filter.name('column'),
        operator: filter.choice('operator', Object.values(FilterOperator)),
        values: filter.texts('values'),
      })),
    })),
    exclude: reader.list('exclude', readTableName),
  };
}

function readTableName(reader: Reader): QualifiedName {
  return { schema: reader.name('schema'), name: reader.name('name') };
}

function readColumns(reader: Reader): { columns?: string[] } {
  const columns = reader.optionalTexts('columns');
  return columns === undefined ? {} : { columns };
}
