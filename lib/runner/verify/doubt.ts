import type { RowKey } from '../../postgres';

/** Rows that were not the same on both servers when they were last looked at. */
export type Doubt = RangeDoubt | RowDoubt;

/** What was seen of doubtful rows: of a range its count and checksum, of a row its hash, or nothing if it is not there. */
export interface Seen {
  /** On the source when the doubt arose: only what never changed there can be told to differ. */
  readonly first: string;
  /** On the source when it was last looked at. */
  readonly source: string;
  /** On the target when it was last looked at. */
  readonly target: string;
}

/** Too many rows to name them, or rows without a key. */
export interface RangeDoubt extends Seen {
  readonly kind: 'range';
  readonly after?: RowKey;
  readonly upTo?: RowKey;
}

/** One row. */
export interface RowDoubt extends Seen {
  readonly kind: 'row';
  readonly key: RowKey;
}

/** How many rows of one side a doubt is about. */
export function rowsIn(doubt: Doubt, side: 'source' | 'target'): number {
  const value = doubt[side];
  if (doubt.kind === 'range') return Number(value.split(' ')[0]);
  return value === '' ? 0 : value.split(' ').length;
}

/** How many rows of one side all doubts are about. */
export function rowsInAll(doubts: readonly Doubt[], side: 'source' | 'target'): number {
  return doubts.reduce((rows, doubt) => rows + rowsIn(doubt, side), 0);
}
