import { PontoonError } from './errors';

/** A position in the write-ahead log, as PostgreSQL writes it: `16/B374D848`. */
export type Lsn = string;

/** The byte position of `lsn`. Throws a PontoonError with code INVALID_LSN. */
export function parseLsn(lsn: Lsn): bigint {
  const match = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(lsn);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new PontoonError(
      'INVALID_LSN',
      `a log position must look like '16/B374D848', got ${JSON.stringify(lsn)}; take it from pg_current_wal_lsn()`,
    );
  }
  return (BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`);
}

/** Says what is wrong with `lsn`, or undefined if nothing is; `what` is the property as the user typed it. */
export function lsnProblem(lsn: string, what: string): string | undefined {
  try {
    parseLsn(lsn);
    return undefined;
  } catch (error) {
    if (error instanceof PontoonError) return `'${what}': ${error.message}`;
    throw error;
  }
}

/** `position` as PostgreSQL writes it. */
export function formatLsn(position: bigint): Lsn {
  const hex = (part: bigint): string => part.toString(16).toUpperCase();
  return `${hex(position >> 32n)}/${hex(position & 0xffffffffn)}`;
}

/** Bytes from `from` to `to`; negative if `to` lies before `from`. */
export function lsnDistance(from: Lsn, to: Lsn): bigint {
  return parseLsn(to) - parseLsn(from);
}
