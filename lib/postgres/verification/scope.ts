import type { QualifiedName } from '../identifiers';
import type { RowFilter } from '../table-selection';

/**
 * How one column's values are compared: `send` names the function that gives their bytes, `as` says that the value
 * itself is hashed, by all of its bytes; without either, as text.
 */
export interface ComparedColumn {
  readonly name: string;
  readonly send?: string;
  readonly as?: 'value' | 'bytes-of-text';
}

/** A column of the key by which rows are found. */
export interface KeyColumn {
  readonly name: string;
  /** The type in which the column is compared with a key; its own if it is left out. */
  readonly type?: string;
}

/** The part of a table whose rows are compared. */
export interface DigestScope {
  readonly table: QualifiedName;
  /** Whether the rows of tables that inherit from it are left out, as they are tables of their own. */
  readonly only: boolean;
  /** In the same order on both servers. */
  readonly columns: readonly ComparedColumn[];
  /** Conditions that a row must meet; none for all rows. */
  readonly rowFilters: readonly RowFilter[];
  /** In the same order on both servers; none if rows cannot be found one by one. */
  readonly key: readonly KeyColumn[];
  /** Whether both servers sort keys alike, so that a range of keys holds the same rows on both. */
  readonly ordered: boolean;
}

/** The values of a row's key, as texts. */
export type RowKey = readonly string[];

/** Some of the rows of a table. */
export type Piece =
  | {
      readonly kind: 'range';
      /** The key after which the range begins; at the very first row if it is left out. */
      readonly after?: RowKey;
      /** The key that ends the range, itself included; the range is open if it is left out. */
      readonly upTo?: RowKey;
      /** Only the rows whose keys fall into these. */
      readonly buckets?: Buckets;
    }
  | { readonly kind: 'keys'; readonly keys: readonly RowKey[] }
  | {
      readonly kind: 'head';
      /** The key after which the rows begin; at the very first row if it is left out. */
      readonly after?: RowKey;
      /** So many of them in the key's order, or all if there are fewer. */
      readonly rows: number;
    };

/** Some of the buckets that keys fall into by their hash, wherever they are sorted. */
export interface Buckets {
  /** How many buckets there are; a power of two. */
  readonly of: number;
  readonly numbers: readonly number[];
}
