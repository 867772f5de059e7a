import { quoteIdentifier } from '../identifiers';
import type { ReportedColumn, ReportedTable } from './catalog';
import type { ComparedColumn } from './scope';

/** The names of the two servers, for people. */
export interface Sides {
  readonly source: string;
  readonly target: string;
}

/** The columns to compare, in the same order on both sides; or why there is nothing to compare. */
export type ComparedColumns =
  | { readonly source: readonly ComparedColumn[]; readonly target: readonly ComparedColumn[] }
  | { readonly status: 'differs' | 'unchecked'; readonly problem: string };

/** Says how the columns of two tables are compared; `chosen` names the only ones that count. */
export function compareColumns(
  source: ReportedTable,
  target: ReportedTable,
  chosen: readonly string[] | undefined,
  sides: Sides,
): ComparedColumns {
  const all = [...source.columns, ...target.columns].map(({ name }) => name);
  const compared: { readonly source: ComparedColumn; readonly target: ComparedColumn }[] = [];
  for (const name of [...new Set(chosen ?? all)].sort()) {
    const there = source.columns.find((column) => column.name === name);
    const here = target.columns.find((column) => column.name === name);
    if (there !== undefined && here !== undefined) {
      const how = compareColumn(there, here, source.encoding === target.encoding);
      compared.push({ source: how, target: { ...how, name: here.called ?? name } });
    } else if (there === undefined && here === undefined) {
      const problem = `the selection names the column ${quoteIdentifier(name)}, but it is on neither server`;
      return { status: 'unchecked', problem };
    } else {
      const side = there === undefined ? sides.source : sides.target;
      const problem = `the column ${quoteIdentifier(name)} is missing on "${side}"`;
      return { status: 'differs', problem };
    }
  }
  return {
    source: compared.map((column) => column.source),
    target: compared.map((column) => column.target),
  };
}

// These types' own hash functions read every bit, and no two representations of theirs are equal: hashing the value
// spares a copy. Not so int8, of which the hash function folds one half into the other, nor what holds an int8 inside.
const HASHED_BY_VALUE: ReadonlySet<string> = new Set([
  'boolean',
  'smallint',
  'integer',
  'oid',
  'date',
  'uuid',
  'bytea',
]);

const TEXTS: ReadonlySet<string> = new Set(['text', 'character varying']);

// Of different types only the texts can agree.
function compareColumn(
  source: ReportedColumn,
  target: ReportedColumn,
  sameEncoding: boolean,
): ComparedColumn {
  const { name, type, send } = source;
  if (send === null || send !== target.send || type !== target.type) return { name };
  if (HASHED_BY_VALUE.has(type)) return { name, as: 'value' };
  return TEXTS.has(type) && sameEncoding ? { name, as: 'bytes-of-text' } : { name, send };
}
