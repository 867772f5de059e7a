import { PontoonError } from '../../postgres';

const RECOVERABLE_STATES = /^(08|57P0[123]|53300|40001|40P01|55006)/;
const RECOVERABLE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOENT',
  'STREAM_ENDED',
]);

/** The SQLSTATE or code of an error, or an empty text. */
export function errorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

/** What an error says, without its details, which could hold data. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether the connection or the server went away, so that trying again can help. */
export function isRecoverable(error: unknown): boolean {
  const code = errorCode(error);
  if (RECOVERABLE_STATES.test(code) || RECOVERABLE_CODES.has(code)) return true;
  return code === '' && /connection (terminated|ended)|not queryable/i.test(errorMessage(error));
}

/** Whether a row did not fit the target: bad data (class 22) or a violated constraint (class 23). */
export function isDataError(error: unknown): boolean {
  return /^2[23]/.test(errorCode(error));
}

/** An error that no retry mends; the task fails. */
export function fatal(message: string, cause?: unknown): PontoonError {
  return new PontoonError('DMS_TASK_FAILED', message, cause === undefined ? undefined : { cause });
}
