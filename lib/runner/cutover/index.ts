export { abandon } from './abandon';
export { type DryRun, dryRun, type PlannedAction } from './dry-run';
export {
  dropLeft,
  type FenceWatch,
  isOverdue,
  liftExpired,
  readFence,
  withFence,
  withoutSilent,
} from './expired-fence';
export { type Finalized, type FinalizeRequest, finalize } from './finalize';
export { followWayBack } from './follow-way-back';
export { isSilence, requireFinalizable, requireSilence } from './gone';
export { type PartialStatus, partialStatus } from './partial-status';
export { lookPastFence } from './past-fence';
export type {
  CutoverEvent,
  CutoverOutcome,
  CutoverRequest,
  CutoverServices,
  FinallyCompared,
  ReplicationTask,
  SwitchedEndpoint,
  TaskTable,
} from './services';
export { withSessions } from './sessions';
export { type CutoverStatus, type PathStatus, status, type WayStatus } from './status';
export { finishCutover, switchWriters } from './switch-writers';
export { NEVER_COMES_BACK } from './take-back';
export { unasked } from './unsettled';
export { type RowsOptions, type RowsVerified, verifyRows } from './verify-rows';
export {
  checkCutover,
  cutover,
  prepareCutover,
  settleCutover,
} from './walk';
export { readWayBack, type WayBackReading } from './watch-way-back';
