import { Problems } from '../errors';
import { nameProblem, type QualifiedName, quoteQualified } from '../identifiers';
import { checkRowFilter } from './row-filter';
import { OWN_SCHEMA, type SelectedTable, sameTable, type TableSelection } from './selection';

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
  for (const [index, filter] of (table.rowFilters ?? []).entries())
    checkRowFilter(filter, `${at}.rowFilters[${index}]`, problems);
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

function duplicates(tables: readonly QualifiedName[]): string[] {
  const repeated = tables.filter(
    (table, index) => tables.findIndex((other) => sameTable(other, table)) < index,
  );
  return [...new Set(repeated.map(quoteForMessage))];
}

/** `table` as a message shows it, whatever its name. */
export function quoteForMessage(table: QualifiedName): string {
  return (nameProblem(table.schema, 's') ?? nameProblem(table.name, 'n'))
    ? JSON.stringify(table)
    : quoteQualified(table);
}
