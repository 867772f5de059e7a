import { quoteIdentifier } from '../identifiers';
import { sql } from '../statement';
import { isManaged, serverOf } from '../topology';
import { defineCheck } from './check';
import { modifyParameter } from './fixes';

interface RecorderRow {
  readonly role: string;
  readonly name: string;
  readonly setting: string;
}

/** What makes a server write down statements that succeed, with the value by which it does not. */
const QUIET: Readonly<Record<string, string>> = {
  log_statement: 'none',
  log_min_duration_statement: '-1',
  'pg_stat_statements.track_utility': 'off',
};

/** The statements by which a superuser has the sessions of `role` leave nothing written down. */
export function quietStatements(role: string): string[] {
  return Object.entries(QUIET).map(([name, value]) => quietStatement(role, name, value));
}

/** Whether statements that set passwords would be written down, which the deployment refuses to begin. */
export const statementLog = defineCheck<RecorderRow>({
  id: 'statement-log',
  title: 'statements that would be written down',
  query: () =>
    sql(
      `SELECT CURRENT_USER::text AS role, name, setting FROM pg_catalog.pg_settings
WHERE NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER) AND (name = 'log_statement' AND setting IN ('ddl', 'mod', 'all')
  OR name = 'log_min_duration_statement' AND setting::int >= 0 OR name = 'pg_stat_statements.track_utility' AND setting = 'on') ORDER BY name`,
    ),
  evaluate: (rows, { topology, server }) =>
    rows.map(({ role, name, setting }) => {
      const quiet = QUIET[name] ?? '';
      return {
        severity: 'error' as const,
        object: name,
        message: `'${name}' must be ${quiet} for role ${quoteIdentifier(role)} on '${server}', since its statements set passwords, got ${setting}; let a superuser set it for this role`,
        fix: isManaged(serverOf(topology, server))
          ? modifyParameter(name, name === 'pg_stat_statements.track_utility' ? '0' : quiet, false)
          : quietStatement(role, name, quiet),
      };
    }),
});

function quietStatement(role: string, name: string, value: string): string {
  return `ALTER ROLE ${quoteIdentifier(role)} SET ${name} = '${value}';`;
}
