import type { ClientBase } from 'pg';
import { PontoonError, sql, supports } from '../postgres';
import { finallyQuietly, run, runOne } from './run';

/** What makes a server write statements down, and the value with which it does not. */
const QUIET: Readonly<Record<string, string>> = {
  log_statement: 'none',
  log_min_error_statement: 'panic',
  log_min_duration_statement: '-1',
  log_min_duration_sample: '-1',
  'pg_stat_statements.track_utility': 'off',
  'auto_explain.log_min_duration': '-1',
};

/**
 * Runs `work`, whose statements carry secrets, while this session's statements are not written down. Only a superuser,
 * or who was granted the parameters, may close the log; where it would record a successful statement and cannot be
 * closed, nothing is run. What cannot be closed for a failing one is left to statements that have little to fail at.
 *
 * @throws PontoonError with code LOG_WOULD_LEAK
 */
export async function withoutStatementLog<Result>(
  client: ClientBase,
  work: () => Promise<Result>,
): Promise<Result> {
  const open = await openSettings(client);
  const leaking = open.filter(({ settable, name, setting }) => !settable && records(name, setting));
  if (leaking.length > 0) {
    const list = leaking.map(({ name, setting }) => `${name} = ${setting}`).join(', ');
    throw new PontoonError(
      'LOG_WOULD_LEAK',
      `the server's log must not record statements while a password is set, got ${list}; reset it for this role or database, or grant the role SET on these parameters`,
    );
  }
  const closed = open.filter(({ settable }) => settable).map(({ name }) => name);
  for (const name of closed) await run(client, sql(`SET ${name} = '${QUIET[name]}'`));
  return await finallyQuietly(work, async () => {
    for (const name of closed) await run(client, sql(`RESET ${name}`));
  });
}

interface LogSetting {
  readonly name: string;
  readonly setting: string;
  readonly settable: boolean;
}

async function openSettings(client: ClientBase): Promise<readonly LogSetting[]> {
  const version = await runOne(
    client,
    sql(`SELECT pg_catalog.current_setting('server_version_num')::int / 10000 AS major`),
  );
  const granted = supports(Number(version?.major), 'parameter-privileges')
    ? `OR pg_catalog.has_parameter_privilege(name, 'SET')`
    : '';
  const rows = await run(
    client,
    sql(
      `SELECT name, setting, (pg_catalog.current_setting('is_superuser') = 'on' OR context = 'user' ${granted}) AS settable FROM pg_catalog.pg_settings WHERE name = ANY($1)`,
      [Object.keys(QUIET)],
    ),
  );
  return (rows as unknown as readonly LogSetting[]).filter(
    ({ name, setting }) => setting !== QUIET[name],
  );
}

/** Whether a statement that succeeds is written down. */
function records(name: string, setting: string): boolean {
  if (name === 'log_statement') return setting !== 'none';
  if (name === 'log_min_error_statement') return false;
  return name === 'pg_stat_statements.track_utility' ? setting === 'on' : Number(setting) >= 0;
}
