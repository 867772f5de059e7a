import { PontoonError } from '../errors';
import type { RequiredSetting } from './requirement';

/** `settings` as lines of postgresql.conf, each with its reason. */
export function renderConf(settings: readonly RequiredSetting[]): string {
  return settings
    .map(({ name, value, reason }) => `${name} = ${confValue(value)}  # ${reason}\n`)
    .join('');
}

/** `settings` by name, as a server-settings object takes them. */
export function settingsByName(settings: readonly RequiredSetting[]): Record<string, string> {
  return Object.fromEntries(settings.map(({ name, value }) => [name, value]));
}

/** Settings that managed services decide themselves; their parameter groups refuse them. */
export const DECIDED_BY_THE_CLOUD: ReadonlySet<string> = new Set([
  'ssl',
  'password_encryption',
  'hot_standby',
  'primary_slot_name',
  'hot_standby_feedback',
]);

/**
 * `settings` as the parameters of an Aurora cluster parameter group: `wal_level = logical` is called
 * `rds.logical_replication = 1` there, and TLS is forced.
 *
 * @see https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Replication.Logical-Configure.html
 */
export function renderParameterGroup(settings: readonly RequiredSetting[]): Record<string, string> {
  const parameters: Record<string, string> = {
    'rds.force_ssl': '1',
    // It would keep the passwords of subscriptions, and its user there cannot keep it from doing so.
    'pg_stat_statements.track_utility': '0',
  };
  for (const { name, value } of settings) {
    if (name === 'wal_level') {
      if (value === 'logical') parameters['rds.logical_replication'] = '1';
    } else if (!DECIDED_BY_THE_CLOUD.has(name)) {
      parameters[name] = parameterValue(name, value);
    }
  }
  return parameters;
}

/** Parameter groups take bare numbers in each parameter's own unit. */
export function parameterValue(name: string, value: string): string {
  if (name === 'max_slot_wal_keep_size') return value.replace(/MB$/, '');
  if (name === 'wal_sender_timeout') return value.replace(/s$/, '000');
  if (name === 'wal_retrieve_retry_interval') return value.replace(/ms$/, '');
  if (/^-?\d+$/.test(value) || /^[a-z_-]+$/.test(value)) return value;
  throw new PontoonError(
    'UNSUPPORTED',
    `'${name}' must be a bare number or word in a parameter group, got '${value}'; give it without a unit`,
  );
}

/** A value of postgresql.conf: quoted unless it is a plain word, or a number with or without a unit. */
function confValue(value: string): string {
  if (/[\r\n\0]/.test(value)) {
    throw new PontoonError(
      'INVALID',
      `a value of postgresql.conf must be one line, got ${JSON.stringify(value)}; remove the line break`,
    );
  }
  if (/^(-?\d+(\.\d+)?[A-Za-z]*|[A-Za-z][A-Za-z0-9_-]*)$/.test(value)) return value;
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
