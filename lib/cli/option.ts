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

/** Options that every command has. */
export const COMMON_OPTIONS: Readonly<Record<string, Option>> = {
  json: { description: 'print the result as JSON' },
  debug: { description: 'show where an error comes from' },
  help: { description: 'print this text' },
};
