import type { Problems } from '../errors';
import { nameProblem, type QualifiedName } from '../identifiers';
import { selects, type TableSelection } from '../table-selection';
import { columnProblem, selectableProblem } from './names';
import type { DmsRule } from './rule';

/** How large values (text, bytea, json …) of a table travel. */
export enum DmsLobMode {
  /** Inside the row, up to a size. */
  LIMITED = 'limited',
  /** Looked up in the source one by one, whatever their size; slow. */
  UNLIMITED = 'unlimited',
  /** As the task's settings say. */
  TASK = 'none',
}

/**
 * The segments in which one table is loaded at the same time. PostgreSQL as a source knows ranges only. Rows with
 * NULL in one of `columns` are not loaded.
 *
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TableMapping.SelectionTransformation.Tablesettings.html
 */
export interface DmsRanges {
  /** Up to 10 indexed NOT NULL columns, the most significant first. */
  readonly columns: string[];
  /** The upper bound of each segment but the last, with a value for each column. */
  readonly boundaries: string[][];
}

/** How one table is loaded. */
export interface DmsTableSettings {
  /** The table's schema. */
  readonly schema: string;
  /** The table's name. */
  readonly name: string;
  /**
   * The ranges that are loaded at the same time.
   *
   * @default - the table is loaded as a whole
   */
  readonly parallelLoad?: DmsRanges;
  /**
   * How its large values travel.
   *
   * @default - as the task's settings say
   */
  readonly lobMode?: DmsLobMode;
  /**
   * The largest value that LIMITED carries, in KiB: 1 to 102,400. Larger ones fail the task.
   *
   * @default - required for LIMITED, and only there
   */
  readonly maxLobSizeKiB?: number;
}

/** The largest LIMITED value that DMS carries, in KiB. */
export const MAX_LOB_KIB = 102_400;
const MAX_RANGE_COLUMNS = 10;

/** Keeps what is wrong with `settings`. */
export function checkTableSettings(
  settings: DmsTableSettings,
  selection: TableSelection,
  at: string,
  problems: Problems,
): void {
  for (const name of ['schema', 'name'] as const) {
    const what = `${at}.${name}`;
    const problem = nameProblem(settings[name], what) ?? selectableProblem(settings[name], what);
    if (problem !== undefined) problems.add(problem);
  }
  problems.addIf(
    !selects(selection, settings),
    `'${at}' must name a table of the selection, got ${JSON.stringify(`${settings.schema}.${settings.name}`)}; select it or remove its settings`,
  );
  problems.addIf(
    settings.parallelLoad === undefined && settings.lobMode === undefined,
    `'${at}' must set 'parallelLoad' or 'lobMode', got neither; remove it or set one`,
  );
  checkLobs(settings, at, problems);
  if (settings.parallelLoad !== undefined)
    checkRanges(settings.parallelLoad, `${at}.parallelLoad`, problems);
}

/** `settings` as DMS reads them. */
export function tableSettingsRule(settings: DmsTableSettings): DmsRule {
  const { parallelLoad, lobMode, maxLobSizeKiB } = settings;
  return {
    'rule-type': 'table-settings',
    'object-locator': exactLocator(settings),
    ...(parallelLoad === undefined ? {} : { 'parallel-load': { type: 'ranges', ...parallelLoad } }),
    ...(lobMode === undefined
      ? {}
      : {
          'lob-settings': {
            mode: lobMode,
            ...(lobMode === DmsLobMode.LIMITED ? { 'bulk-max-size': String(maxLobSizeKiB) } : {}),
            ...(lobMode === DmsLobMode.UNLIMITED ? { 'bulk-max-size': '0' } : {}),
          },
        }),
  };
}

/** A locator for rules in which DMS takes names as they are. */
export function exactLocator({ schema, name }: QualifiedName): DmsRule {
  return { 'schema-name': schema, 'table-name': name };
}

function checkLobs(
  { lobMode, maxLobSizeKiB }: DmsTableSettings,
  at: string,
  problems: Problems,
): void {
  if (lobMode === DmsLobMode.LIMITED) {
    const fits =
      Number.isInteger(maxLobSizeKiB) &&
      Number(maxLobSizeKiB) >= 1 &&
      Number(maxLobSizeKiB) <= MAX_LOB_KIB;
    problems.addIf(
      !fits,
      `'${at}.maxLobSizeKiB' must be a whole number from 1 to ${MAX_LOB_KIB} for 'limited', got ${maxLobSizeKiB ?? 'nothing'}; set it to the largest value of the table`,
    );
  } else {
    problems.addIf(
      maxLobSizeKiB !== undefined,
      `'${at}.maxLobSizeKiB' must be left out unless 'lobMode' is 'limited', got ${maxLobSizeKiB}; remove it`,
    );
  }
}

function checkRanges({ columns, boundaries }: DmsRanges, at: string, problems: Problems): void {
  problems.addIf(
    columns.length < 1 || columns.length > MAX_RANGE_COLUMNS,
    `'${at}.columns' must name 1 to ${MAX_RANGE_COLUMNS} columns, got ${columns.length}; correct the list`,
  );
  for (const [index, column] of columns.entries()) {
    const problem = columnProblem(column, `${at}.columns[${index}]`);
    if (problem !== undefined) problems.add(problem);
  }
  problems.addIf(
    boundaries.length === 0,
    `'${at}.boundaries' must hold at least one bound, got none; add one or remove 'parallelLoad'`,
  );
  for (const [index, bound] of boundaries.entries()) {
    problems.addIf(
      bound.length !== columns.length,
      `'${at}.boundaries[${index}]' must have a value for each of ${columns.length} columns, got ${bound.length}; correct the bound`,
    );
  }
}
