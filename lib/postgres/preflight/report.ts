import type { Check, Finding, PreflightRow, Severity } from './check';

/** How a check ended. */
export type CheckStatus = 'passed' | 'failed' | 'warned' | 'unchecked';

/** What preflight found on one server. */
export interface PreflightReport {
  /** The server's name in the topology. */
  readonly server: string;
  /** Everything that was found, one entry for each object. */
  readonly findings: readonly Finding[];
  /** How many statements the server was sent; does not depend on the number of tables. */
  readonly queries: number;
  /** Each check that ran, and how it ended. */
  readonly checks: readonly {
    readonly id: string;
    readonly title: string;
    readonly status: CheckStatus;
  }[];
  /** Rows that the checks of other servers are compared with, by check. */
  readonly rows: Readonly<Record<string, readonly PreflightRow[]>>;
}

/** How many objects of one check are listed in a terminal; JSON has them all. */
const LISTED_OBJECTS = 20;

/** The order in which people mend things. */
const SEVERITIES: readonly Severity[] = ['error', 'unchecked', 'warning'];
const STATUSES: readonly CheckStatus[] = ['failed', 'unchecked', 'warned'];

/** How `check` ended, given what it found: an error outweighs what is unchecked, which outweighs a warning. */
export function checkStatus(check: Check, findings: readonly Finding[]): CheckStatus {
  const own = findings.filter((finding) => finding.check === check.id);
  if (own.some(({ severity }) => severity === 'error')) return 'failed';
  if (own.some(({ severity }) => severity === 'unchecked')) return 'unchecked';
  return own.length > 0 ? 'warned' : 'passed';
}

/** The exit code of `reports`: 0 fine, 1 something failed, 3 something is unchecked. */
export function preflightExitCode(reports: readonly PreflightReport[]): 0 | 1 | 3 {
  const statuses = new Set(reports.flatMap(({ checks }) => checks.map(({ status }) => status)));
  if (statuses.has('failed')) return 1;
  return statuses.has('unchecked') ? 3 : 0;
}

const MARKS: Readonly<Record<CheckStatus, string>> = {
  passed: 'passed   ',
  failed: 'FAILED   ',
  warned: 'warning  ',
  unchecked: 'UNCHECKED',
};

/** How much of a report is written. */
export interface PreflightText {
  /**
   * How many objects of one check are listed.
   *
   * @default 20
   */
  readonly listedObjects?: number;
}

/** `report` as plain text: each check, and below it what it found, errors first, with what mends it. */
export function renderPreflight(
  report: PreflightReport,
  { listedObjects = LISTED_OBJECTS }: PreflightText = {},
): string {
  const lines = report.checks.flatMap((check) => {
    const findings = findingsOf(report, check.id);
    const hidden = findings.length - listedObjects;
    return [
      heading(check),
      ...findings.slice(0, listedObjects).flatMap(renderFinding),
      ...(hidden > 0 ? [`    … and ${hidden} more; the JSON report lists them all`] : []),
    ];
  });
  return `${[`Preflight of '${report.server}' (${report.queries} statements)`, ...lines, summary(report)].join('\n')}\n`;
}

/**
 * Why `report` stops a deployment, for a reader who sees only its beginning: what failed, what is unchecked, and then
 * the warnings. `elsewhere` says where the whole report is.
 */
export function renderObstacles(report: PreflightReport, elsewhere: string): string {
  const checks = STATUSES.flatMap((status) =>
    report.checks.filter((check) => check.status === status),
  );
  return [
    `Preflight of '${report.server}': ${summary(report)}; ${elsewhere}`,
    ...checks.flatMap((check) => [
      heading(check),
      ...findingsOf(report, check.id).flatMap(renderFinding),
    ]),
  ].join('\n');
}

/** With the id, by which a finding is accepted. */
function heading({ id, status, title }: PreflightReport['checks'][number]): string {
  return `${MARKS[status]}  ${title} [${id}]`;
}

function findingsOf({ findings }: PreflightReport, id: string): readonly Finding[] {
  const own = findings.filter(({ check }) => check === id);
  return SEVERITIES.flatMap((severity) => own.filter((finding) => finding.severity === severity));
}

function renderFinding({ severity, message, fix }: Finding): string[] {
  return [
    `    ${severity}: ${message}`,
    ...(fix === undefined ? [] : fix.split('\n').map((line) => `        ${line}`)),
  ];
}

function summary({ checks }: PreflightReport): string {
  const count = (status: CheckStatus): number =>
    checks.filter((check) => check.status === status).length;
  return `${count('passed')} passed, ${count('warned')} with warnings, ${count('failed')} failed, ${count('unchecked')} unchecked`;
}
