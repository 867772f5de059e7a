import type { Client } from 'pg';
import { quoteIdentifier, quoteQualified } from '../../postgres';
import type { DmsTaskSettings } from './task-settings';

/** Makes the tables that a task keeps for itself, as whoever it writes as; nothing is ever written to them. */
export async function makeControlTables(
  target: Client,
  { controlTables: { schema, names } }: DmsTaskSettings,
): Promise<void> {
  if (schema === undefined) return;
  const { rowCount } = await target.query(
    'SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1',
    [schema],
  );
  if (rowCount === 0) await target.query(`CREATE SCHEMA ${quoteIdentifier(schema)}`);
  for (const name of names)
    await target.query(
      `CREATE TABLE IF NOT EXISTS ${quoteQualified({ schema, name })} ("TASK_NAME" varchar(128) NOT NULL)`,
    );
}
