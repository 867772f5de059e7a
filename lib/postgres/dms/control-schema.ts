import { quoteIdentifier, quoteLiteral } from '../identifiers';
import { type Statement, sql } from '../statement';

/**
 * Where a task keeps tables of its own on the target; they would be in `public`, among those of applications.
 *
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TaskSettings.ControlTable.html
 */
export const CONTROL_SCHEMA = 'awsdms_control';

/** Drops what tasks that write as `writer` keep, which only members of that role may. */
export function dropControlSchema(writer: string): Statement {
  const body = `BEGIN IF EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = '${CONTROL_SCHEMA}' AND pg_catalog.pg_get_userbyid(nspowner) = ${quoteLiteral(writer)}) THEN GRANT ${quoteIdentifier(writer)} TO CURRENT_USER; DROP SCHEMA ${CONTROL_SCHEMA} CASCADE; END IF; EXCEPTION WHEN insufficient_privilege THEN RAISE WARNING 'schema ${CONTROL_SCHEMA} stays: %', SQLERRM; END`;
  return sql(`DO ${quoteLiteral(body)}`);
}
