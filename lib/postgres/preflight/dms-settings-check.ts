import { sql } from '../statement';
import { serverOf } from '../topology';
import { defineCheck, type Found, type PreflightContext } from './check';
import { settingFix } from './fixes';

interface DmsSettingRow {
  readonly name: string;
  readonly setting: number;
}

/** What of the server's settings would stop a DMS task that reads from it. */
export const dmsSettings = defineCheck<DmsSettingRow>({
  id: 'dms-settings',
  title: 'settings that stop a DMS task',
  query: () =>
    sql(
      `SELECT name, setting::int AS setting FROM pg_catalog.pg_settings
WHERE name IN ('idle_in_transaction_session_timeout', 'max_slot_wal_keep_size', 'wal_sender_timeout')`,
    ),
  evaluate: (rows, context) => rows.flatMap((row) => dmsSettingFound(row, context)),
});

/** DMS wants `wal_sender_timeout` to be below five minutes. */
const MOST_SENDER_TIMEOUT_MS = 300_000;

function dmsSettingFound({ name, setting }: DmsSettingRow, context: PreflightContext): Found[] {
  const { server } = context;
  if (name === 'idle_in_transaction_session_timeout' && setting !== 0) {
    return [
      {
        severity: 'error',
        object: name,
        message: `'${name}' must be 0 on '${server}' for DMS, which leaves transactions open while it waits, got ${setting} ms; set it to 0, at least for the role of DMS`,
        fix: fixOf(name, '0', context),
      },
    ];
  }
  if (name === 'max_slot_wal_keep_size' && setting !== -1) {
    return [
      {
        severity: 'warning',
        object: name,
        message: `'${name}' is ${setting} MB on '${server}': a DMS task that falls further behind fails and must load anew; watch the slot's lag, or set it to -1 and watch the disk`,
        fix: fixOf(name, '-1', context),
      },
    ];
  }
  if (
    name === 'wal_sender_timeout' &&
    (setting >= MOST_SENDER_TIMEOUT_MS || (setting > 0 && setting < 10_000))
  ) {
    return [
      {
        severity: 'error',
        object: name,
        message: `'${name}' must be 0, or from 10 s to less than 5 min, on '${server}' for DMS, got ${setting} ms; set it to 60 s`,
        fix: fixOf(name, '60s', context),
      },
    ];
  }
  return [];
}

function fixOf(name: string, value: string, { topology, server }: PreflightContext): string {
  return settingFix(serverOf(topology, server), {
    required: { name, value, rule: 'equal', restart: false, reason: 'DMS' },
    actual: undefined,
    needsRestart: false,
  });
}
