import type { Command } from './command';
import { COMMON_OPTIONS, type Option } from './option';

/** The help of one command: usage, what it does, options with their defaults, exit codes. */
export function commandHelp(command: Command): string {
  const { name, usage, description, options, exitCodes } = command;
  return [
    `Usage: pontoon ${name}${usage === '' ? '' : ` ${usage}`}`,
    '',
    ...description,
    '',
    'Options:',
    ...optionLines({ ...options, ...COMMON_OPTIONS }),
    '',
    'Exit codes:',
    ...Object.entries(exitCodes).map(([code, meaning]) => `  ${code}  ${meaning}`),
    '',
  ].join('\n');
}

/** The help of the executable: what it is for, and its commands. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    'Usage: pontoon COMMAND [OPTIONS]',
    '',
    'PostgreSQL replication and migration: rehearsed on real servers, then deployed.',
    '',
    'Commands:',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'Options:',
    '  --help     print this text; after a command, that command’s',
    '  --version  print the version',
    '',
  ].join('\n');
}

const WIDTH = 100;

function optionLines(options: Readonly<Record<string, Option>>): string[] {
  const rows = Object.entries(options).map(([name, option]) => ({
    left: `--${name}${option.value === undefined ? '' : ` ${option.value}`}`,
    right: `${option.description}${option.multiple === true ? '; may be repeated' : ''}${option.otherwise === undefined ? '' : ` (default: ${option.otherwise})`}`,
  }));
  const width = Math.max(...rows.map(({ left }) => left.length));
  return rows.flatMap(({ left, right }) => {
    const [first = '', ...rest] = wrap(right, WIDTH - width - 4);
    return [
      `  ${left.padEnd(width)}  ${first}`,
      ...rest.map((line) => `  ${' '.repeat(width)}  ${line}`),
    ];
  });
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
