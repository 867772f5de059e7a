import type { Arguments } from './arguments';
import type { ExitCode } from './exit-code';
import type { Io } from './io';

/** One option of a command. */
export interface Option {
  /** What it does, in a sentence without its full stop. */
  readonly description: string;
  /** What stands after it in the help, such as `FILE`; without it the option is a switch. */
  readonly value?: string;
  /** Whether it may be given several times. */
  readonly multiple?: boolean;
  /** What happens without it. */
  readonly otherwise?: string;
}

/** What one exit code of a command means. */
export type ExitMeanings = Readonly<Partial<Record<ExitCode, string>>>;

/** One command of the executable. */
export interface Command {
  /** The word that selects it. */
  readonly name: string;
  /** What it does, in a few words. */
  readonly summary: string;
  /** What follows the name in the usage line. */
  readonly usage: string;
  /** What a user must know, as lines. */
  readonly description: readonly string[];
  /** Its options, by name without dashes. */
  readonly options: Readonly<Record<string, Option>>;
  /** What its exit codes mean. */
  readonly exitCodes: ExitMeanings;
  /** Does it. */
  run(options: Arguments, io: Io): Promise<ExitCode>;
}

/** Options that every command has. */
export const COMMON_OPTIONS: Readonly<Record<string, Option>> = {
  json: { description: 'print the result as JSON' },
  debug: { description: 'show where an error comes from' },
  help: { description: 'print this text' },
};
