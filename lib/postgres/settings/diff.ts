import { quoteLiteral } from '../identifiers';
import { type Statement, sql } from '../statement';
import type { RequiredSetting } from './requirement';

/** What a server says of one of its settings. */
export interface ReportedSetting {
  /** The setting's name. */
  readonly name: string;
  /** The value in force, in `unit`. */
  readonly setting: string;
  /** The unit of `setting`, as pg_settings has it: `8kB`, `MB`, `ms`, `s`; null for none. */
  readonly unit: string | null;
  /** Whether a changed value waits for a restart. */
  readonly pendingRestart: boolean;
}

/** A setting that is not as it must be. */
export interface SettingDifference {
  /** What the server needs. */
  readonly required: RequiredSetting;
  /** What it has; undefined if the server does not know the setting. */
  readonly actual: string | undefined;
  /** Whether a restart is what is missing. */
  readonly needsRestart: boolean;
}

/** Asks a server for the settings called `names`. */
export function readSettings(names: readonly string[]): Statement {
  return sql(
    `SELECT name, setting, unit, pending_restart AS "pendingRestart" FROM pg_catalog.pg_settings WHERE name = ANY($1)`,
    [[...names]],
  );
}

/** Compares what a server needs with what it reports. */
export function diffSettings(
  required: readonly RequiredSetting[],
  reported: readonly ReportedSetting[],
): SettingDifference[] {
  const byName = new Map(reported.map((setting) => [setting.name, setting]));
  return required.flatMap((setting) => {
    const actual = byName.get(setting.name);
    if (actual !== undefined && satisfies(setting, actual)) return [];
    return [
      {
        required: setting,
        actual:
          actual === undefined
            ? undefined
            : `${actual.setting}${actual.unit === null ? '' : ` (${actual.unit})`}`,
        needsRestart: setting.restart || (actual?.pendingRestart ?? false),
      },
    ];
  });
}

/** `differences` as the statements that mend them; settings that need a restart take effect only then. */
export function renderAlterSystem(differences: readonly SettingDifference[]): string[] {
  return differences.map(({ required: { name, value, rule }, actual }) =>
    // What else is in a list stays.
    rule === 'includes'
      ? `ALTER SYSTEM SET ${name} = ${[...listed(actual ?? ''), value].map(quoteLiteral).join(', ')};`
      : `ALTER SYSTEM SET ${name} = '${value.replaceAll("'", "''")}';`,
  );
}

function listed(setting: string): readonly string[] {
  return setting
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function satisfies({ value, rule }: RequiredSetting, { setting, unit }: ReportedSetting): boolean {
  if (rule === 'includes') return listed(setting).includes(value);
  // Without a unit it may be a text: slots called 7 and 007, or 1d and 24h, are two.
  if (rule === 'equal' && unit === null) return setting === value;
  const wanted = inBaseUnit(value, null);
  const actual = inBaseUnit(setting, unit);
  if (wanted === undefined || actual === undefined) return setting === value;
  if (rule === 'equal') return actual === wanted;
  return actual >= wanted || (rule === 'zero-or-at-least' && actual === 0);
}

/** Bytes or milliseconds in each unit that PostgreSQL writes. */
const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1024,
  '8kB': 8 * 1024,
  MB: 1024 ** 2,
  '16MB': 16 * 1024 ** 2,
  GB: 1024 ** 3,
  TB: 1024 ** 4,
  us: 0.001,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `value` as a number of bytes or milliseconds; undefined if it is no number. -1 and 0 mean the same in any unit. */
function inBaseUnit(value: string, unit: string | null): number | undefined {
  const match = /^(-?\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(value);
  if (match === null) return undefined;
  const number = Number(match[1]);
  if (number <= 0) return number;
  const factor = UNITS[match[2] || (unit ?? '')] ?? 1;
  return number * factor;
}
