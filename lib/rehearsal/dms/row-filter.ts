import { quoteLiteral } from '../../postgres';
import type { ColumnFilter, FilterCondition } from './mapping-rule';

/**
 * The filters as an SQL condition; `operand` renders a column. The conditions of one filter are
 * alternatives, but all filters must hold, those on one column too, as DMS does.
 */
export function filterSql(
  filters: readonly ColumnFilter[],
  types: ReadonlyMap<string, string>,
  operand: (column: string) => string,
): string {
  return filters
    .map(({ column, conditions }) => {
      const type = types.get(column) ?? 'text';
      const alternatives = conditions.map((each) => conditionSql(each, operand(column), type));
      return `(${alternatives.join(' OR ')})`;
    })
    .join(' AND ');
}

function conditionSql(
  { operator, values }: FilterCondition,
  operand: string,
  type: string,
): string {
  const [first = '', second = ''] = values.map(
    (value) => `CAST(${quoteLiteral(value)} AS ${type})`,
  );
  switch (operator) {
    case 'eq':
      return `${operand} = ${first}`;
    case 'noteq':
      return `${operand} <> ${first}`;
    case 'gte':
      return `${operand} >= ${first}`;
    case 'ste':
    case 'lte':
      return `${operand} <= ${first}`;
    case 'between':
      return `${operand} BETWEEN ${first} AND ${second}`;
    case 'notbetween':
      return `${operand} NOT BETWEEN ${first} AND ${second}`;
    case 'null':
      return `${operand} IS NULL`;
    case 'notnull':
      return `${operand} IS NOT NULL`;
  }
}
