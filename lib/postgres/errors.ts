/** An error whose `code` is stable, so that callers can tell errors apart without reading messages. */
export class PontoonError extends Error {
  constructor(
    /** Stable, upper-case identifier of the kind of error. */
    public readonly code: string,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = 'PontoonError';
  }
}

/** Everything that is wrong with one set of props, a topology or a spec, reported at once. */
export class ValidationError extends PontoonError {
  constructor(
    subject: string,
    /** One sentence for each problem: what, rule, value, way out. */
    public readonly problems: readonly string[],
  ) {
    const [first = ''] = problems;
    super(
      'INVALID',
      problems.length === 1
        ? `${subject}: ${first}`
        : `${subject} has ${problems.length} problems:\n${problems.map((problem) => `- ${problem}`).join('\n')}`,
    );
    this.name = 'ValidationError';
  }
}

/** Collects problems, to throw them together. */
export class Problems {
  private readonly found: string[] = [];

  /** Adds one problem, unless it was said already. */
  public add(problem: string): void {
    if (!this.found.includes(problem)) this.found.push(problem);
  }

  /** Adds `problem` if `condition` holds. */
  public addIf(condition: boolean, problem: string): void {
    if (condition) this.add(problem);
  }

  /** Runs `check` and, if it throws a PontoonError, keeps what it said as problems. */
  public collect(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (error instanceof ValidationError) for (const problem of error.problems) this.add(problem);
      else if (error instanceof PontoonError) this.add(error.message);
      else throw error;
    }
  }

  /** What was found so far. */
  public list(): readonly string[] {
    return this.found;
  }

  /** Throws a {@link ValidationError} about `subject` unless nothing was found. */
  public throwIfAny(subject: string): void {
    if (this.found.length > 0) throw new ValidationError(subject, this.found);
  }
}
