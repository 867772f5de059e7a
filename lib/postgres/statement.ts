/** SQL to run, and the same SQL with secrets blanked out. Only `redacted` may be logged or reported. */
export interface Statement {
  /** What the server is sent. */
  readonly text: string;
  /** What people may read. */
  readonly redacted: string;
  /** Values for `$1`, `$2`, … */
  readonly values?: readonly unknown[];
}

/** A statement without secrets. */
export function sql(text: string, values?: readonly unknown[]): Statement {
  return Object.freeze({ text, redacted: text, ...(values === undefined ? {} : { values }) });
}

/** A statement that carries secrets: `build` is called once with them and once with `***`. */
export function secretSql<Secret extends string>(
  secrets: Readonly<Record<Secret, string>>,
  build: (secrets: Readonly<Record<Secret, string>>) => string,
): Statement {
  const blank = Object.fromEntries(Object.keys(secrets).map((key) => [key, '***']));
  return Object.freeze({ text: build(secrets), redacted: build(blank as Record<Secret, string>) });
}
