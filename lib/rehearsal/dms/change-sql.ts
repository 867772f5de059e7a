import { PontoonError, quoteIdentifier, quoteLiteral, quoteQualified } from '../../postgres';
import type { ColumnPlan } from './column-plan';
import { filterSql } from './row-filter';
import type { TablePlan } from './table-plan';
import type { DecodedChange, DecodedColumn } from './test-decoding';

/** What DMS makes of a numeric without precision. */
const NUMERIC = 'numeric(28,6)';

/** A change as SQL for the target. */
export interface ChangeSql {
  readonly text: string;
  /** Whether nothing to change on the target is worth telling anybody. */
  readonly mayMiss: boolean;
}

/** Hears of a value that was cut. */
export type TruncationListener = (column: string) => void;

/** Rows of one table, columns in the same order. `onConflict` is appended. */
export function insertSql(
  plan: TablePlan,
  changes: readonly DecodedChange[],
  onConflict: string,
  truncated: TruncationListener,
): string {
  const columns = presentColumns(plan, changes[0]);
  const names = columns.map(({ plan: column }) => quoteIdentifier(column.target)).join(', ');
  const head = `INSERT INTO ${quoteQualified(plan.target)} (${names})`;
  const tuples = changes.map((change) =>
    presentColumns(plan, change)
      .map(({ plan: column, value }) => literal(column, value, truncated))
      .join(', '),
  );
  const [only = ''] = tuples;
  if (plan.filters.length > 0 && changes[0] !== undefined) {
    return `${head} SELECT ${only} WHERE ${rowMatches(plan, changes[0].row)}${onConflict}`;
  }
  return `${head} VALUES ${tuples.map((tuple) => `(${tuple})`).join(', ')}${onConflict}`;
}

/** Columns that an INSERT of `change` names; changes with the same ones can share a statement. */
export function insertShape(plan: TablePlan, change: DecodedChange): string {
  return presentColumns(plan, change)
    .map(({ plan: column }) => column.source)
    .join('\0');
}

/** `ON CONFLICT` that makes an INSERT replace the row with the same primary key. */
export function replaceOnConflict(plan: TablePlan): string {
  const key = plan.key.map(({ target }) => quoteIdentifier(target)).join(', ');
  const others = plan.columns.filter((column) => !plan.key.includes(column));
  if (key === '' || others.length === 0) return ' ON CONFLICT DO NOTHING';
  const set = others.map(
    ({ target }) => `${quoteIdentifier(target)} = EXCLUDED.${quoteIdentifier(target)}`,
  );
  return ` ON CONFLICT (${key}) DO UPDATE SET ${set.join(', ')}`;
}

/** An UPDATE that finds its row by the new row's primary key, as DMS does, or undefined if it sets nothing. */
export function updateSql(
  plan: TablePlan,
  change: DecodedChange,
  truncated: TruncationListener,
): ChangeSql | undefined {
  const set = presentColumns(plan, change)
    .filter(({ plan: column }) => !plan.key.includes(column))
    .map(
      ({ plan: column, value }) =>
        `${quoteIdentifier(column.target)} = ${literal(column, value, truncated)}`,
    );
  if (set.length === 0) return undefined;
  const filtered = plan.filters.length > 0;
  const condition = filtered ? ` AND ${rowMatches(plan, change.row)}` : '';
  return {
    text: `UPDATE ${quoteQualified(plan.target)} SET ${set.join(', ')} WHERE ${keySql(plan, change.row)}${condition}`,
    mayMiss: filtered || changesKey(plan, change),
  };
}

/** A DELETE, or undefined if a filter needs a column that the replica identity does not give. */
export function deleteSql(plan: TablePlan, change: DecodedChange): ChangeSql | undefined {
  const known = new Set(change.old.map(({ name }) => name));
  if (plan.filters.some(({ column }) => !known.has(column))) return undefined;
  const condition = plan.filters.length > 0 ? ` AND ${rowMatches(plan, change.old)}` : '';
  return {
    text: `DELETE FROM ${quoteQualified(plan.target)} WHERE ${keySql(plan, change.old)}${condition}`,
    mayMiss: plan.filters.length > 0,
  };
}

