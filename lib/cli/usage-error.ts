import { PontoonError } from '../postgres';

/** The command line, or what was given as input, cannot be used. */
export class UsageError extends PontoonError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super('USAGE', message, options);
    this.name = 'UsageError';
  }
}

/** Runs `read`, and takes whatever is wrong with the input for wrong usage. */
export function asUsage<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof PontoonError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
