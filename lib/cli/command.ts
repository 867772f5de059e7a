import type { Arguments } from './arguments';
import type { ExitCode } from './exit-code';
import type { Io } from './io';
import type { Option } from './option';

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
