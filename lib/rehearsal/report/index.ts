export { formatBytes } from './format';
export { renderReportPage } from './page';
export { type Verdict, verdictOf } from './verdict';
export { type ReportFiles, writeReport } from './write-report';
