import type { QualifiedName, RowKey, Verdict } from '../../postgres';

/** A row that is not the same on both servers. */
export interface DifferingRow {
  /** The values of its key, as texts. */
  readonly key: RowKey;
  /** Where it is, or `both` if its contents differ. */
  readonly on: 'source' | 'target' | 'both';
}

/** What was found out about one table. */
export interface TableVerification {
  /** The table on the source. */
  readonly table: QualifiedName;
  /** The table on the target, if it has another name there. */
  readonly target?: QualifiedName;
  /** `unchecked` is never `same`: the table could not be compared. */
  readonly status: Verdict;
  /** Rows on the source that the selection wants, if they were counted; about, while rows come and go. */
  readonly sourceRows?: number;
  /** Rows on the target, if they were counted; about, while rows come and go. */
  readonly targetRows?: number;
  /** Why it differs or is unchecked. */
  readonly reason?: string;
  /** The first rows that differ, if the table has a key; where many of a range do, some of them. */
  readonly differences?: readonly DifferingRow[];
  /** Seconds that the comparison took. */
  readonly seconds: number;
}

/** What was found out about all tables. */
export interface Verification {
  /** `same` only if every table is, and there is at least one. */
  readonly status: Verdict;
  /** By schema and name. */
  readonly tables: readonly TableVerification[];
  readonly seconds: number;
}

/** What all tables together are. */
export function verdictOf(tables: readonly TableVerification[]): Verdict {
  if (tables.some(({ status }) => status === 'differs')) return 'differs';
  return tables.length === 0 || tables.some(({ status }) => status === 'unchecked')
    ? 'unchecked'
    : 'same';
}
