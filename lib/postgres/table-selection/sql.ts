import { type QualifiedName, quoteLiteral } from '../identifiers';
import { OWN_SCHEMA, type TableSelection } from './selection';

/** A SQL condition that holds for the (schema, table) pairs of `selection`, given the two column expressions. */
export function selectionSql(
  selection: TableSelection,
  schemaColumn: string,
  tableColumn: string,
): string {
  const pair = (table: QualifiedName): string =>
    `(${schemaColumn} = ${quoteLiteral(table.schema)} AND ${tableColumn} = ${quoteLiteral(table.name)})`;
  const { schemas = [], tables = [], exclude = [] } = selection;
  const wanted = [
    ...(schemas.length > 0 ? [`${schemaColumn} IN (${schemas.map(quoteLiteral).join(', ')})`] : []),
    ...tables.map(pair),
  ];
  const unwanted = exclude.length > 0 ? ` AND NOT (${exclude.map(pair).join(' OR ')})` : '';
  return `((${wanted.length > 0 ? wanted.join(' OR ') : 'false'})${unwanted} AND ${schemaColumn} <> ${quoteLiteral(OWN_SCHEMA)})`;
}