function changesKey(plan: TablePlan, change: DecodedChange): boolean {
  return plan.key.some(({ source }) => {
    const old = change.old.find(({ name }) => name === source);
    return old !== undefined && old.value !== change.row.find(({ name }) => name === source)?.value;
  });
}

function presentColumns(plan: TablePlan, change: DecodedChange | undefined) {
  const values = new Map(change?.row.map(({ name, value }) => [name, value]));
  return plan.columns.flatMap((column) => {
    const value = values.get(column.source);
    return value === undefined ? [] : [{ plan: column, value }];
  });
}

function keySql(plan: TablePlan, row: readonly DecodedColumn[]): string {
  return plan.key
    .map((column) => {
      const value = row.find(({ name }) => name === column.source)?.value;
      if (value === undefined || value === null) {
        throw new PontoonError(
          'KEY_MISSING',
          `a change of ${quoteQualified(plan.source)} must carry its primary key, got none for ${JSON.stringify(column.source)}; set REPLICA IDENTITY DEFAULT`,
        );
      }
      return `${quoteIdentifier(column.target)} = ${literal(column, value, () => undefined)}`;
    })
    .join(' AND ');
}

function rowMatches(plan: TablePlan, row: readonly DecodedColumn[]): string {
  return filterSql(plan.filters, plan.types, (name) => {
    const value = row.find((column) => column.name === name)?.value ?? null;
    return `CAST(${value === null ? 'NULL' : quoteLiteral(value)} AS ${plan.types.get(name) ?? 'text'})`;
  });
}

function literal(column: ColumnPlan, value: string | null, truncated: TruncationListener): string {
  if (value === null) return 'NULL';
  if (column.conversion === 'numeric') return `CAST(${quoteLiteral(value)} AS ${NUMERIC})`;
  return quoteLiteral(cut(column, value, truncated));
}

function cut(column: ColumnPlan, value: string, truncated: TruncationListener): string {
  const limit = column.lobBytes;
  if (limit === undefined) return value;
  if (column.type === 'bytea') {
    const digits = 2 + limit * 2;
    if (value.length <= digits) return value;
    truncated(column.source);
    return value.slice(0, digits);
  }
  // A character takes at most three bytes for each UTF-16 unit, which spares most values the encoding.
  if (value.length * 3 <= limit) return value;
  const bytes = Buffer.from(value, 'utf8');
  if (bytes.length <= limit) return value;
  truncated(column.source);
  let end = limit;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

/** A column of the source as the full load reads it. */
export function loadColumnSql(column: ColumnPlan): string {
  const name = quoteIdentifier(column.source);
  if (column.conversion === 'boolean') return `${name}::text`;
  if (column.conversion === 'numeric') return `${name}::${NUMERIC}`;
  const limit = column.lobBytes;
  if (limit === undefined) return name;
  if (column.type === 'bytea') return `substring(${name} from 1 for ${limit})`;
  const bytes = `convert_to(${name}::text, 'UTF8')`;
  // Cut before the character that the limit falls into.
  const end = `(SELECT at FROM generate_series(${limit}, ${limit - 3}, -1) at WHERE get_byte(${bytes}, at) & 192 <> 128 LIMIT 1)`;
  return `CASE WHEN octet_length(${name}::text) > ${limit} THEN convert_from(substring(${bytes} from 1 for ${end}), 'UTF8') ELSE ${name}::text END`;
}

/** How many values of a table the full load cuts, or undefined if none of its columns can be cut. */
export function countCutSql(plan: TablePlan): string | undefined {
  const cuttable = plan.columns.flatMap(({ source, type, lobBytes }) => {
    if (lobBytes === undefined) return [];
    const name = quoteIdentifier(source);
    return [`octet_length(${type === 'bytea' ? name : `${name}::text`}) > ${lobBytes}`];
  });
  if (cuttable.length === 0) return undefined;
  return `SELECT count(*)::text AS cut FROM ${quoteQualified(plan.source)} WHERE ${cuttable.join(' OR ')}`;
}
