import type { Client } from 'pg';
import { quoteQualified } from '../../postgres';
import type { DmsTaskSettings } from './task-settings';

/**
 * Makes the tables that a task keeps for itself, as whoever it writes as; nothing is ever written to them. Whether AWS DMS
 * would make a schema that is missing is not documented, so that nothing here may count on it.
 */
export async function makeControlTables(
  target: Client,
  { controlTables: { schema, names } }: DmsTaskSettings,
): Promise<void> {
  if (schema === undefined) return;
  for (const name of names)
    await target.query(
      `CREATE TABLE IF NOT EXISTS ${quoteQualified({ schema, name })} ("TASK_NAME" varchar(128) NOT NULL)`,
    );
}
