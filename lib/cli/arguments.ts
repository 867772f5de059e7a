import { parseArgs } from 'node:util';
import { shown } from '../postgres';
import { COMMON_OPTIONS, type Option } from './option';
import { UsageError } from './usage-error';

/** The options that a command was given, checked. */
export class Arguments {
  constructor(
    private readonly command: string,
    private readonly given: ReadonlyMap<string, readonly string[]>,
  ) {}

  /** Whether the switch `name` was given. */
  public flag(name: string): boolean {
    return this.given.has(name);
  }

  /** The value of `name`, if it was given. */
  public text(name: string): string | undefined {
    return this.given.get(name)?.[0];
  }

  /** The value of `name`. Throws a UsageError if it was not given. */
  public required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw this.wrong(name, 'must be given', undefined);
    return value;
  }

  /** All values of `name`, in order. */
  public texts(name: string): readonly string[] {
    return this.given.get(name) ?? [];
  }

  /** A whole number from `least` to `most`, if it was given. Throws a UsageError for anything else. */
  public integer(name: string, least: number, most = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= least && number <= most) return number;
    const range =
      most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw this.wrong(name, `must be a whole number ${range}`, value);
  }

  /** The values of `name`, each written as `KEY=VALUE`, by key. */
  public pairs(name: string): ReadonlyMap<string, readonly string[]> {
    const pairs = new Map<string, string[]>();
    for (const text of this.texts(name)) {
      const [, key, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
      if (key === undefined || value === undefined)
        throw this.wrong(name, 'must be written as KEY=VALUE', text);
      pairs.set(key, [...(pairs.get(key) ?? []), value]);
    }
    return pairs;
  }

  /** That the value of `name` breaks `rule`. */
  public wrong(name: string, rule: string, value: string | undefined): UsageError {
    return new UsageError(
      `'--${name}' ${rule}, got ${shown(value)}; see 'pontoon ${this.command} --help'`,
    );
  }
}

/** What a command may be given. */
interface Accepted {
  /** The command's name. */
  readonly name: string;
  readonly options: Readonly<Record<string, Option>>;
}

/** Reads what follows the command's name. Throws one UsageError with everything that is wrong. */
export function readArguments(command: Accepted, args: readonly string[]): Arguments {
  const known: Readonly<Record<string, Option>> = { ...command.options, ...COMMON_OPTIONS };
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(known).map(([name, { value }]) => [
        name,
        { type: value === undefined ? ('boolean' as const) : ('string' as const) },
      ]),
    ),
    strict: false,
    tokens: true,
  });
  const problems: string[] = [];
  const given = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') {
      problems.push(`'${token.value}' must be an option, got a bare word`);
    } else if (token.kind === 'option') {
      const problem = optionProblem(token, known[token.name], given.has(token.name));
      if (problem !== undefined) problems.push(problem);
      given.set(token.name, [...(given.get(token.name) ?? []), token.value ?? '']);
    }
  }
  if (problems.length > 0)
    throw new UsageError(`${problems.join('\n')}; see 'pontoon ${command.name} --help'`);
  return new Arguments(command.name, given);
}

interface GivenOption {
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function optionProblem(
  { rawName, value, inlineValue }: GivenOption,
  option: Option | undefined,
  again: boolean,
): string | undefined {
  if (option === undefined)
    return `'${rawName}' must be an option of this command, got an unknown one`;
  if (option.value === undefined)
    return value === undefined ? undefined : `'${rawName}' cannot take a value, got '${value}'`;
  const looksLikeOption = inlineValue !== true && value?.startsWith('-') === true && value !== '-';
  if (value === undefined || value === '' || looksLikeOption)
    return `'${rawName}' must be followed by ${option.value}, got ${value === undefined || value === '' ? 'nothing' : `'${value}'`}`;
  return again && option.multiple !== true
    ? `'${rawName}' must be given once, got it twice`
    : undefined;
}
