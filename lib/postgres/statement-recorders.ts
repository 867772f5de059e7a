import { supports } from './capabilities';
import { type Statement, sql } from './statement';

/** A setting by which a server writes statements down. */
export interface Recorder {
  /** The value with which it writes down nothing. */
  readonly quiet: string;
  /** Whether a statement that succeeds is written down; those that fail are another matter. */
  records(setting: string): boolean;
}

const SWITCH: Recorder = { quiet: 'off', records: (setting) => setting === 'on' };
const THRESHOLD: Recorder = { quiet: '-1', records: (setting) => Number(setting) >= 0 };

/** By name, what makes a server or one of its extensions write statements down. */
export const RECORDERS: Readonly<Record<string, Recorder>> = {
  log_statement: { quiet: 'none', records: (setting) => setting !== 'none' },
  // With the details of an error pglogical gives what it connects with.
  log_error_verbosity: { quiet: 'terse', records: () => false },
  log_min_error_statement: { quiet: 'panic', records: () => false },
  log_min_duration_statement: THRESHOLD,
  log_min_duration_sample: THRESHOLD,
  log_transaction_sample_rate: { quiet: '0', records: (setting) => Number(setting) > 0 },
  // What these tell of a statement, they tell with its text.
  log_parser_stats: SWITCH,
  log_planner_stats: SWITCH,
  log_executor_stats: SWITCH,
  log_statement_stats: SWITCH,
  debug_print_parse: SWITCH,
  debug_print_rewritten: SWITCH,
  debug_print_plan: SWITCH,
  'pg_stat_statements.track_utility': SWITCH,
  'auto_explain.log_min_duration': THRESHOLD,
  'pgaudit.log': { quiet: 'none', records: auditsDefinitions },
};

/**
 * Asks a server of `majorVersion` for the recorders that it knows: their `name` and `setting`, whether this session may change
 * them (`settable`), and its `role`.
 */
export function recorderSettings(majorVersion: number): Statement {
  const granted = supports(majorVersion, 'parameter-privileges')
    ? `OR pg_catalog.has_parameter_privilege(name, 'SET')`
    : '';
  return sql(
    `SELECT name, setting, CURRENT_USER::text AS role,
  (pg_catalog.current_setting('is_superuser') = 'on' OR context = 'user' ${granted}) AS settable
FROM pg_catalog.pg_settings WHERE name = ANY($1) ORDER BY name`,
    [Object.keys(RECORDERS)],
  );
}

/** Whether pgAudit's list of classes, in which a minus takes one out again, holds those that change roles or objects. */
function auditsDefinitions(classes: string): boolean {
  const audited = new Set<string>();
  for (const item of classes.toLowerCase().split(',')) {
    const name = item.trim();
    const named = [name.replace(/^-/, '')].flatMap((one) => (one === 'all' ? DEFINITIONS : [one]));
    for (const one of named) name.startsWith('-') ? audited.delete(one) : audited.add(one);
  }
  return DEFINITIONS.some((name) => audited.has(name));
}

const DEFINITIONS = ['ddl', 'role'];
