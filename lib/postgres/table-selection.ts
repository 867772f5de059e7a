import { Problems } from './errors';
import {
  nameProblem,
  type QualifiedName,
  quoteIdentifier,
  quoteLiteral,
  quoteQualified,
  textProblem,
} from './identifiers';
import type { Reader } from './reader';

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
   * Tables that are replicated, beside those of `schemas`, or with columns and filters of their own.
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

/** Says what is wrong with `selection`; `what` is the property as the user typed it. */
export function selectionProblems(selection: TableSelection, what: string): readonly string[] {
  const problems = new Problems();
  const { schemas = [], tables = [], exclude = [] } = selection;
  problems.addIf(
    schemas.length + tables.length === 0,
    `'${what}' must name at least one schema or table, got none; set 'schemas' or 'tables'`,
  );
  for (const [index, schema] of schemas.entries())
    checkSchema(schema, `${what}.schemas[${index}]`, problems);
  for (const [index, table] of tables.entries())
    checkTable(table, `${what}.tables[${index}]`, problems);
  for (const table of duplicates(tables)) {
    problems.add(`'${what}.tables' must name each table once, got ${table} twice; merge the two`);
  }
  for (const [index, table] of exclude.entries()) {
    const at = `${what}.exclude[${index}]`;
    checkSchema(table.schema, `${at}.schema`, problems);
    checkName(table.name, `${at}.name`, problems);
    problems.addIf(
      !schemas.includes(table.schema),
      `'${at}' must exclude from one of 'schemas', got ${quoteForMessage(table)}; remove it or add its schema`,
    );
    problems.addIf(
      tables.some((selected) => sameTable(selected, table)),
      `'${at}' cannot exclude a table that 'tables' selects, got ${quoteForMessage(table)}; remove one of the two`,
    );
  }
  return problems.list();
}

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

/** `filters` as one SQL condition. */
export function rowFilterSql(filters: readonly RowFilter[]): string {
  return filters.map((filter) => `(${conditionSql(filter)})`).join(' AND ');
}

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

function checkTable(table: SelectedTable, at: string, problems: Problems): void {
  checkSchema(table.schema, `${at}.schema`, problems);
  checkName(table.name, `${at}.name`, problems);
  for (const [index, column] of (table.columns ?? []).entries())
    checkName(column, `${at}.columns[${index}]`, problems);
  problems.addIf(
    table.columns?.length === 0,
    `'${at}.columns' must name at least one column, got none; leave it out to replicate all columns`,
  );
  problems.addIf(
    new Set(table.columns).size < (table.columns ?? []).length,
    `'${at}.columns' must name each column once, got ${JSON.stringify(table.columns)}; remove the repetition`,
  );
  for (const [index, filter] of (table.rowFilters ?? []).entries()) {
    checkName(filter.column, `${at}.rowFilters[${index}].column`, problems);
    const [least, most] = VALUE_COUNTS[filter.operator];
    const count = (filter.values ?? []).length;
    const rule = most === Number.POSITIVE_INFINITY ? `at least ${least}` : `exactly ${most}`;
    problems.addIf(
      count < least || count > most,
      `'${at}.rowFilters[${index}].values' must have ${rule} value${most === 1 || rule === 'at least 1' ? '' : 's'} for '${filter.operator}', got ${count}; correct the list`,
    );
    for (const [position, value] of (filter.values ?? []).entries()) {
      const problem = textProblem(value, `${at}.rowFilters[${index}].values[${position}]`);
      if (problem !== undefined) problems.add(problem);
    }
  }
}

function checkSchema(schema: string, at: string, problems: Problems): void {
  checkName(schema, at, problems);
  const own = schema === OWN_SCHEMA || schema === 'information_schema' || schema.startsWith('pg_');
  problems.addIf(
    own,
    `'${at}' cannot be a system schema or pontoon's own, got ${JSON.stringify(schema)}; remove it`,
  );
}

function checkName(name: string, at: string, problems: Problems): void {
  const problem = nameProblem(name, at);
  if (problem !== undefined) problems.add(problem);
}

function sameTable(a: QualifiedName, b: QualifiedName): boolean {
  return a.schema === b.schema && a.name === b.name;
}

function duplicates(tables: readonly QualifiedName[]): string[] {
  const repeated = tables.filter(
    (table, index) => tables.findIndex((other) => sameTable(other, table)) < index,
  );
  return [...new Set(repeated.map(quoteForMessage))];
}

function quoteForMessage(table: QualifiedName): string {
  return (nameProblem(table.schema, 's') ?? nameProblem(table.name, 'n'))
    ? JSON.stringify(table)
    : quoteQualified(table);
}
