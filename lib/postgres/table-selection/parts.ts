import { Problems } from '../errors';
import type { QualifiedName } from '../identifiers';
import { quoteForMessage } from './rules';
import {
  type SelectedTable,
  sameTable,
  selectedTable,
  selects,
  type TableSelection,
} from './selection';

/** Tables of a selection that are replicated apart from its rest. */
export interface SelectionPart {
  /**
   * Schemas of the selection, with all of their tables that it replicates.
   *
   * @default - none
   */
  readonly schemas?: string[];
  /**
   * Tables of the selection, with the columns and filters that it gives them.
   *
   * @default - none
   */
  readonly tables?: QualifiedName[];
}

/** What two selections both have: schemas of which both select tables that are not named, and tables. */
export function overlap(
  a: TableSelection,
  b: TableSelection,
): { readonly schemas: readonly string[]; readonly tables: readonly QualifiedName[] } {
  const named = [
    ...(a.tables ?? []).filter((table) => selects(b, table)),
    ...(b.tables ?? []).filter(
      (table) => selects(a, table) && selectedTable(a, table) === undefined,
    ),
  ];
  return {
    schemas: (a.schemas ?? []).filter((schema) => b.schemas?.includes(schema)),
    tables: named.map(({ schema, name }) => ({ schema, name })),
  };
}

/** Everything that any of `selections` selects, which share no table. */
export function unite(selections: readonly TableSelection[]): TableSelection {
  const [only, ...others] = selections;
  if (only !== undefined && others.length === 0) return only;
  const schemas = [...new Set(selections.flatMap((one) => one.schemas ?? []))];
  const exclude = selections
    .flatMap((one) => one.exclude ?? [])
    .filter((table) => !selections.some((one) => selects(one, table)));
  // What a schema brings anyhow is named only for its columns and filters.
  const tables = selections
    .flatMap((one) => one.tables ?? [])
    .filter((table) => !schemas.includes(table.schema) || isParticular(table));
  return {
    ...(schemas.length === 0 ? {} : { schemas }),
    ...(tables.length === 0 ? {} : { tables }),
    ...(exclude.length === 0 ? {} : { exclude }),
  };
}

function isParticular({ columns, rowFilters = [] }: SelectedTable): boolean {
  return columns !== undefined || rowFilters.length > 0;
}

/** What is left of `selection` without `parts`, and each of them as a selection of its own. */
export function divide(
  selection: TableSelection,
  parts: readonly SelectionPart[],
): { readonly rest: TableSelection; readonly parts: readonly TableSelection[] } {
  const apart = {
    schemas: new Set(parts.flatMap(({ schemas = [] }) => schemas)),
    tables: parts.flatMap(({ tables = [] }) => tables),
  };
  const { schemas = [], tables = [], exclude = [] } = selection;
  const isApart = (table: QualifiedName): boolean =>
    apart.schemas.has(table.schema) || apart.tables.some((other) => sameTable(other, table));
  const left = schemas.filter((schema) => !apart.schemas.has(schema));
  return {
    rest: selectionOf({
      schemas: left,
      tables: tables.filter((table) => !isApart(table)),
      exclude: [...exclude, ...apart.tables].filter(({ schema }) => left.includes(schema)),
    }),
    parts: parts.map((part) => selectionOfPart(selection, part)),
  };
}

function selectionOfPart(
  selection: TableSelection,
  { schemas = [], tables = [] }: SelectionPart,
): TableSelection {
  const within = ({ schema }: QualifiedName): boolean => schemas.includes(schema);
  return selectionOf({
    schemas,
    tables: [
      ...(selection.tables ?? []).filter(within),
      ...tables.map(({ schema, name }) => {
        const found = selectedTable(selection, { schema, name });
        return found ?? { schema, name };
      }),
    ],
    exclude: (selection.exclude ?? []).filter(within),
  });
}

function selectionOf({ schemas, tables, exclude }: Required<TableSelection>): TableSelection {
  return {
    ...(schemas.length === 0 ? {} : { schemas }),
    ...(tables.length === 0 ? {} : { tables }),
    ...(exclude.length === 0 ? {} : { exclude }),
  };
}

/**
 * Says why `parts` cannot be taken out of `selection`, which has no problems of its own; `of` and `what` are the two
 * properties as the user typed them.
 */
export function partProblems(
  selection: TableSelection,
  parts: readonly SelectionPart[],
  { of, what }: { readonly of: string; readonly what: string },
): readonly string[] {
  const problems = new Problems();
  const taken = new Taken(problems);
  for (const [index, { schemas = [], tables = [] }] of parts.entries()) {
    const at = `${what}[${index}]`;
    problems.addIf(
      schemas.length + tables.length === 0,
      `'${at}' must name at least one schema or table, got none; set 'schemas' or 'tables'`,
    );
    for (const [position, schema] of schemas.entries()) {
      const where = `${at}.schemas[${position}]`;
      problems.addIf(
        selection.schemas?.includes(schema) !== true,
        `'${where}' must be one of '${of}.schemas', got ${JSON.stringify(schema)}; correct it, or name its tables`,
      );
      taken.schema(schema, where);
    }
    for (const [position, table] of tables.entries()) {
      const where = `${at}.tables[${position}]`;
      problems.addIf(
        !selects(selection, table),
        `'${where}' must be a table that '${of}' selects, got ${quoteForMessage(table)}; correct it, or select it`,
      );
      taken.table(table, where);
    }
  }
  const { schemas = [], tables = [] } = divide(selection, parts).rest;
  problems.addIf(
    problems.list().length === 0 && schemas.length + tables.length === 0,
    `'${what}' must leave something of '${of}' to the rest, got parts that take everything; leave one of them out`,
  );
  return problems.list();
}

/** What is in a part already, and where that was typed. */
class Taken {
  private readonly schemas = new Map<string, string>();
  private readonly tables: { readonly table: QualifiedName; readonly where: string }[] = [];

  constructor(private readonly problems: Problems) {}

  public schema(schema: string, where: string): void {
    const there = this.tables.find(({ table }) => table.schema === schema)?.where;
    this.refuse(where, `schema ${JSON.stringify(schema)}`, this.schemas.get(schema) ?? there);
    this.schemas.set(schema, where);
  }

  public table(table: QualifiedName, where: string): void {
    const there = this.tables.find((other) => sameTable(other.table, table))?.where;
    this.refuse(where, quoteForMessage(table), this.schemas.get(table.schema) ?? there);
    this.tables.push({ table, where });
  }

  private refuse(where: string, what: string, there: string | undefined): void {
    this.problems.addIf(
      there !== undefined,
      `'${where}' must be in one part only, got ${what}, of which '${there}' has tables too; remove one of the two`,
    );
  }
}
