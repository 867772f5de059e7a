import type { Problems } from '../errors';
import { nameProblem, quoteIdentifier, quoteLiteral, textProblem } from '../identifiers';

/** How a row filter compares a column; each operator exists in PostgreSQL and in DMS alike. */
export enum FilterOperator {
  EQUAL = 'eq',
  NOT_EQUAL = 'noteq',
  AT_LEAST = 'gte',
  AT_MOST = 'ste',
  BETWEEN = 'between',
  NOT_BETWEEN = 'notbetween',
  IS_NULL = 'null',
  IS_NOT_NULL = 'notnull',
}

/** A condition on one column. Several conditions on a table must all hold, those on one column too. */
export interface RowFilter {
  /** The column that is compared. */
  readonly column: string;
  /** How it is compared. */
  readonly operator: FilterOperator;
  /**
   * What it is compared with: any of these for EQUAL and NOT_EQUAL (none of them), one for AT_LEAST and AT_MOST,
   * two for BETWEEN and NOT_BETWEEN.
   *
   * @default - none, as IS_NULL and IS_NOT_NULL need
   */
  readonly values?: string[];
}

/** How many values each operator takes: [least, most]. */
const VALUE_COUNTS: Readonly<Record<FilterOperator, readonly [number, number]>> = {
  [FilterOperator.EQUAL]: [1, Number.POSITIVE_INFINITY],
  [FilterOperator.NOT_EQUAL]: [1, Number.POSITIVE_INFINITY],
  [FilterOperator.AT_LEAST]: [1, 1],
  [FilterOperator.AT_MOST]: [1, 1],
  [FilterOperator.BETWEEN]: [2, 2],
  [FilterOperator.NOT_BETWEEN]: [2, 2],
  [FilterOperator.IS_NULL]: [0, 0],
  [FilterOperator.IS_NOT_NULL]: [0, 0],
};

/** `filters` as one SQL condition. */
export function rowFilterSql(filters: readonly RowFilter[]): string {
  return filters.map((filter) => `(${conditionSql(filter)})`).join(' AND ');
}

/** Keeps a problem for everything that is wrong with `filter`; `at` is the property as the user typed it. */
export function checkRowFilter(
  { column, operator, values = [] }: RowFilter,
  at: string,
  problems: Problems,
): void {
  const [least, most] = VALUE_COUNTS[operator];
  const rule = most === Number.POSITIVE_INFINITY ? `at least ${least}` : `exactly ${most}`;
  const plural = most === 1 || rule === 'at least 1' ? '' : 's';
  problems.addIf(
    values.length < least || values.length > most,
    `'${at}.values' must have ${rule} value${plural} for '${operator}', got ${values.length}; correct the list`,
  );
  const found = [
    nameProblem(column, `${at}.column`),
    ...values.map((value, position) => textProblem(value, `${at}.values[${position}]`)),
  ];
  for (const problem of found) if (problem !== undefined) problems.add(problem);
}

function conditionSql({ column, operator, values = [] }: RowFilter): string {
  const name = quoteIdentifier(column);
  const literals = values.map(quoteLiteral);
  switch (operator) {
    case FilterOperator.EQUAL:
      return literals.map((literal) => `${name} = ${literal}`).join(' OR ');
    case FilterOperator.NOT_EQUAL:
      return literals.map((literal) => `${name} <> ${literal}`).join(' AND ');
    case FilterOperator.AT_LEAST:
      return `${name} >= ${literals[0]}`;
    case FilterOperator.AT_MOST:
      return `${name} <= ${literals[0]}`;
    case FilterOperator.BETWEEN:
      return `${name} >= ${literals[0]} AND ${name} <= ${literals[1]}`;
    case FilterOperator.NOT_BETWEEN:
      return `${name} < ${literals[0]} OR ${name} > ${literals[1]}`;
    case FilterOperator.IS_NULL:
      return `${name} IS NULL`;
    case FilterOperator.IS_NOT_NULL:
      return `${name} IS NOT NULL`;
  }
}
