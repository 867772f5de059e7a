export { type CloudAssembly, readCloudAssembly } from './assembly';
export { type RecordedMigration, readMigration } from './migration';
export { type RehearseProgramOptions, rehearseProgram } from './program';
export { type CommonOptions, type RehearseOptions, rehearse } from './rehearse';
export {
  formatBytes,
  outageOfAll,
  type ReportFiles,
  renderReportPage,
  type Verdict,
  verdictOf,
  writeReport,
} from './report';
export type {
  LagSample,
  RehearsalEvent,
  RehearsalReport,
  RehearsedPhase,
  RehearsedServer,
  RehearsedStep,
  StandInNote,
  VerifiedTable,
} from './report/report';
export { version } from './version';
