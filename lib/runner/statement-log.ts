import type { ClientBase } from 'pg';
import { PontoonError, RECORDERS, type Recorder, recorderSettings, sql } from '../postgres';
import { finallyQuietly, run, runAtEnd, runOne } from './run';

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
  const leaking = open.filter(
    ({ settable, recorder, setting }) => !settable && recorder.records(setting),
  );
  if (leaking.length > 0) {
    const list = leaking.map(({ name, setting }) => `${name} = ${setting}`).join(', ');
    throw new PontoonError(
      'LOG_WOULD_LEAK',
      `the server's log must not record statements while a password is set, got ${list}; reset it for this role or database, or grant the role SET on these parameters`,
    );
  }
  const closed = open.filter(({ settable }) => settable);
  for (const { name, recorder } of closed)
    await run(client, sql(`SET ${name} = '${recorder.quiet}'`));
  return await finallyQuietly(work, async () => {
    for (const { name } of closed) await runAtEnd(client, sql(`RESET ${name}`));
  });
}

interface LogSetting {
  readonly name: string;
  readonly setting: string;
  readonly settable: boolean;
  readonly recorder: Recorder;
}

async function openSettings(client: ClientBase): Promise<readonly LogSetting[]> {
  const version = await runOne(
    client,
    sql(`SELECT pg_catalog.current_setting('server_version_num')::int / 10000 AS major`),
  );
  const rows = await run(client, recorderSettings(Number(version?.major)));
  return rows.flatMap((row) => {
    const [name, setting] = [String(row.name), String(row.setting)];
    const recorder = RECORDERS[name];
    if (recorder === undefined || setting === recorder.quiet) return [];
    return [{ name, setting, settable: row.settable === true, recorder }];
  });
}
