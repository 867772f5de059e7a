export {
  mostAdvanced,
  refuseBehind,
  type StandbyState,
} from './choose';
export { leadsTo, parseConninfo, repointConninfo } from './conninfo';
export {
  type DatabaseLimit,
  type DatabaseSession,
  databaseLimits,
  fenceDatabases,
  type LogPosition,
  liftDatabases,
  logPosition,
  noteReplaced,
  replacedBy,
  sessionsInDatabases,
  writeMark,
} from './fence';
export { type PromotionInput, parsePromotion } from './input';
export { type ArchiveState, archiveState, type LogReader, logReaders } from './left-behind';
export { takePromotionLock, whoElsePromotes } from './lock';
export { describeLoss, holdsAcknowledged, lossAfter, type PromotionLoss } from './loss';
export { memberSlot, quorumOf } from './members';
export { notedPlace, notePlace, placeOf, type TakenPlace } from './place';
export { RejoinMode, type RejoinParameters, renderRejoin } from './rejoin';
export {
  allowRewind,
  dropIdleSlots,
  isRecovering,
  keepLogFor,
  type MemberState,
  memberState,
  physicalSlot,
  promoteServer,
  promotionAsked,
  type ReceiverState,
  type ReplayState,
  receiverState,
  reloadSettings,
  replayFreely,
  replayState,
  type ServerPlaces,
  serverPlaces,
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
export {
  noteWaitedFor,
  parseWaitedFor,
  unwaiting,
  type WaitedFor,
  waitedFor,
} from './waited-for';
