// Plans and drops of every kind, as text: what the server is sent and what people may read.
import {
  kindOf,
  type ObjectSpec,
  PontoonError,
  type ResolvedSecret,
  readSpec,
  type Step,
} from '../../../lib/postgres';

const SECRET: ResolvedSecret = {
  username: 'reader',
  password: "p'w\\",
  verifier: 'SCRAM-SHA-256$4096:c2FsdA==$a:b',
  version: '1',
};

export interface Given {
  readonly major?: number;
  readonly inRecovery?: boolean;
  readonly secret?: Partial<ResolvedSecret>;
  /** The spec that was applied last, and the secret's version then. */
  readonly before?: object;
  readonly version?: string;
  /** Specs after it whose application was cut off. */
  readonly cutOff?: readonly object[];
  readonly remembered?: Record<string, unknown>;
}

function context({ major = 17, inRecovery = false, secret, ...given }: Given = {}) {
  return {
    server: { major, inRecovery },
    secrets: { s: { ...SECRET, ...secret } },
    applied:
      given.before === undefined
        ? undefined
        : {
            earlier: [given.before, ...(given.cutOff ?? [])].map((spec) => readSpec(spec)),
            secretVersions: { s: given.version ?? '1' },
            before: given.remembered ?? {},
          },
  };
}

export function planned(input: object, observed: unknown, given?: Given): readonly Step[] {
  const spec: ObjectSpec = readSpec(input);
  return kindOf(spec).plan(spec, observed, context(given));
}

export function dropped(input: object, observed: unknown, given?: Given): readonly Step[] {
  const spec: ObjectSpec = readSpec(input);
  return kindOf(spec).drop(spec, observed, context(given));
}

/** The SQL that may be read; `=` marks what runs alone, `~` what waits for the primary besides. */
export function shown(steps: readonly Step[]): string[] {
  return steps.map(({ statement, alone, needsStandbySnapshot }) => {
    const mark = needsStandbySnapshot ? '~ ' : alone ? '= ' : '';
    return `${mark}${statement.redacted}`;
  });
}

/** The SQL that is sent, of steps that carry a secret. */
export function secretly(steps: readonly Step[]): string[] {
  return steps
    .filter(({ statement }) => statement.text !== statement.redacted)
    .map(({ statement }) => statement.text);
}

export function refusal(work: () => unknown): { code: string; message: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof PontoonError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('nothing was refused');
}

export function observation(
  input: object,
  major = 17,
): { text: string; values?: readonly unknown[] } {
  const spec: ObjectSpec = readSpec(input);
  const { text, values } = kindOf(spec).observe(spec, { major, inRecovery: false });
  return { text, ...(values === undefined ? {} : { values }) };
}
