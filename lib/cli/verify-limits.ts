import type { VerifyOptions } from '../runner';
import type { Arguments } from './arguments';
import type { Option } from './option';

/** The options that say how hard a verification works, and for how long. */
export const LIMIT_OPTIONS: Readonly<Record<string, Option>> = {
  concurrency: {
    value: 'NUMBER',
    description: 'tables that are read at a time',
    otherwise: '2',
  },
  settle: {
    value: 'SECONDS',
    description: 'how long rows that differ are looked at again after their table was read',
    otherwise: '10',
  },
  budget: {
    value: 'SECONDS',
    description: 'how long everything may take; what was not compared by then is unchecked',
    otherwise: 'no limit',
  },
  load: {
    value: 'PERCENT',
    description: 'the share of its time that a session works, to spare the servers',
    otherwise: '100',
  },
  'chunk-rows': {
    value: 'NUMBER',
    description: 'rows that one statement reads',
    otherwise: '50000, and whole tables with --settle 0',
  },
  'table-timeout': {
    value: 'SECONDS',
    description: 'how long one table may take, which is unchecked after that',
    otherwise: 'no limit',
  },
};

type Limits = Pick<
  VerifyOptions,
  'concurrency' | 'tableTimeoutMs' | 'settleMs' | 'budgetMs' | 'load' | 'chunkRows'
>;

/** What the options say of that. Throws a UsageError. */
export function readLimits(options: Arguments): Limits {
  const given = {
    concurrency: options.integer('concurrency', 1),
    chunkRows: options.integer('chunk-rows', 1),
    settleMs: thousandfold(options.integer('settle', 0)),
    budgetMs: thousandfold(options.integer('budget', 1)),
    tableTimeoutMs: thousandfold(options.integer('table-timeout', 1)),
    load: readLoad(options),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function thousandfold(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

function readLoad(options: Arguments): number | undefined {
  const percent = options.integer('load', 1);
  if (percent !== undefined && percent > 100)
    throw options.wrong('load', 'must be at most 100', options.text('load'));
  return percent === undefined ? undefined : percent / 100;
}
