import { Problems } from '../errors';
import { type SelectedTable, selectionProblems, type TableSelection } from '../table-selection';
import { keptColumns } from './kept-columns';
import { columnProblem, selectableProblem } from './names';
import { checkTableSettings, type DmsTableSettings } from './table-settings';
import {
  checkTransformation,
  collide,
  type DmsTransformation,
  DmsTransformationAction,
} from './transformations';

/** What a DMS task does beside selecting. */
export interface DmsMappingOptions {
  /**
   * Changes to names on the target.
   *
   * @default - none
   */
  readonly transformations?: DmsTransformation[];
  /**
   * How single tables are loaded.
   *
   * @default - as the task's settings say
   */
  readonly tableSettings?: DmsTableSettings[];
  /**
   * Whether the canary travels too, by which a cutover sees that everything has arrived. Nothing renames it, so that
   * no transformation may match its schema `pontoon`.
   *
   * @default false
   */
  readonly canary?: boolean;
}

/** Says everything that keeps DMS from replicating `selection`; `what` is the property as the user typed it. */
export function tableMappingProblems(
  selection: TableSelection,
  options: DmsMappingOptions = {},
  what = 'selection',
): readonly string[] {
  const problems = new Problems();
  for (const problem of selectionProblems(selection, what)) problems.add(problem);
  checkSelectable(selection, what, problems);
  for (const [index, transformation] of (options.transformations ?? []).entries())
    checkTransformation(transformation, `transformations[${index}]`, problems);
  checkCollisions(selection, options, what, problems);
  for (const [index, settings] of (options.tableSettings ?? []).entries())
    checkTableSettings(settings, selection, `tableSettings[${index}]`, problems);
  checkRepeatedSettings(options.tableSettings ?? [], problems);
  return problems.list();
}

function checkSelectable(selection: TableSelection, what: string, problems: Problems): void {
  const { schemas = [], tables = [], exclude = [] } = selection;
  const check = (name: string, at: string): void => {
    const problem = selectableProblem(name, at);
    if (problem !== undefined) problems.add(problem);
  };
  for (const [index, schema] of schemas.entries()) check(schema, `${what}.schemas[${index}]`);
  for (const [index, { schema, name }] of exclude.entries()) {
    check(schema, `${what}.exclude[${index}].schema`);
    check(name, `${what}.exclude[${index}].name`);
  }
  for (const [index, table] of tables.entries()) {
    const at = `${what}.tables[${index}]`;
    check(table.schema, `${at}.schema`);
    check(table.name, `${at}.name`);
    checkColumns(table, at, problems);
    problems.addIf(
      (table.rowFilters ?? []).length > 0 && schemas.includes(table.schema),
      `'${at}.rowFilters' cannot narrow a table whose whole schema is in 'schemas' in a DMS mapping, which would replicate all its rows, got schema ${JSON.stringify(table.schema)}; name the tables of that schema one by one, or use a NATIVE link`,
    );
  }
}

function checkColumns(table: SelectedTable, at: string, problems: Problems): void {
  const named = [
    ...(table.columns ?? []).map((name, index) => [name, `${at}.columns[${index}]`] as const),
    ...(table.rowFilters ?? []).map(
      ({ column }, index) => [column, `${at}.rowFilters[${index}].column`] as const,
    ),
  ];
  for (const [name, place] of named) {
    const problem = name === '' ? undefined : columnProblem(name, place);
    if (problem !== undefined && !problems.list().includes(problem)) problems.add(problem);
  }
}

function checkCollisions(
  selection: TableSelection,
  options: DmsMappingOptions,
  what: string,
  problems: Problems,
): void {
  const given = options.transformations ?? [];
  const kept = keptColumns(selection).map((column) => ({
    ...column,
    action: DmsTransformationAction.REMOVE_COLUMN,
  }));
  for (const [index, transformation] of given.entries()) {
    const earlier = given.findIndex((other) => collide(other, transformation));
    problems.addIf(
      earlier < index,
      `'transformations[${index}]' cannot change what 'transformations[${earlier}]' changes, since DMS allows one action for each ${transformation.target}; merge the two`,
    );
    const listed = kept.find((column) => collide(column, transformation));
    if (listed !== undefined) {
      problems.add(
        `'transformations[${index}]' cannot change column ${JSON.stringify(listed.column)}, which '${what}.tables' lists, since DMS allows one action for each column; remove one of the two`,
      );
    }
  }
}

function checkRepeatedSettings(settings: readonly DmsTableSettings[], problems: Problems): void {
  for (const [index, { schema, name }] of settings.entries()) {
    const earlier = settings.findIndex((other) => other.schema === schema && other.name === name);
    problems.addIf(
      earlier < index,
      `'tableSettings[${index}]' cannot repeat the table of 'tableSettings[${earlier}]', got ${JSON.stringify(`${schema}.${name}`)}; merge the two`,
    );
  }
}
