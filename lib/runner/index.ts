export { type ConnectOptions, connect, withConnection } from './connect';
export {
  abandon,
  type CutoverEvent,
  type CutoverOutcome,
  type CutoverRequest,
  type CutoverServices,
  type CutoverStatus,
  checkCutover,
  cutover,
  type DryRun,
  dropLeft,
  dryRun,
  type FenceWatch,
  type Finalized,
  type FinalizeRequest,
  type FinallyCompared,
  finalize,
  finishCutover,
  followWayBack,
  isOverdue,
  isSilence,
  liftExpired,
  lookPastFence,
  NEVER_COMES_BACK,
  type PartialStatus,
  type PathStatus,
  type PlannedAction,
  partialStatus,
  prepareCutover,
  type ReplicationTask,
  type RowsOptions,
  type RowsVerified,
  readFence,
  readWayBack,
  requireFinalizable,
  requireSilence,
  type SwitchedEndpoint,
  settleCutover,
  status,
  switchWriters,
  type TaskTable,
  unasked,
  verifyRows,
  type WayBackReading,
  type WayStatus,
  withFence,
  withoutSilent,
  withSessions,
} from './cutover';
export { CLEAN_UP_MS, Deadline } from './deadline';
export { Ledger } from './ledger';
export { type PreflightClient, runPreflight } from './preflight';
export {
  dryRunPromotion,
  type NotFollowing,
  type PromotionAction,
  type PromotionDryRun,
  type PromotionEvent,
  type PromotionOutcome,
  type PromotionRequest,
  type PromotionServices,
  promote,
  type RejoinRequest,
  type RejoinScript,
  rejoin,
  takeBackPromotion,
} from './promotion';
export { apply, drop, plan } from './reconcile';
export type { Outcome, ReconcileClients, ReconcileRequest } from './reconcile-request';
export { run, runOne, SqlError } from './run';
export { type ScramOptions, scramVerifier } from './scram';
export { environmentSecrets, staticSecrets } from './secrets';
export type { Doubt, RangeDoubt, RowDoubt, Seen } from './verify/doubt';
export type { VerifyOptions } from './verify/options';
export type { VerifyProgress } from './verify/progress';
export type { DifferingRow, TableVerification, Verification } from './verify/result';
export { readState, type TableState, type VerificationState } from './verify/state';
export { verifyTables } from './verify/verify';
export { type Probe, type WaitOptions, waitUntil } from './wait';
export { SERVER_WARNING } from './warnings';
