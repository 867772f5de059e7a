export { divide, overlap, partProblems, type SelectionPart, unite } from './parts';
export { readSelection } from './read';
export { FilterOperator, type RowFilter, rowFilterSql } from './row-filter';
export { quoteForMessage, selectionProblems } from './rules';
export {
  OWN_SCHEMA,
  type SelectedTable,
  selectedSchemas,
  selectedTable,
  selectionUses,
  selects,
  type TableSelection,
} from './selection';
export { selectionSql } from './sql';
