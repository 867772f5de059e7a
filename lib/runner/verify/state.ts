import { createHash } from 'node:crypto';
import {
  type Connection,
  digestSql,
  PontoonError,
  quoteQualified,
  type RowKey,
  type TableComparison,
} from '../../postgres';
import type { Doubt } from './doubt';
import type { TableVerification } from './result';

/** How far the comparison of one table is. */
export interface TableState {
  /** Changes whenever the table would be compared in another way, or elsewhere. */
  readonly plan: string;
  /** The result, once there is one. */
  readonly result?: TableVerification;
  /** The last key that was read. */
  readonly after?: RowKey;
  /** Whether every row was read. */
  readonly read?: boolean;
  /** Rows that were found to be the same. */
  readonly rows: number;
  /** What was not the same when it was read, and must be looked at again. */
  readonly doubts: readonly Doubt[];
}

/** How far a verification is: plain JSON. It holds keys of rows that differ, but no other data. */
export interface VerificationState {
  readonly version: 1;
  /** By the table's quoted name. */
  readonly tables: Readonly<Record<string, TableState>>;
}

type Digested = Extract<TableComparison, { kind: 'digest' }>;

/** Identifies how and where a table is compared, so that nothing found elsewhere is taken over. */
export function planOf(comparison: Digested, source: Connection, target: Connection): string {
  const place = ({ host, port, database }: Connection): unknown => [host, port, database];
  const facts = [
    place(source),
    place(target),
    digestSql(comparison.source).text,
    digestSql(comparison.target).text,
    comparison.source.key,
  ];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}

/** What is left to do of a table: nothing of the earlier run counts if it was done in another way or found a problem. */
export function beginTable(comparison: Digested, plan: string, resume?: VerificationState) {
  const saved = resume?.tables[quoteQualified(comparison.table)];
  const usable =
    saved?.plan === plan && (saved.result === undefined || saved.result.status === 'same');
  return usable ? saved : { plan, rows: 0, doubts: [] };
}

/**
 * Reads a state that was stored. Throws a PontoonError with code INVALID_STATE if this release cannot go on from it.
 */
export function readState(value: unknown): VerificationState {
  const state = value as Partial<VerificationState> | null;
  if (state?.version === 1 && typeof state.tables === 'object' && state.tables !== null)
    return state as VerificationState;
  throw new PontoonError(
    'INVALID_STATE',
    `the state of a verification must have version 1, got ${JSON.stringify(state?.version) ?? 'none'}; begin anew without it`,
  );
}
