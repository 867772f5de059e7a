import {
  compareTables,
  knownMajor,
  type ReportedTable,
  reportedTablesSql,
  type Sides,
  sql,
  type TableComparison,
  type TableSelection,
  targetNames,
  targetSelection,
  underSourceNames,
} from '../../postgres';
import type { VerifyOptions } from './options';
import type { Reader, Readers } from './reader';

/** Says how each table is compared; an Obstacle if that takes longer than `msLeft`, which is 0 for no limit. */
export async function planAll(
  options: VerifyOptions,
  [first, second]: Readers,
  msLeft = 0,
): Promise<readonly TableComparison[]> {
  const { selection, transformations = [] } = options;
  const names = targetNames(transformations);
  const there = catalogOf(first, selection, msLeft);
  const [source, target] = await Promise.all([
    there,
    transformations.length === 0
      ? catalogOf(second, selection, msLeft)
      : there.then(({ tables }) =>
          catalogOf(second, targetSelection(selection, tables, names), msLeft),
        ),
  ]);
  const comparisons = compareTables(
    selection,
    underSourceNames(source.tables, target.tables, names),
    namesOf(options),
  );
  const doubt = source.doubt ?? target.doubt;
  if (doubt === undefined) return comparisons;
  return comparisons.map(({ table }) => ({
    table,
    kind: 'decided',
    status: 'unchecked',
    reason: doubt,
  }));
}

interface Catalog {
  readonly tables: readonly ReportedTable[];
  /** Why nothing on this server can be compared. */
  readonly doubt: string | undefined;
}

async function catalogOf(
  reader: Reader,
  selection: TableSelection,
  msLeft: number,
): Promise<Catalog> {
  const [version] = await reader.list(VERSION, msLeft);
  const major = Math.floor(Number(version?.number) / 10_000);
  const tables = await reader.list(reportedTablesSql(selection), msLeft, 'list the tables');
  return {
    tables: tables as unknown as readonly ReportedTable[],
    doubt: doubtAbout(reader.server, major),
  };
}

const VERSION = sql("SELECT current_setting('server_version_num') AS number");

function doubtAbout(server: string, major: number): string | undefined {
  switch (knownMajor(major)) {
    case 'known':
      return undefined;
    case 'too-old':
      return `PostgreSQL ${major} on "${server}" is older than what is supported`;
    case 'unchecked':
      return `PostgreSQL ${major} on "${server}" is newer than this release of pontoon knows`;
  }
}

/** What people call the two servers. */
export function namesOf({ source, target }: VerifyOptions): Sides {
  return { source: source.server, target: target.server };
}
