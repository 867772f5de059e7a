export { acceptProblems } from './accept';
export {
  type AcceptedFinding,
  type Check,
  type Finding,
  type PreflightContext,
  type PreflightRow,
  type Severity,
  uncheckedFinding,
} from './check';
export { preflightChecks } from './checks';
export {
  type CheckStatus,
  checkStatus,
  type PreflightReport,
  type PreflightText,
  preflightExitCode,
  renderObstacles,
  renderPreflight,
} from './report';
