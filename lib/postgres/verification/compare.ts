import { type QualifiedName, quoteIdentifier } from '../identifiers';
import type { Statement } from '../statement';
import { type SelectedTable, selectedTable, type TableSelection } from '../table-selection';
import type { ReportedColumn, ReportedTable } from './catalog';
import { type ComparedColumn, type Digest, digestSql } from './digest';

/** What a comparison found. */
export type Verdict = 'same' | 'differs' | 'unchecked';

/** The names of the two servers, for people. */
export interface Sides {
  readonly source: string;
  readonly target: string;
}

/** How one table will be compared, or why it need not or cannot be. */
export type TableComparison = { readonly table: QualifiedName } & (
  | {
      readonly kind: 'digest';
      /** Pages on the source's disk, about, so that the biggest can go first. */
      readonly pages: number;
      readonly source: Statement;
      readonly target: Statement;
    }
  | { readonly kind: 'decided'; readonly status: 'differs' | 'unchecked'; readonly reason: string }
);

/**
 * Says how each selected table is compared. Row filters choose rows on the source only: all that is on the target must
 * have come from there. Partitions are compared as one table with the one they are a part of.
 */
export function compareTables(
  selection: TableSelection,
  reported: {
    readonly source: readonly ReportedTable[];
    readonly target: readonly ReportedTable[];
  },
  sides: Sides,
): TableComparison[] {
  const source = byName(reported.source, selection);
  const target = byName(reported.target, selection);
  const named = (selection.tables ?? []).map(({ schema, name }): [string, QualifiedName] => [
    keyOf({ schema, name }),
    { schema, name },
  ]);
  const parts = new Set(
    [...reported.source, ...reported.target].filter(({ isPart }) => isPart).map(keyOf),
  );
  const tables = new Map<string, QualifiedName>([
    ...named.filter(([key]) => !parts.has(key)),
    ...[...source, ...target].map(([key, { schema, name }]): [string, QualifiedName] => [
      key,
      { schema, name },
    ]),
  ]);
  return [...tables].map(([key, table]) => ({
    table,
    ...compareTable(
      {
        source: source.get(key),
        target: target.get(key),
        selected: selectedTable(selection, table),
      },
      sides,
    ),
  }));
}

/** What two digests of the same table say. */
export function judgeDigests(
  source: Digest,
  target: Digest,
  sides: Sides,
): { readonly status: 'same' | 'differs'; readonly reason?: string } {
  if (source.rows !== target.rows) {
    return {
      status: 'differs',
      reason: `"${sides.source}" has ${source.rows} rows, "${sides.target}" has ${target.rows}`,
    };
  }
  if (source.checksum === target.checksum) return { status: 'same' };
  return { status: 'differs', reason: `the ${source.rows} rows do not have the same contents` };
}

interface Pair {
  readonly source: ReportedTable | undefined;
  readonly target: ReportedTable | undefined;
  readonly selected: SelectedTable | undefined;
}

type Decision = TableComparison extends infer Each
  ? Each extends TableComparison
    ? Omit<Each, 'table'>
    : never
  : never;

function compareTable({ source, target, selected }: Pair, sides: Sides): Decision {
  if (source === undefined || target === undefined) return decideMissing(source, target, sides);
  for (const [side, { kind }] of [
    [sides.source, source] as const,
    [sides.target, target] as const,
  ]) {
    if (!isTable(kind)) {
      return decided('unchecked', `on "${side}" it is ${KINDS[kind] ?? 'no table'}, not a table`);
    }
  }
  const columns = compareColumns(source.columns, target.columns, selected?.columns, sides);
  if ('kind' in columns) return columns;
  const digest = (table: ReportedTable, filtered: boolean): Statement =>
    digestSql({
      table: { schema: table.schema, name: table.name },
      only: table.kind === 'r',
      columns,
      rowFilters: filtered ? (selected?.rowFilters ?? []) : [],
    });
  return {
    kind: 'digest',
    pages: Number(source.pages),
    source: digest(source, true),
    target: digest(target, false),
  };
}

function decideMissing(
  source: ReportedTable | undefined,
  target: ReportedTable | undefined,
  sides: Sides,
): Decision {
  if (source === undefined && target === undefined) {
    return decided('unchecked', 'the selection names it, but it is on neither server');
  }
  return decided(
    'differs',
    `it is missing on "${source === undefined ? sides.source : sides.target}"`,
  );
}

function compareColumns(
  source: readonly ReportedColumn[],
  target: readonly ReportedColumn[],
  chosen: readonly string[] | undefined,
  sides: Sides,
): readonly ComparedColumn[] | Decision {
  const wanted = new Set(chosen ?? [...source, ...target].map(({ name }) => name));
  const compared: ComparedColumn[] = [];
  for (const name of [...wanted].sort()) {
    const there = source.find((column) => column.name === name);
    const here = target.find((column) => column.name === name);
    if (there === undefined && here === undefined) {
      return decided(
        'unchecked',
        `the selection names the column ${quoteIdentifier(name)}, but it is on neither server`,
      );
    }
    if (there === undefined || here === undefined) {
      const side = there === undefined ? sides.source : sides.target;
      return decided('differs', `the column ${quoteIdentifier(name)} is missing on "${side}"`);
    }
    compared.push(compareColumn(there, here));
  }
  return compared;
}

// Of different types only the texts can agree.
function compareColumn(source: ReportedColumn, target: ReportedColumn): ComparedColumn {
  const { name, type, send } = source;
  const alike = send !== null && send === target.send && type === target.type;
  return alike ? { name, send } : { name };
}

function byName(
  tables: readonly ReportedTable[],
  selection: TableSelection,
): Map<string, ReportedTable> {
  return new Map(
    tables
      .filter(({ isPart }) => !isPart)
      // Views and the like are no part of a schema's data, unless somebody names them as tables.
      .filter((table) => isTable(table.kind) || selectedTable(selection, table) !== undefined)
      .map((table) => [keyOf(table), table]),
  );
}

function isTable(kind: string): boolean {
  return kind === 'r' || kind === 'p';
}

const KINDS: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
};

function keyOf({ schema, name }: QualifiedName): string {
  return JSON.stringify([schema, name]);
}

function decided(status: 'differs' | 'unchecked', reason: string): Decision {
  return { kind: 'decided', status, reason };
}
