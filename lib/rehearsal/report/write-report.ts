import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderReportPage } from './page';
import type { RehearsalReport } from './report';

/** Where a report was written. */
export interface ReportFiles {
  readonly json: string;
  readonly html: string;
}

/** Writes `report` into `directory` as `report.json` and `report.html`, in place of older ones. */
export function writeReport(report: RehearsalReport, directory: string): ReportFiles {
  const files = { json: join(directory, 'report.json'), html: join(directory, 'report.html') };
  mkdirSync(directory, { recursive: true });
  writeFileSync(files.json, `${JSON.stringify(report, undefined, 2)}\n`);
  writeFileSync(files.html, renderReportPage(report));
  return files;
}
