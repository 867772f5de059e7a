import { outageOfAll, type RehearsalReport, type VerifiedTable, verdictOf } from '../rehearsal';

/** What somebody in a terminal wants to know of a rehearsal: the verdict, and where the rest stands. */
export function rehearsalSummary(report: RehearsalReport, page: string): string {
  const { stack, seconds, problems, unchecked, workload, latencyMs, standIns, shims } = report;
  return [
    '',
    `${verdictOf(report).toUpperCase()}  ${stack} in ${seconds.toFixed(1)} s`,
    ...[...problems, ...unchecked].map((problem) => `  - ${problem}`),
    `  rows       ${workload.seeded} before, ${workload.written} while it ran`,
    `  tables     ${counted(report.verification)}`,
    ...(latencyMs === undefined
      ? []
      : [
          `  latency    ${round(latencyMs.median)} ms median, ${round(latencyMs.p95)} ms p95, ${round(latencyMs.max)} ms at most`,
        ]),
    ...report.switches.map(
      ({ title, medianMs, longestMs }) =>
        `  ${title.toLowerCase().padEnd(9)}  ${outage(medianMs)} median outage, ${outage(longestMs)} at most`,
    ),
    ...ofAll(report),
    ...told(report),
    `  stand-ins  ${standIns.length === 0 ? 'none' : standIns.map(({ name }) => name).join(', ')}`,
    `  shims      ${shims.length}`,
    `  report     ${page}`,
    '',
  ].join('\n');
}

function ofAll({ switches }: RehearsalReport): string[] {
  const all = outageOfAll(switches);
  if (all === undefined) return [];
  return [
    `  ${`all ${all.count}`.padEnd(9)}  ${all.medianMs} ms median, ${all.longestMs} ms at worst`,
  ];
}

function told({ workload: { told: counts } }: RehearsalReport): string[] {
  if (counts === undefined) return [];
  const { acknowledged, missing, doubled, unexpected } = counts;
  return [
    `  told       ${acknowledged} acknowledged: ${missing} missing, ${doubled} doubled, ${unexpected} unexpected`,
  ];
}

function outage(milliseconds: number | undefined): string {
  return milliseconds === undefined ? 'an unknown' : `${milliseconds} ms`;
}

function counted(tables: readonly VerifiedTable[]): string {
  const count = (status: VerifiedTable['status']): number =>
    tables.filter((table) => table.status === status).length;
  return `${count('same')} same, ${count('differs')} differ, ${count('unchecked')} unchecked`;
}

function round(milliseconds: number): string {
  return String(Math.round(milliseconds));
}
