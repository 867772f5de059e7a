export {
  mostAdvanced,
  refuseBehind,
  type StandbyState,
} from './choose';
export { repointConninfo } from './conninfo';
export {
  type DatabaseLimit,
  type DatabaseSession,
  databaseLimits,
  fenceDatabases,
  type LogPosition,
  liftDatabases,
  logPosition,
  sessionsInDatabases,
  writeMark,
} from './fence';
export { type PromotionInput, parsePromotion } from './input';
export { describeLoss, holdsAcknowledged, lossAfter, type PromotionLoss } from './loss';
export { memberSlot, quorumOf } from './members';
export {
  dropIdleSlots,
  isRecovering,
  keepLogFor,
  type MemberState,
  memberState,
  physicalSlot,
  promoteServer,
  type ReceiverState,
  receiverState,
  reloadSettings,
  setForServer,
  settingIs,
  streamingNames,
  timelineOf,
  waitForOwnDisk,
} from './statements';
export {
  LOST_STEPS,
  PLANNED_STEPS,
  type PromotionStep,
  type PromotionStepId,
} from './steps';
