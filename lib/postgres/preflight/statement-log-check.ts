import { quoteIdentifier } from '../identifiers';
import { RECORDERS, recorderSettings } from '../statement-recorders';
import { isManaged, serverOf } from '../topology';
import { defineCheck } from './check';
import { managedFix } from './fixes';

interface RecorderRow {
  readonly role: string;
  readonly name: string;
  readonly setting: string;
  readonly settable: boolean;
}

/** What servers often have on; anything else is named by the check when it is. */
const USUAL = ['log_statement', 'log_min_duration_statement', 'pg_stat_statements.track_utility'];

/** The statements by which a superuser has what usually records statements leave out the sessions of `role`. */
export function quietStatements(role: string): string[] {
  return USUAL.map((name) => quietStatement(role, name));
}

/** Whether statements that set passwords would be written down, which the deployment refuses to begin. */
export const statementLog = defineCheck<RecorderRow>({
  id: 'statement-log',
  title: 'statements that would be written down',
  query: ({ topology, server }) => recorderSettings(serverOf(topology, server).majorVersion),
  evaluate: (rows, { topology, server }) =>
    rows
      .filter(({ name, setting, settable }) => !settable && RECORDERS[name]?.records(setting))
      .map(({ role, name, setting }) => ({
        severity: 'error' as const,
        object: name,
        message: `'${name}' must be ${quietValue(name)} for role ${quoteIdentifier(role)} on '${server}', since its statements set passwords, got ${setting}; let a superuser set it for this role`,
        fix: isManaged(serverOf(topology, server))
          ? managedFix(serverOf(topology, server), {
              name,
              value: quietValue(name),
              needsRestart: false,
            })
          : quietStatement(role, name),
      })),
});

function quietStatement(role: string, name: string): string {
  return `ALTER ROLE ${quoteIdentifier(role)} SET ${name} = '${quietValue(name)}';`;
}

function quietValue(name: string): string {
  return RECORDERS[name]?.quiet ?? '';
}
