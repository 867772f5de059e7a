export { formatBytes } from './format';
export { renderReportPage } from './page';
export { outageOfAll } from './switches';
export { type Verdict, verdictOf } from './verdict';
export { type ReportFiles, writeReport } from './write-report';
