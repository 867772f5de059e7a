import type { QualifiedName } from '../identifiers';
import { type SelectedTable, selectedTable, type TableSelection } from '../table-selection';
import type { ReportedKeyColumn, ReportedTable } from './catalog';
import { compareColumns, type Sides } from './compare-columns';
import type { Digest } from './digest';
import type { ComparedColumn, DigestScope, KeyColumn } from './scope';

/** What a comparison found. */
export type Verdict = 'same' | 'differs' | 'unchecked';

/** How one table will be compared, or why it need not or cannot be. */
export type TableComparison = { readonly table: QualifiedName } & (
  | {
      readonly kind: 'digest';
      /** Pages on the source's disk, about, so that the biggest can go first. */
      readonly pages: number;
      /** Rows on the source, about; 0 if nobody counted. */
      readonly rows: number;
      readonly source: DigestScope;
      readonly target: DigestScope;
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
  const columns = compareColumns(source, target, selected?.columns, sides);
  if ('problem' in columns) return decided(columns.status, columns.problem);
  const keys = compareKeys(source.key, target.key);
  const scope = (
    table: ReportedTable,
    compared: readonly ComparedColumn[],
    key: readonly KeyColumn[],
  ) => ({
    table: table.called ?? { schema: table.schema, name: table.name },
    only: table.kind === 'r',
    columns: compared,
    key,
    ordered: keys.ordered,
  });
  return {
    kind: 'digest',
    pages: Number(source.pages),
    rows: Number(source.rows),
    source: {
      ...scope(source, columns.source, keys.source),
      rowFilters: selected?.rowFilters ?? [],
    },
    target: { ...scope(target, columns.target, keys.target), rowFilters: [] },
  };
}

/**
 * The key by which rows are found on both servers. Only where it is sorted alike can they be read in ranges, or a range
 * would not hold the same rows.
 */
function compareKeys(
  source: readonly ReportedKeyColumn[],
  target: readonly ReportedKeyColumn[],
): {
  readonly source: readonly KeyColumn[];
  readonly target: readonly KeyColumn[];
  readonly ordered: boolean;
} {
  const pairs = source.flatMap((column) => {
    const there = target.find(({ name }) => name === column.name);
    return there === undefined ? [] : [{ column, there, alike: column.order === there.order }];
  });
  if (pairs.length < source.length || source.length !== target.length)
    return { source: [], target: [], ordered: false };
  const key = ({ name, called, order }: ReportedKeyColumn, alike: boolean): KeyColumn => ({
    name: called ?? name,
    // A key of the wider type must not be out of the narrower one's range.
    ...(order === 'integer' && alike ? { type: 'pg_catalog.int8' } : {}),
  });
  return {
    source: pairs.map(({ column, alike }) => key(column, alike)),
    target: pairs.map(({ there, alike }) => key(there, alike)),
    // In the same order on both, or one of them would have to sort the table for each range.
    ordered:
      pairs.length > 0 &&
      pairs.every(
        ({ column, there, alike }, at) => alike && column.order !== null && target[at] === there,
      ),
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
