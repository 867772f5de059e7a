import {
  checkTransformation,
  type DmsTransformation,
  DmsTransformationAction,
  DmsTransformationTarget,
} from '../dms/transformations';
import { Problems } from '../errors';
import { type QualifiedName, quoteQualified } from '../identifiers';
import type { Reader } from '../reader';
import type { TableSelection } from '../table-selection';
import type { ReportedTable } from './catalog';

/** How things are called on the target. */
export interface TargetNames {
  /** The schema of that name on the source. */
  schema(name: string): string;
  /** The table of that name on the source. */
  table(table: QualifiedName): QualifiedName;
  /** The column of that table on the source; undefined if it is left out. */
  column(table: QualifiedName, name: string): string | undefined;
}

/** Says how `transformations` call the tables of a source on the target. */
export function targetNames(transformations: readonly DmsTransformation[]): TargetNames {
  const found = (
    target: DmsTransformationTarget,
    { schema, name }: { readonly schema: string; readonly name?: string },
    column?: string,
  ): DmsTransformation | undefined =>
    transformations.find(
      (one) =>
        one.target === target &&
        one.schema === schema &&
        (one.table === undefined || one.table === name) &&
        (one.column === undefined || one.column === column),
    );
  const schemaName = (schema: string): string =>
    renamed(schema, found(DmsTransformationTarget.SCHEMA, { schema }));
  return {
    schema: schemaName,
    table: (table) => ({
      schema: schemaName(table.schema),
      name: renamed(table.name, found(DmsTransformationTarget.TABLE, table)),
    }),
    column: (table, name) => {
      const transformation = found(DmsTransformationTarget.COLUMN, table, name);
      return transformation?.action === DmsTransformationAction.REMOVE_COLUMN
        ? undefined
        : renamed(name, transformation);
    },
  };
}

/** What to look for on the target, given the tables that the selection reaches on the source. */
export function targetSelection(
  { schemas = [], tables = [], exclude = [] }: TableSelection,
  reached: readonly QualifiedName[],
  names: TargetNames,
): TableSelection {
  return {
    schemas: schemas.map(names.schema),
    tables: [...tables, ...reached].map(names.table),
    exclude: exclude.map(names.table),
  };
}

/** The tables of both servers, under the names of the source, without what is left out. */
export function underSourceNames(
  source: readonly ReportedTable[],
  target: readonly ReportedTable[],
  names: TargetNames,
): { readonly source: readonly ReportedTable[]; readonly target: readonly ReportedTable[] } {
  const left = source.map((table) => {
    const stays = ({ name }: { readonly name: string }): boolean =>
      names.column(table, name) !== undefined;
    const key = table.key.every(stays) ? table.key : [];
    return { table, kept: { ...table, columns: table.columns.filter(stays), key } };
  });
  const origins = new Map(left.map((one) => [quoteQualified(names.table(one.table)), one]));
  const found = target.map((table) => {
    const origin = origins.get(quoteQualified(table));
    return { origin, table: origin === undefined ? table : asOnSource(table, origin.table, names) };
  });
  return {
    source: left.map(({ kept }) => kept),
    // What is known comes last: a table that has nothing to do with the source may be called like one of its tables.
    target: [
      ...found.filter(({ origin }) => origin === undefined),
      ...found.filter(({ origin }) => origin !== undefined),
    ].map(({ table }) => table),
  };
}

function asOnSource(
  target: ReportedTable,
  source: ReportedTable,
  names: TargetNames,
): ReportedTable {
  const origins = new Map<string, string>();
  const removed = new Set<string>();
  for (const { name } of source.columns) {
    const there = names.column(source, name);
    if (there === undefined) removed.add(name);
    else origins.set(there, name);
  }
  const asThere = <Column extends { readonly name: string }>(column: Column) => ({
    ...column,
    name: origins.get(column.name) ?? column.name,
    called: column.name,
  });
  return {
    ...target,
    schema: source.schema,
    name: source.name,
    called: { schema: target.schema, name: target.name },
    // A column that is left out may be there all the same, and empty.
    columns: target.columns
      .filter(({ name }) => origins.has(name) || !removed.has(name))
      .map(asThere),
    key: target.key.map(asThere),
  };
}

/** Reads the list `transformations` out of plain data. */
export function readTransformations(reader: Reader): DmsTransformation[] {
  const transformations = reader.list('transformations', readTransformation);
  reader.check('transformations', (what) => {
    const problems = new Problems();
    for (const [index, transformation] of transformations.entries())
      checkTransformation(transformation, `${what}[${index}]`, problems);
    return problems.list();
  });
  return transformations;
}

function readTransformation(reader: Reader): DmsTransformation {
  const optional = {
    table: reader.optionalText('table'),
    column: reader.optionalText('column'),
    value: reader.optionalText('value'),
    oldValue: reader.optionalText('oldValue'),
  };
  return {
    target: reader.choice('target', Object.values(DmsTransformationTarget)),
    action: reader.choice('action', Object.values(DmsTransformationAction)),
    schema: reader.name('schema'),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}

function renamed(name: string, transformation: DmsTransformation | undefined): string {
  if (transformation === undefined) return name;
  const { action, value = '', oldValue = '' } = transformation;
  const without = (prefix: string): string =>
    name.startsWith(prefix) ? name.slice(prefix.length) : name;
  const withoutEnd = (suffix: string): string =>
    name.endsWith(suffix) ? name.slice(0, name.length - suffix.length) : name;
  switch (action) {
    case DmsTransformationAction.RENAME:
      return value;
    case DmsTransformationAction.REMOVE_COLUMN:
      return name;
    case DmsTransformationAction.CONVERT_LOWERCASE:
      return name.toLowerCase();
    case DmsTransformationAction.CONVERT_UPPERCASE:
      return name.toUpperCase();
    case DmsTransformationAction.ADD_PREFIX:
      return `${value}${name}`;
    case DmsTransformationAction.REMOVE_PREFIX:
      return without(value);
    case DmsTransformationAction.REPLACE_PREFIX:
      return name.startsWith(oldValue) ? `${value}${without(oldValue)}` : name;
    case DmsTransformationAction.ADD_SUFFIX:
      return `${name}${value}`;
    case DmsTransformationAction.REMOVE_SUFFIX:
      return withoutEnd(value);
    case DmsTransformationAction.REPLACE_SUFFIX:
      return name.endsWith(oldValue) ? `${withoutEnd(oldValue)}${value}` : name;
  }
}
