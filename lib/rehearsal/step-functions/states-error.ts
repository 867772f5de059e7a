import { PontoonError } from '../../postgres';

/** An error of a state: its name, by which Retry and Catch know it, and its cause. */
export class StatesError extends PontoonError {
  constructor(
    /** Such as `States.Timeout`, or the name of what a function threw. */
    public readonly error: string,
    /** What happened, in the words of whoever failed. */
    public readonly reason: string,
  ) {
    super('STATES', `${error}: ${reason}`);
    this.name = 'StatesError';
  }

  /** What a Catch keeps of it. */
  public get output(): { readonly Error: string; readonly Cause: string } {
    return { Error: this.error, Cause: this.reason };
  }
}

/** Whether an error called `error` is among `names`, of which some stand for many. */
export function isAmong(error: string, names: readonly string[]): boolean {
  return names.some((name) => {
    // What is wrong with the definition is caught by nothing.
    if (name === 'States.ALL') return error !== 'States.Runtime';
    if (name === 'States.TaskFailed')
      return error !== 'States.Timeout' && error !== 'States.Runtime';
    return name === error;
  });
}
